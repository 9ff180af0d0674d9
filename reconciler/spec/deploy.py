"""`deploy` and `scale` → the container's own attributes, before validation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reconciler.spec import attributes, shorthand
from reconciler.spec.attributes import Standing
from reconciler.spec.diagnostics import closest
from reconciler.spec.invalid import Invalid
from reconciler.spec.origin import Part, mapping, sequence
from reconciler.spec.scalar import Scalar

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic

_LIMITS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "cpus": ("cpus", shorthand.cpus),
    "memory": ("mem_limit", shorthand.size),
    "pids": ("pids_limit", shorthand.integer),
}
_RESERVATIONS: dict[str, tuple[str, Callable[[str], Any]]] = {"memory": ("mem_reservation", shorthand.size)}
_WITHOUT_EFFECT = {
    "cpus": "the Engine can't reserve CPUs",
    "generic_resources": "they are for Swarm",
    "max_failure_ratio": "one failure is enough for `failure_action`",
    "delay": "the next one begins once the one before is proven",
}
_OF_RESTARTS = {
    "delay": "the Engine doubles the delay with each restart by itself",
    "window": "the Engine counts restarts by itself",
}
_UPDATE = ("order", "monitor", "parallelism", "failure_action")
"""What `deploy.update_config` says of an update, in the words of `update`."""
_CONDITIONS = {
    "none": "no",
    "no": "no",
    "any": "always",
    "always": "always",
    "unless-stopped": "unless-stopped",
    "on-failure": "on-failure",
}


def undeployed(container: Part, key: str, problems: list[Diagnostic]) -> Part:
    """The container with native attributes in place of `deploy` and `scale`.

    Args:
        container: its data.
        key: its name.
        problems: errors and warnings are added here.
    """
    if not isinstance(container.data, dict) or not container.data.keys() & {"deploy", "scale"}:
        return container
    return _Deploy(container, key, problems).carried_over()


class _Deploy:
    def __init__(self, container: Part, key: str, problems: list[Diagnostic]) -> None:
        self._container = container
        self._where = f'container "{key}"'
        self._problems = problems
        self._found: dict[str, Part | None] = {"deploy": None, "scale": None}

    def carried_over(self) -> Part:
        deploy = self._container.get("deploy")
        scale = self._container.get("scale")
        replicas = deploy.get("replicas") if deploy else None
        if scale and replicas and str(scale.data) != str(replicas.data):
            self._clash(replicas, "scale", "deploy.replicas")
        if count := scale or replicas:
            self._found["replicas"] = count
        if deploy:
            self._deploy(deploy)
        return self._container.replaced(self._found)

    def _deploy(self, deploy: Part) -> None:
        for name, part in self._attributes(deploy, "deploy"):
            attribute = attributes.DEPLOY.get(name)
            if attribute is None:
                self._unknown(part, name, attributes.DEPLOY, "deploy")
            elif attribute.standing is Standing.IGNORED:
                self._note(part, f'"deploy.{name}" in {self._where} has no effect: it {attribute.note}')
        if mode := deploy.get("mode"):
            self._mode(mode)
            if str(mode.data).startswith("global") and (count := deploy.get("replicas")):
                self._problem(count, "a global service has one container on each Engine", "leave `replicas` out")
        if update := deploy.get("update_config"):
            self._update(update)
        if policy := deploy.get("restart_policy"):
            self._restart(policy)
        if resources := deploy.get("resources"):
            for name, part in self._attributes(resources, "deploy.resources"):
                if name == "limits":
                    self._resources(part, _LIMITS, "deploy.resources.limits")
                elif name == "reservations":
                    self._resources(part, _RESERVATIONS, "deploy.resources.reservations")
                else:
                    self._unknown(part, name, ("limits", "reservations"), "deploy.resources")

    def _mode(self, mode: Part) -> None:
        if mode.data in {"replicated-job", "global-job"}:
            self._found["state"] = Part(Scalar("completed"), mode.origin)
        elif mode.data not in {"replicated", "global"}:
            words = "replicated, global, replicated-job or global-job"
            guess = closest(str(mode.data), words.replace(",", "").split())
            hint = f'did you mean "{guess}"?' if guess else f"write {words}"
            self._problem(mode, f'"{mode.data}" is not a mode', hint)

    def _update(self, update: Part) -> None:
        found: dict[str, Part] = dict(own.items()) if (own := self._container.get("update")) else {}
        for name, part in self._attributes(update, "deploy.update_config"):
            if name in _UPDATE:
                found.setdefault(name, part)
            elif name in _WITHOUT_EFFECT:
                message = f'"deploy.update_config.{name}" in {self._where} has no effect: {_WITHOUT_EFFECT[name]}'
                self._note(part, message)
            else:
                known = (*_UPDATE, "delay", "max_failure_ratio")
                self._unknown(part, name, known, "deploy.update_config")
        self._found["update"] = mapping(found, update.origin)

    def _resources(self, part: Part, known: dict[str, tuple[str, Callable[[str], Any]]], where: str) -> None:
        reserved = known is _RESERVATIONS
        for name, value in self._attributes(part, where):
            if name in known and value.data is not None:
                attribute, read = known[name]
                own = self._container.get(attribute)
                if own and not _equal(own.data, value.data, read):
                    self._clash(value, attribute, f"{where}.{name}")
                self._found[attribute] = value
            elif reserved and name == "devices":
                self._devices(value)
            elif reserved and name in _WITHOUT_EFFECT:
                self._note(value, f'"{where}.{name}" in {self._where} has no effect: {_WITHOUT_EFFECT[name]}')
            elif name not in known:
                self._unknown(value, name, (*known, "devices", "cpus") if reserved else tuple(known), where)

    def _devices(self, devices: Part) -> None:
        own = self._container.get("gpus")
        before = own.elements() if own else []
        if own and own.data == "all":
            before = [mapping({"count": Part(Scalar("all"), own.origin)}, own.origin)]
        self._found["gpus"] = sequence([*before, *devices.elements()], devices.origin)

    def _restart(self, policy: Part) -> None:
        for name, part in self._attributes(policy, "deploy.restart_policy"):
            if name in _OF_RESTARTS:
                message = f'"deploy.restart_policy.{name}" in {self._where} has no effect: {_OF_RESTARTS[name]}'
                self._note(part, message)
            elif name not in {"condition", "max_attempts"}:
                known = ("condition", "delay", "max_attempts", "window")
                self._unknown(part, name, known, "deploy.restart_policy")
        condition = policy.get("condition")
        word = str(condition.data) if condition else "any"
        if word not in _CONDITIONS:
            self._problem(condition or policy, f'"{word}" is no condition', "write none, on-failure or any")
            return
        text = _CONDITIONS[word]
        attempts = policy.get("max_attempts")
        if attempts and text == "on-failure":
            text = f"{text}:{attempts.data}"
        own = self._container.get("restart")
        if own and str(own.data) != text:
            # Compose lets the one of `deploy` win, and says nothing.
            self._note(own, f'"restart" in {self._where} has no effect: its deploy.restart_policy comes first')
        self._found["restart"] = Part(Scalar(text), (condition or policy).origin)

    def _attributes(self, part: Part, where: str) -> list[tuple[str, Part]]:
        if part.data is not None and not isinstance(part.data, dict):
            self._problem(part, f'"{where}" in {self._where} must be a mapping', "write `key: value` lines below it")
        return part.items()

    def _unknown(self, part: Part, name: str, known: Any, where: str) -> None:
        guess = closest(name, known)
        hint = f'did you mean "{guess}"?' if guess else f"known here: {', '.join(sorted(known))}"
        message = f'unknown attribute "{name}" in {where} of {self._where}'
        self._problems.append(part.origin.diagnostic(message, hint, key=True))

    def _clash(self, part: Part, one: str, other: str) -> None:
        message = f"`{one}` and `{other}` of {self._where} say different things"
        self._problem(part, message, "drop one of them")

    def _problem(self, part: Part, message: str, hint: str) -> None:
        self._problems.append(part.origin.diagnostic(message, hint))

    def _note(self, part: Part, message: str) -> None:
        self._problems.append(part.origin.diagnostic(message, "leave it out", key=True, severity="warning"))


def _equal(one: Any, other: Any, read: Callable[[str], Any]) -> bool:
    try:
        return bool(read(str(one)) == read(str(other)))
    except Invalid:
        return True  # validation says what is wrong with it
