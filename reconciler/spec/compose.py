"""What a container's Compose attributes say about other ones: files of variables, the environment, `deploy`, notes."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import SpecError
from reconciler.spec import attributes
from reconciler.spec.attributes import Standing
from reconciler.spec.deploy import undeployed
from reconciler.spec.env_file import parse_variables
from reconciler.spec.merge import pairs
from reconciler.spec.origin import Origin, Part, mapping
from reconciler.spec.places import Text, in_text
from reconciler.spec.scalar import FromEnvFile, Scalar
from reconciler.spec.uses import FromFile
from reconciler.spec.valueless import with_labels, with_values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.model import Spec
    from reconciler.spec.problems import Problems
    from reconciler.spec.reading import Reading

_FORMATS = ("raw",)


def resolved(part: Part, reading: Reading, inactive: frozenset[str]) -> Part:
    """A spec's data without the attributes that only the loader knows. What is wrong with them is a problem.

    Args:
        part: the data of all files.
        reading: what it may read, and from where variables come.
        inactive: containers whose files of variables are not to be read.
    """
    problems: list[Diagnostic] = []
    changed: dict[str, Part | None] = {}
    for name, value in part.items():
        attribute = attributes.TOP.get(name)
        if attribute is not None and attribute.standing is Standing.IGNORED:
            problems.append(_ignored(value, name, attribute.note, "the spec"))
            changed[name] = None
    if containers := part.get("containers"):
        resolver = _Containers(reading, problems)
        parts = {key: resolver.container(key, one, key not in inactive) for key, one in containers.items()}
        if isinstance(containers.data, dict):
            changed["containers"] = mapping(parts, containers.origin)
    if reading.compose:
        part = with_labels(part)
        for section in ("networks", "volumes"):
            changed[section] = _with_plain_external(part.get(section), section, problems)
    for warning in [problem for problem in problems if problem.severity == "warning"]:
        reading.warn(warning)
    reading.problems.add(problem for problem in problems if problem.severity == "error")
    return part.replaced(changed)


def _with_plain_external(section: Part | None, what: str, problems: list[Diagnostic]) -> Part | None:
    """What stands already, by version 2's `external: {name: NAME}`, in today's words."""
    if section is None:
        return None
    found = dict(section.items())
    for key, one in section.items():
        external = one.get("external")
        name = external.get("name") if external else None
        if external and isinstance(external.data, dict):
            message = f'"external" of "{key}" in `{what}` is a mapping, as it was in version 2'
            hint = "write external: true, and `name` beside it"
            problems.append(external.origin.diagnostic(message, hint, key=True, severity="warning"))
            today = {"external": Part(Scalar("true", "bool"), external.origin), **({"name": name} if name else {})}
            found[key] = one.replaced(today)
    return mapping(found, section.origin) if isinstance(section.data, dict) else section


def _ignored(part: Part, name: str, note: str, where: str) -> Diagnostic:
    message = f'"{name}" in {where} has no effect: it {note}'
    return part.origin.diagnostic(message, "leave it out", key=True, severity="warning")


class _Containers:
    def __init__(self, reading: Reading, problems: list[Diagnostic]) -> None:
        self._reading = reading
        self._problems = problems

    def container(self, key: str, container: Part, active: bool) -> Part:
        """One container's data, with native attributes only."""
        if not isinstance(container.data, dict):
            return container
        changed: dict[str, Part | None] = {}
        for name, value in container.items():
            attribute = attributes.CONTAINER.get(name)
            if attribute is not None and attribute.standing is Standing.IGNORED:
                self._problems.append(_ignored(value, name, attribute.note, f'container "{key}"'))
                changed[name] = None
        if "profiles" in container.data:
            changed["profiles"] = None
        if "env_file" in container.data:
            self._from_files(container, changed, "env_file", "environment", active)
        if "label_file" in container.data:
            self._from_files(container, changed, "label_file", "labels", active)
        if "build" in container.data and container.data.get("image") is None:
            # Compose's rule; the name of the project is among the variables by now.
            name = f"{self._reading.variables['COMPOSE_PROJECT_NAME']}-{key}"
            changed["image"] = Part(Scalar(name), container.at("build").origin)
        if changed:
            container = container.replaced(changed)
        if self._reading.compose:
            container = with_values(container, self._reading.variables, self._reading.uses)
        return undeployed(container, key, self._problems)

    def _from_files(
        self, container: Part, changed: dict[str, Part | None], attribute: str, target: str, active: bool
    ) -> None:
        changed[attribute] = None
        files = container.get(attribute)
        if files is None or not active:
            return
        found: dict[str, Part] = {}
        for file in files.elements():
            # Compose lets these files use the container's own variables too, below those from outside.
            own_variables = container.get("environment") if attribute == "env_file" else None
            found |= self._variables(file, attribute, found, own_variables)
        if attribute == "env_file":
            found = {key: Part(FromEnvFile(part.data), part.origin) for key, part in found.items()}
        own = container.get(target)
        if own is None:
            changed[target] = mapping(found, files.origin)
        elif isinstance(own.data, dict | list):
            changed[target] = mapping({**found, **pairs(own)}, own.origin)

    def _variables(self, file: Part, attribute: str, before: dict[str, Part], own: Part | None) -> dict[str, Part]:
        named = file if isinstance(file.data, str) else file.get("path")
        if named is None or not isinstance(named.data, str) or not named.data:
            hint = f"write {attribute}: FILE, a list of files, or a list of {{path: FILE}}"
            self._problems.append(file.origin.diagnostic(f"this {attribute} names no file", hint))
            return {}
        kind = file.get("format")
        required = file.get("required")
        for name, part in file.items():
            if name not in {"path", "required", "format"}:
                hint = "known here: format, path, required"
                found = part.origin.diagnostic(f'unknown attribute "{name}" in {attribute}', hint, key=True)
                self._problems.append(found)
        if kind and kind.data not in _FORMATS:
            hint = "write raw, or leave it out"
            self._problems.append(kind.origin.diagnostic(f'there is no format "{kind.data}"', hint))
            return {}
        if required and required.data not in {"true", "false"}:
            found = required.origin.diagnostic(f'"{required.data}" is not a boolean', "write true or false")
            self._problems.append(found)
            return {}
        path = self._reading.path(named.data)
        optional = required is not None and required.data == "false"
        try:
            self._reading.allow(path, named.origin)
            if optional and not os.path.exists(path):  # noqa: PTH110 - pathlib's raises for a name that is too long
                return {}
            return self._read(path, named, before, own, raw=kind is not None)
        except SpecError as error:
            self._reading.problems.add_failure(error)
            return {}

    def _read(
        self, path: Path, named: Part, before: dict[str, Part], own: Part | None, *, raw: bool
    ) -> dict[str, Part]:
        content = self._reading.content(path, named.origin)
        given = {key: str(part.data) for key, part in (pairs(own) if own else {}).items() if part.data is not None}
        variables, warnings = parse_variables(
            content,
            self._reading.name(path),
            {**given, **self._reading.variables},
            earlier={key: str(part.data) for key, part in before.items()},
            raw=raw,
        )
        for warning in warnings:
            self._reading.warn(warning)
        return {key: Part(Scalar(value), _in_file(value, named.origin)) for key, value in variables.items()}


