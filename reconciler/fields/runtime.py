"""Rows: what runs in the container, and whether it does."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from reconciler.fields.base import OF_DAEMON, Field, Mend, at, constant, get, of_daemon, plain, put, shown
from reconciler.fields.ownership import PREFIX
from reconciler.spec.model import State
from reconciler.spec.signals import signal_name

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, ImageConfig, Inspect, Instance, Payload

_SHORT_ID = 12
_STOP_TIMEOUT = 10
"""The Engine's default, in seconds."""

_UP = {"running", "restarting"}
_DOWN = {"exited", "created"}
_GONE = {"dead", "removing"}


def _words(value: Any) -> tuple[str, ...] | None:
    # [""] is how the docker command spells "no entrypoint".
    return tuple(value) if value and list(value) != [""] else None


def _environment(variables: Any) -> dict[str, str]:
    # A name alone is a variable that is not set: so Compose creates what it has no value for.
    return {name: value for name, is_set, value in (entry.partition("=") for entry in variables or ()) if is_set}


def _write_environment(payload: Payload, value: Canonical) -> None:
    payload["Env"] = [f"{name}={content}" for name, content in sorted(value.items())]


def _write_labels(payload: Payload, value: Canonical) -> None:
    payload.setdefault("Labels", {}).update(value)


def _labels(labels: Any) -> dict[str, str]:
    return {name: value for name, value in (labels or {}).items() if not name.startswith(PREFIX)}


def _image_command(inspect: Inspect, image: ImageConfig) -> Canonical:
    # A container with an entrypoint of its own does not get the image's command; one without any does.
    entrypoint = _words(at("Config.Entrypoint", inspect))
    return None if entrypoint and entrypoint != _words(image.get("Entrypoint")) else _words(image.get("Cmd"))


def _restart(instance: Instance) -> Canonical:
    policy = instance.container.restart
    return _policy(policy.name, policy.retries)


def _actual_restart(inspect: Inspect) -> Canonical:
    policy = at("HostConfig.RestartPolicy", inspect) or {}
    return _policy(policy.get("Name") or "no", policy.get("MaximumRetryCount") or 0)


def _surely_restarts_so(instance: Instance, inspect: Inspect) -> bool:
    wanted, policy = instance.container.restart, (inspect.get("HostConfig") or {}).get("RestartPolicy") or {}
    return bool(policy.get("Name") == wanted.name and not (wanted.retries or policy.get("MaximumRetryCount")))


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
    match wanted:
        case "completed":
            return actual in {*_UP, "exited (0)"}  # while it runs, it is on its way
        case "paused":
            return bool(actual == "paused")
        case "stopped":
            return actual.split()[0] in _DOWN
        case _:
            return actual in _UP


def _surely_runs(instance: Instance, inspect: Inspect) -> bool:
    return instance.container.state is State.RUNNING and (inspect.get("State") or {}).get("Status") == "running"


def _mend_state(_wanted: Canonical, actual: Canonical) -> Mend:
    return Mend.REPLACE if actual in _GONE else Mend.STATE


def _seconds(nanoseconds: int | None) -> int | None:
    # The API counts whole seconds; half a second must not become none.
    return None if nanoseconds is None else -(-nanoseconds // 10**9)


def _stop_timeout(inspect: Inspect) -> Canonical:
    seconds = at("Config.StopTimeout", inspect)
    return _STOP_TIMEOUT if seconds is None else seconds


def _clean(path: str | None) -> str:
    # As the Engine does: it reports "/srv" where it was told "/srv/".
    return posixpath.normpath("/" + path.lstrip("/")) if path else ""


def _signal(name: str | None) -> str | None:
    return signal_name(name) if name else None


_HEALTH = {
    "test": "Test",
    "interval": "Interval",
    "timeout": "Timeout",
    "retries": "Retries",
    "start_period": "StartPeriod",
    "start_interval": "StartInterval",
}
_SHORTEST_INTERVAL = 10**6
"""A millisecond, in nanoseconds: the Engine refuses less, so a smaller number is one of retries."""


def _wanted_health(instance: Instance) -> Canonical:
    # To the Engine a zero is the same as nothing: the image's.
    check = instance.container.healthcheck
    values = vars(check) if check else {}
    return {name: value for name in _HEALTH if (value := values.get(name))}


def _health(settings: Any) -> Canonical:
    found = {name: settings.get(where) for name, where in _HEALTH.items()} if settings else {}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items() if value}


