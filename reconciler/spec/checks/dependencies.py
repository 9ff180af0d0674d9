"""What containers wait for: it must exist, and they can't wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from reconciler.spec.checks.names import undeclared
from reconciler.spec.diagnostics import Diagnostic, Severity
from reconciler.spec.model import Spec, State
from reconciler.spec.model.namespaces import service_of
from reconciler.spec.places import Path_, as_written, in_text, named

if TYPE_CHECKING:
    from reconciler.spec.places import Text


def problems(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    """What is wrong with the dependencies in this spec."""
    for key, container in spec.containers.items():
        for nth, dependency in enumerate(container.depends_on):
            place = ("containers", key, "depends_on")
            path, shown = named(document, place, dependency, nth, len(container.depends_on))
            if dependency == key:
                message, hint = f'container "{key}" depends on itself', "take it out: it would wait forever"
            elif dependency not in spec.containers:
                message, hint = undeclared("container", shown, spec.containers)
            elif spec.containers[dependency].state is State.ABSENT and container.state is not State.ABSENT:
                message = f'container "{key}" depends on "{dependency}", which is to be absent'
                hint = f'take it out, or let "{dependency}" run'
            else:
                continue
            # Compose files name what another file may add: what is not required may be missing.
            severity: Severity = (
                "error" if container.depends_on[dependency].required or dependency == key else "warning"
            )
            yield document.diagnostic(path, message, hint, key=True, severity=severity)
        yield from _no_jobs(spec, document, key)
        yield from _uses(spec, document, key)
    yield from _cycles(spec, document)


def _no_jobs(spec: Spec, document: Text, key: str) -> Iterator[Diagnostic]:
    """What it waits for to complete, and would be started again each time."""
    for nth, (name, dependency) in enumerate(spec.containers[key].depends_on.items()):
        other = spec.containers.get(name)
        if not other or dependency.condition != "service_completed_successfully":
            continue
        if other.state is State.RUNNING and not other.restart.by_itself:
            place, count = ("containers", key, "depends_on"), len(spec.containers[key].depends_on)
            yield document.diagnostic(
                named(document, place, name, nth, count)[0],
                f'container "{key}" waits until "{name}" has completed, and that is to run all the time',
                f"write `state: completed` at `{name}`, or each apply starts it again",
                key=True,
                severity="warning",
            )


def _uses(spec: Spec, document: Text, key: str) -> Iterator[Diagnostic]:
    """What it names by `links`, `volumes_from` and shared namespaces."""
    for name, path in _places(spec, key).items():
        if name == key:
            yield document.diagnostic(path, f'container "{key}" names itself', "name another one, or take it out")
        elif name not in spec.containers:
            yield document.diagnostic(path, *undeclared("container", as_written(document, path, name), spec.containers))
        elif spec.containers[name].state is State.ABSENT and spec.containers[key].state is not State.ABSENT:
            message = f'container "{key}" needs "{name}", which is to be absent'
            yield document.diagnostic(path, message, f'take it out, or let "{name}" run')


def _places(spec: Spec, key: str) -> dict[str, Path_]:
    """Each container that this one names, and where."""
    container = spec.containers[key]
    found: dict[str, Path_] = {}
    for attribute in ("network_mode", "ipc", "pid"):
        if name := service_of(getattr(container, attribute)):
            found.setdefault(name, ("containers", key, attribute))
    for attribute in ("links", "volumes_from"):
        for index, text in enumerate(getattr(container, attribute)):
            name = text.partition(":")[0]
            if attribute == "links" or name != "container":
                found.setdefault(name, ("containers", key, attribute, index))
    return found


def _needs(spec: Spec, key: str) -> dict[str, Path_]:
    """Each container that must be there before this one, and where that is said."""
    depends_on = {name: ("containers", key, "depends_on", name) for name in spec.containers[key].depends_on}
    return {**_places(spec, key), **depends_on}


def _cycles(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    # Sorted, so that the order of keys in the file changes nothing.
    graph = {
        key: sorted(name for name in _needs(spec, key) if name in spec.containers and name != key)
        for key in sorted(spec.containers)
    }
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1][:-1][::-1]  # the last is the first again
            first = circle.index(min(circle))
            members = circle[first:] + circle[:first]
            path = in_text(document, _needs(spec, members[0])[members[1 % len(members)]])
            yield document.diagnostic(
                path,
                f"containers depend on each other in a circle: {' → '.join([*members, members[0]])}",
                "take one of these dependencies out",
                key=True,
            )
            graph[members[0]].remove(members[1])  # there may be another circle
        else:
            return
