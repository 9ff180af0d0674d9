"""Rows: what runs in the container, and whether it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.fields.base import Field, Mend, at, put
from reconciler.fields.ownership import PREFIX

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, ImageConfig, Inspect, Instance, Payload

_SHORT_ID = 12
_UP = {"running", "restarting"}
_DOWN = {"exited", "created"}
_GONE = {"dead", "removing"}


def _words(value: Any) -> tuple[str, ...] | None:
    # [""] is how the API spells "no entrypoint", since an empty list leaves the image's.
    return tuple(value) if value and list(value) != [""] else None


def _environment(variables: Any) -> dict[str, str]:
    return {name: value for name, _, value in (entry.partition("=") for entry in variables or ())}


def _write_environment(payload: Payload, value: Canonical) -> None:
    payload["Env"] = [f"{name}={content}" for name, content in sorted(value.items())]


def _write_labels(payload: Payload, value: Canonical) -> None:
    payload.setdefault("Labels", {}).update(value)


def _labels(labels: Any) -> dict[str, str]:
    return {name: value for name, value in (labels or {}).items() if not name.startswith(PREFIX)}


def _image_command(inspect: Inspect, image: ImageConfig) -> Canonical:
    # A container with an entrypoint of its own does not get the image's command.
    own_entrypoint = _words(at("Config.Entrypoint", inspect)) != _words(image.get("Entrypoint"))
    return None if own_entrypoint else _words(image.get("Cmd"))


def _restart(instance: Instance) -> Canonical:
    policy = instance.container.restart
    return _policy(policy.name, policy.retries)


def _policy(name: str, retries: int) -> str:
    return f"{name}:{retries}" if name == "on-failure" and retries else name


def _write_restart(payload: Payload, value: Canonical) -> None:
    name, _, retries = value.partition(":")
    policy = {"Name": name, "MaximumRetryCount": int(retries or 0)}
    payload.setdefault("HostConfig", {})["RestartPolicy"] = policy


def _status(inspect: Inspect) -> Canonical:
    status = at("State.Status", inspect)
    return f"exited ({at('State.ExitCode', inspect)})" if status == "exited" else status


def _same_state(wanted: Canonical, actual: Canonical) -> bool:
    return actual.split()[0] in (_UP if wanted == "running" else _DOWN)


def _mend_state(_wanted: Canonical, actual: Canonical) -> Mend:
    return Mend.REPLACE if actual in _GONE else Mend.STATE


ROWS = (
    Field(
        path="container_name",
        wanted=lambda instance: instance.name,
        actual=lambda inspect: inspect["Name"].removeprefix("/"),
        write=lambda _payload, _value: None,  # the name is a parameter of the call, not part of its body
        mend=lambda _wanted, _actual: Mend.RENAME,
        always=True,
    ),
    Field(
        path="image",
        wanted=lambda instance: instance.image_id,
        actual=lambda inspect: inspect["Image"],
        write=lambda _payload, _value: None,  # the payload names it by the reference, which inspect then shows
    ),
    Field(
        path="command",
        wanted=lambda instance: _words(instance.container.command),
        actual=lambda inspect: _words(at("Config.Cmd", inspect)),
        write=put("Cmd"),
        undeclared=_image_command,
        show=lambda value: " ".join(value) if value else "none",
    ),
    Field(
        path="entrypoint",
        wanted=lambda instance: _words(instance.container.entrypoint),
        actual=lambda inspect: _words(at("Config.Entrypoint", inspect)),
        write=lambda payload, value: put("Entrypoint")(payload, value or ("",)),
        undeclared=lambda _inspect, image: _words(image.get("Entrypoint")),
        show=lambda value: " ".join(value) if value else "none",
    ),
    Field(
        path="environment",
        wanted=lambda instance: dict(instance.container.environment),
        actual=lambda inspect: _environment(at("Config.Env", inspect)),
        write=_write_environment,
        undeclared=lambda _inspect, image: _environment(image.get("Env")),
        by_key=True,
        show=lambda value: f'"{value}"',
    ),
    Field(
        path="labels",
        wanted=lambda instance: dict(instance.container.labels),
        actual=lambda inspect: _labels(at("Config.Labels", inspect)),
        write=_write_labels,
        undeclared=lambda _inspect, image: _labels(image.get("Labels")),
        by_key=True,
        show=lambda value: f'"{value}"',
    ),
    Field(
        path="user",
        wanted=lambda instance: instance.container.user or "",
        actual=lambda inspect: at("Config.User", inspect) or "",
        write=put("User"),
        undeclared=lambda _inspect, image: image.get("User") or "",
        show=lambda value: value or "none",
    ),
    Field(
        path="working_dir",
        wanted=lambda instance: instance.container.working_dir or "",
        actual=lambda inspect: at("Config.WorkingDir", inspect) or "",
        write=put("WorkingDir"),
        undeclared=lambda _inspect, image: image.get("WorkingDir") or "",
        show=lambda value: value or "/",
    ),
    Field(
        path="hostname",
        wanted=lambda instance: instance.container.hostname,
        actual=lambda inspect: at("Config.Hostname", inspect),
        write=put("Hostname"),
        undeclared=lambda inspect, _image: inspect["Id"][:_SHORT_ID],
    ),
    Field(
        path="restart",
        wanted=_restart,
        actual=lambda inspect: _policy(
            at("HostConfig.RestartPolicy.Name", inspect) or "no",
            at("HostConfig.RestartPolicy.MaximumRetryCount", inspect) or 0,
        ),
        write=_write_restart,
        mend=lambda _wanted, _actual: Mend.UPDATE,
        always=True,
    ),
    Field(
        path="state",
        wanted=lambda instance: instance.container.state.value,
        actual=_status,
        write=lambda _payload, _value: None,  # a container is created first, and started by a call of its own
        same=_same_state,
        mend=_mend_state,
        always=True,
    ),
)