def _write_health(payload: Payload, value: Canonical) -> None:
    put("Healthcheck")(payload, {_HEALTH[name]: item for name, item in value.items()})


def _show_health(value: Canonical) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    return str(value) if value < _SHORTEST_INTERVAL else f"{value / 10**9:g}s"


def _logging(driver: str | None, options: Any) -> Canonical:
    return ({"driver": driver} if driver else {}) | {
        f"options.{name}": value for name, value in (options or {}).items()
    }


def _wanted_logging(instance: Instance) -> Canonical:
    logging = instance.container.logging
    return _logging(logging.driver, logging.options) if logging else {}


def _actual_logging(inspect: Inspect) -> Canonical:
    config = at("HostConfig.LogConfig", inspect) or {}
    return _logging(config.get("Type"), config.get("Config"))


def _write_logging(payload: Payload, value: Canonical) -> None:
    options = {name.removeprefix("options."): item for name, item in value.items() if name != "driver"}
    put("HostConfig.LogConfig")(payload, {"Type": value.get("driver", ""), "Config": options})


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
        # An empty one, which is not the same as none: it takes the image's away, and leaves its command.
        write=lambda payload, value: put("Entrypoint")(payload, value or ()),
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
        wanted=lambda instance: _clean(instance.container.working_dir),
        actual=lambda inspect: _clean(at("Config.WorkingDir", inspect)),
        write=put("WorkingDir"),
        undeclared=lambda _inspect, image: _clean(image.get("WorkingDir")),
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
        actual=_actual_restart,
        write=_write_restart,
        surely=_surely_restarts_so,
        mend=lambda _wanted, _actual: Mend.UPDATE,
        always=True,
    ),
    Field(
        path="state",
        wanted=lambda instance: instance.container.state.value,
        actual=_status,
        write=lambda _payload, _value: None,  # a container is created first, and started by a call of its own
        same=_same_state,
        surely=_surely_runs,
        mend=_mend_state,
        always=True,
    ),
    plain("domainname", "Config.Domainname", ""),
    plain("tty", "Config.Tty", default=False),
    plain("stdin_open", "Config.OpenStdin", default=False),
    Field(
        path="group_add",
        wanted=lambda instance: tuple(sorted(set(instance.container.group_add))),
        actual=lambda inspect: tuple(sorted(set(get("HostConfig.GroupAdd", ())(inspect)))),
        write=put("HostConfig.GroupAdd"),
        undeclared=constant(()),
        show=shown,
    ),
    plain("annotations", "HostConfig.Annotations", {}, since=(1, 43)),
    Field(
        path="init",
        wanted=lambda instance: instance.container.init,
        actual=lambda inspect: at("HostConfig.Init", inspect),  # null leaves it to the daemon
        write=put("HostConfig.Init"),
        show=lambda value: OF_DAEMON if value is None else shown(value),
    ),
    plain("runtime", "HostConfig.Runtime", "", undeclared=OF_DAEMON),
    Field(
        path="stop_signal",
        wanted=lambda instance: _signal(instance.container.stop_signal),
        actual=lambda inspect: _signal(at("Config.StopSignal", inspect)),
        write=put("StopSignal"),
        undeclared=lambda _inspect, image: _signal(image.get("StopSignal")),
        show=lambda value: value or "SIGTERM",
    ),
    Field(
        path="stop_grace_period",
        wanted=lambda instance: _seconds(instance.container.stop_grace_period),
        actual=_stop_timeout,
        write=put("StopTimeout"),
        undeclared=constant(_STOP_TIMEOUT),
        show=lambda value: f"{value}s",
    ),
    Field(
        path="healthcheck",
        wanted=_wanted_health,
        actual=lambda inspect: _health(at("Config.Healthcheck", inspect)),
        write=_write_health,
        undeclared=lambda _inspect, image: _health(image.get("Healthcheck")),
        by_key=True,
        since=lambda wanted: {"healthcheck.start_interval": (1, 44)} if "start_interval" in wanted else {},
        newest=(1, 44),
        show=_show_health,
    ),
    Field(
        path="logging",
        wanted=_wanted_logging,
        actual=_actual_logging,
        write=_write_logging,
        undeclared=of_daemon(_actual_logging),
        by_key=True,
    ),
)