def _in_file(value: str, named: Origin) -> Origin:
    """Where a variable of a file stands; problems with it are shown where the file is named."""
    return Origin(named.document, named.path, elsewhere=value) if isinstance(value, FromFile) else named


def inactive(part: Part, profiles: frozenset[str], problems: Problems) -> frozenset[str]:
    """The containers that have profiles, none of which is asked for.

    Args:
        part: the data of all files.
        profiles: those that are asked for; `*` for all.
        problems: what is wrong is added here.
    """
    containers = part.get("containers")
    found = set()
    for key, container in containers.items() if containers else []:
        own = container.get("profiles")
        if own is None or not own.data:
            continue
        if not isinstance(own.data, list):
            wrong = own.origin.diagnostic(f'"profiles" in container "{key}" must be a list', "write [NAME]")
            problems.add([wrong])
        elif "*" not in profiles and not profiles & {str(name) for name in own.data}:
            found.add(key)
    return frozenset(found)


def selected(spec: Spec, text: Text, inactive: frozenset[str], problems: Problems, *, only_used: bool) -> Spec:
    """The spec without what is not wanted now.

    Args:
        spec: all that the files declare.
        text: the files, for positions.
        inactive: containers that are left out; nothing may depend on them, unless it says that it need not.
        problems: where a container depends on one that is left out is added here.
        only_used: leave out networks and volumes that no container uses, as Compose does.
    """
    if not inactive and not only_used:
        return spec
    containers = {key: container for key, container in spec.containers.items() if key not in inactive}
    for key, container in containers.items():
        missing = container.depends_on.keys() & inactive
        for name in sorted(name for name in missing if container.depends_on[name].required):
            path = in_text(text, ("containers", key, "depends_on", name))
            message = f'container "{key}" depends on "{name}", none of whose profiles is active'
            hint = "name one of its profiles with --profile, or write required: false at the dependency"
            problems.add([text.diagnostic(path, message, hint, key=True)])
        if missing:
            kept = {name: one for name, one in container.depends_on.items() if name not in missing}
            containers[key] = container.model_copy(update={"depends_on": kept})
    if not only_used:
        return spec.model_copy(update={"containers": containers})
    networks = {name for container in containers.values() for name in container.joined}
    mounts = [mount for container in containers.values() for mount in container.volumes]
    volumes = {mount.source for mount in mounts if mount.type == "volume"}
    configs = {grant.source for container in containers.values() for grant in container.configs}
    secrets = {grant.source for container in containers.values() for grant in container.secrets}
    secrets |= {grant.source for one in containers.values() if one.build for grant in one.build.secrets}
    return spec.model_copy(
        update={
            "containers": containers,
            "networks": {key: network for key, network in spec.networks.items() if key in networks},
            "volumes": {key: volume for key, volume in spec.volumes.items() if key in volumes},
            "configs": {key: config for key, config in spec.configs.items() if key in configs},
            "secrets": {key: secret for key, secret in spec.secrets.items() if key in secrets},
        }
    )


