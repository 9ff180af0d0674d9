"""Where we say the same as Docker Compose in other words: each a rule, with its reason. What is left must be equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Service = dict[str, Any]


def _without_nothing(service: Service) -> None:
    """A command that is not declared is printed as null, and an empty one is the image's; a variable may be not set."""
    for name in ("command", "entrypoint"):
        if service.get(name, "") is None or (name, service.get(name)) == ("command", []):
            del service[name]
    if "environment" in service:
        variables = {key: value for key, value in service.pop("environment").items() if value is not None}
        service |= {"environment": variables} if variables else {}


def _settled(service: Service) -> None:
    """Profiles are settled when the spec is loaded."""
    service.pop("profiles", None)


def _ignored(service: Service) -> None:
    """What means nothing to us is left out, with a note: test_attributes has these."""
    for name in ("attach", "develop"):
        service.pop(name, None)


def _deploy(service: Service) -> None:
    """`deploy` becomes the container's own attributes; what is for Swarm is left out, with a note."""
    deploy = service.pop("deploy", None) or {}
    scale = service.pop("scale", deploy.get("replicas"))
    if scale is not None:
        service["replicas"] = scale
    if deploy.get("mode") in {"replicated-job", "global-job"}:
        service["state"] = "completed"
    limits = deploy.get("resources", {}).get("limits", {})
    reservations = deploy.get("resources", {}).get("reservations", {})
    own = {
        "cpus": limits.get("cpus"),
        "mem_limit": limits.get("memory"),
        "pids_limit": limits.get("pids"),
        "mem_reservation": reservations.get("memory"),
    }
    service |= {name: value for name, value in own.items() if value is not None}
    if devices := reservations.get("devices"):
        service["gpus"] = [*service.get("gpus", ()), *devices]
    if policy := deploy.get("restart_policy"):
        condition = policy.get("condition", "any")
        restart = {"none": "no", "any": "always"}.get(condition, condition)
        attempts = policy.get("max_attempts")
        service["restart"] = f"{restart}:{attempts}" if attempts and restart == "on-failure" else restart
    update = {
        name: value
        for name, value in deploy.get("update_config", {}).items()
        if name in {"order", "monitor", "parallelism", "failure_action"}
    }
    service |= {"update": update} if update else {}


def _healthcheck(service: Service) -> None:
    """A healthcheck that is disabled is the test NONE, as for the Engine."""
    if service.get("healthcheck", {}).pop("disable", False):
        service["healthcheck"] = {"test": ["NONE"]}


def _capabilities(service: Service) -> None:
    """One spelling, and no order, for what has several of one meaning."""
    for name in ("cap_add", "cap_drop"):
        if name in service:
            capabilities = {cap.upper().removeprefix("CAP_") for cap in service[name]}
            service[name] = sorted(cap if cap == "ALL" else f"CAP_{cap}" for cap in capabilities)


def _expose(service: Service) -> None:
    """A port without a protocol is TCP; a range is each of its ports."""
    found = []
    for text in service.pop("expose", ()):
        ports, _, protocol = text.partition("/")
        first, _, last = ports.partition("-")
        found += [f"{port}/{protocol or 'tcp'}" for port in range(int(first), int(last or first) + 1)]
    service |= {"expose": found} if found else {}


def _mounts(service: Service) -> None:
    """The mode of a tmpfs in octal; create_host_path is left out by Compose where it is false."""
    for mount in service.get("volumes", ()):
        if mount.get("volume") == {}:  # printed for some short syntaxes
            del mount["volume"]
        if isinstance(mode := mount.get("tmpfs", {}).get("mode"), int):
            mount["tmpfs"]["mode"] = f"{mode:04o}"
        if mount["type"] == "bind":
            mount.setdefault("bind", {}).setdefault("create_host_path", False)


def _ulimits(service: Service) -> None:
    """One number is both limits."""
    for limits in (service.get("ulimits", {}), service.get("build", {}).get("ulimits", {})):
        for name, limit in limits.items():
            if isinstance(limit, dict) and limit["soft"] == limit["hard"]:
                limits[name] = limit["soft"]


def _networks(service: Service) -> None:
    """Joined without a word about it: null or an empty mapping."""
    if networks := service.get("networks"):
        service["networks"] = {name: endpoint or None for name, endpoint in networks.items()}


def _keys(service: Service) -> None:
    """A key for the build is written ID=PATH; 2.40.3 prints ID: PATH, which it can't read again."""
    if build := service.get("build"):
        build |= {"ssh": [key.replace(": ", "=") for key in build["ssh"]]} if "ssh" in build else {}


RULES: tuple[Callable[[Service], None], ...] = (
    _without_nothing,
    _settled,
    _ignored,
    _deploy,
    _healthcheck,
    _capabilities,
    _expose,
    _mounts,
    _ulimits,
    _networks,
    _keys,
)


def in_our_words(theirs: dict[str, Any]) -> dict[str, Any]:
    """What Compose printed of a project, in our words."""
    found = {key: value for key, value in _undollared(theirs).items() if not key.startswith("x-")}
    for service in found["services"].values():
        for rule in RULES:
            rule(service)
    for network in found.get("networks", {}).values():
        if network.get("ipam") == {}:  # printed where none is declared
            del network["ipam"]
    return found


def _undollared(value: Any) -> Any:
    """What Compose prints can be read again: each dollar is there twice."""
    if isinstance(value, dict):
        return {key.replace("$$", "$"): _undollared(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_undollared(one) for one in value]
    return value.replace("$$", "$") if isinstance(value, str) else value
