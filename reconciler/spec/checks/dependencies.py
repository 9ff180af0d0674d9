"""What containers wait for: it must exist, and they can't wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from reconciler.spec.checks.names import undeclared
from reconciler.spec.diagnostics import Diagnostic
from reconciler.spec.model import Spec, State
from reconciler.spec.places import in_text, named

if TYPE_CHECKING:
    from reconciler.spec.places import Text


def problems(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    """What is wrong with the dependencies in this spec."""
    for key, container in spec.containers.items():
        for dependency in container.depends_on:
            path, shown = named(document, ("containers", key, "depends_on"), dependency, container.depends_on)
            if dependency == key:
                message, hint = f'container "{key}" depends on itself', "take it out: it would wait forever"
            elif dependency not in spec.containers:
                message, hint = undeclared("container", shown, spec.containers)
            elif spec.containers[dependency].state is State.ABSENT and container.state is not State.ABSENT:
                message = f'container "{key}" depends on "{dependency}", which is to be absent'
                hint = f'take it out, or let "{dependency}" run'
            else:
                continue
            yield document.diagnostic(path, message, hint, key=True)
    yield from _cycles(spec, document)


def _cycles(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    # Sorted, so that the order of keys in the file changes nothing.
    graph = {
        key: sorted(name for name in container.depends_on if name in spec.containers and name != key)
        for key, container in sorted(spec.containers.items())
    }
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1][:-1][::-1]  # the last is the first again
            first = circle.index(min(circle))
            members = circle[first:] + circle[:first]
            path = in_text(document, ("containers", members[0], "depends_on", members[1]))
            yield document.diagnostic(
                path,
                f"containers depend on each other in a circle: {' → '.join([*members, members[0]])}",
                "take one of these dependencies out",
                key=True,
            )
            graph[members[0]].remove(members[1])  # there may be another circle
        else:
            return