def with_jobs(spec: Spec) -> Spec:
    """The spec of a Compose file, in which a service is a job that another one waits for to complete.

    Else it would be started again in every cycle. One that the Engine restarts, or whose state is declared, stays so.
    """
    from reconciler.spec.model import State  # only who loads needs it

    awaited = {
        name
        for container in spec.containers.values()
        for name, dependency in container.depends_on.items()
        if dependency.condition == "service_completed_successfully"
    }
    jobs = {
        key: container.model_copy(update={"state": State.COMPLETED})
        for key, container in spec.containers.items()
        if key in awaited and not container.restart.by_itself and "state" not in container.model_fields_set
    }
    return spec.model_copy(update={"containers": {**spec.containers, **jobs}}) if jobs else spec


def with_stop_first(spec: Spec, text: Text, warn: Callable[[Diagnostic], None]) -> Spec:
    """The spec of a Compose file, with stop-first where start-first can't work: a warning says so.

    There `update_config.order` is often meant for Swarm, whose routing mesh shares ports; Compose does not heed it.
    """
    from reconciler.spec.checks.updates import start_first

    changed = {}
    for key, container in spec.containers.items():
        if container.update.order != "start-first":
            continue
        found = [one for one in start_first(key, container, text) if one.severity == "error"]
        for one in found:
            warn(replace(one, severity="warning", message=f"{one.message}; stop-first is taken instead"))
        if found:
            update = container.update.model_copy(update={"order": "stop-first"})
            changed[key] = container.model_copy(update={"update": update})
    return spec.model_copy(update={"containers": {**spec.containers, **changed}}) if changed else spec
