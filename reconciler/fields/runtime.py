"""Rows: what runs in the container, and whether it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.fields.base import OLDEST, Field, Mend, at, plain, put, whatever
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


def _seconds(nanoseconds: int | None) -> int | None:
    # The API counts whole seconds; half a second must not become none.
    return None if nanoseconds is None else -(-nanoseconds // 10**9)


_HEALTH = {
    "Test": "test",
    "Interval": "interval",
    "Timeout": "timeout",
    "Retries": "retries",
    "StartPeriod": "start_period",
    "StartInterval": "start_interval",
}


def _wanted_health(instance: Instance) -> Canonical:
    check = instance.container.healthcheck
    return {where: value for where, name in _HEALTH.items() if (value := getattr(check, name, None)) is not None}


def _health(settings: Any) -> Canonical:
    settings = settings or {}
    return {
        where: tuple(value) if isinstance(value, list) else value for where in _HEALTH if (value := settings.get(where))
    }


def _same_health(wanted: Canonical, actual: Canonical) -> bool:
    # What is not given is the image's, and so is what is zero.
    return all(actual.get(where) == value for where, value in wanted.items() if value)


def _show_health(value: Canonical) -> str:
    words = [" ".join(value["Test"])] if "Test" in value else []
    words += [f"{_HEALTH[name]} {number}" for name, number in value.items() if name == "Retries"]
    words += [
        f"{_HEALTH[name]} {number / 10**9:g}s" for name, number in value.items() if name not in {"Test", "Retries"}
    ]
    return ", ".join(words) or "none"


def _wanted_logging(instance: Instance) -> Canonical:
    logging = instance.container.logging
    return {"driver": logging.driver if logging else None, "options": dict(logging.options) if logging else {}}


def _actual_logging(inspect: Inspect) -> Canonical:
    config = at("HostConfig.LogConfig", inspect) or {}
    return {"driver": config.get("Type"), "options": config.get("Config") or {}}


def _same_logging(wanted: Canonical, actual: Canonical) -> bool:
    # The daemon adds its own options, and chooses the driver where none is declared.
    options = actual["options"]
    return wanted["driver"] in {None, actual["driver"]} and all(
        options.get(name) == value for name, value in wanted["options"].items()
    )


def _write_logging(payload: Payload, value: Canonical) -> None:
    put("HostConfig.LogConfig")(payload, {"Type": value["driver"] or "", "Config": value["options"]})


def _show_logging(value: Canonical) -> str:
    return (
        " ".join(filter(None, (value["driver"], *(f"{k}={v}" for k, v in sorted(value["options"].items())))))
        or "default"
    )


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
    plain("domainname", "Config.Domainname", ""),
    plain("tty", "Config.Tty", default=False),
    plain("stdin_open", "Config.OpenStdin", default=False),
    plain("group_add", "HostConfig.GroupAdd", ()),
    plain("annotations", "HostConfig.Annotations", {}, since=(1, 43)),
    plain("init", "HostConfig.Init", default=False, of_daemon=True),
    plain("runtime", "HostConfig.Runtime", "", of_daemon=True),
    Field(
        path="stop_signal",
        wanted=lambda instance: instance.container.stop_signal,
        actual=lambda inspect: at("Config.StopSignal", inspect),
        write=put("StopSignal"),
        undeclared=lambda _inspect, image: image.get("StopSignal"),
        show=lambda value: value or "SIGTERM",
    ),
    Field(
        path="stop_grace_period",
        wanted=lambda instance: _seconds(instance.container.stop_grace_period),
        actual=lambda inspect: at("Config.StopTimeout", inspect),
        write=put("StopTimeout"),
        show=lambda value: "10s" if value is None else f"{value}s",
    ),
    Field(
        path="healthcheck",
        wanted=_wanted_health,
        actual=lambda inspect: _health(at("Config.Healthcheck", inspect)),
        write=put("Healthcheck"),
        same=_same_health,
        undeclared=lambda _inspect, image: _health(image.get("Healthcheck")),
        since=lambda wanted: (1, 44) if "StartInterval" in wanted else OLDEST,
        show=_show_health,
    ),
    Field(
        path="logging",
        wanted=_wanted_logging,
        actual=_actual_logging,
        write=_write_logging,
        same=_same_logging,
        undeclared=whatever(_actual_logging),
        show=_show_logging,
    ),
)
