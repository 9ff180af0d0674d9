"""What is worth telling of what happened: of a cycle, a spec, the Engine. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.errors import EngineUnreachable
from reconciler.report.tally import Tally

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.planning.plan import Change
    from reconciler.watch.observing import Cycle

ENGINE = "the Engine"
"""Stands where a resource does."""

_SPEC_CHANGED = "file"
"""The reason of a cycle that carries out what somebody has just written: no drift."""

_LONGEST = 300


class NewsKind(StrEnum):
    """What is told. MENDED: something had drifted, and is as declared again."""

    MENDED = "mended"
    FAILURE = "failure"
    ROLLBACK = "rollback"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell.

    Attributes:
        kind: what it is.
        project: whose; empty for what concerns all.
        resource: of what: `container shop-web-1`, `spec /srv/shop.yaml`, `the Engine`.
        text: one line about it; no secret.
    """

    kind: NewsKind
    project: str
    resource: str
    text: str


@dataclass(frozen=True, slots=True)
class Failing:
    """What fails now: by project, what is wrong with which resource. What fails and stays so is told once."""

    by_project: Mapping[str, Mapping[str, str]]

    def of(self, project: str) -> Mapping[str, str]:
        """What fails in a project."""
        return self.by_project.get(project, {})

    def having(self, project: str, failing: Mapping[str, str]) -> Failing:
        """The same, with other failures of a project."""
        others = {name: found for name, found in self.by_project.items() if name != project}
        return Failing({**others, project: failing} if failing else others)


def of_cycle(cycle: Cycle, before: Failing) -> tuple[list[News], Failing]:
    """What a cycle brought, and what fails after it."""
    known = before.of(cycle.project)
    whole = f"project {cycle.project}"
    news: list[News] = []

    def tell(kind: NewsKind, resource: str, text: str) -> None:
        news.append(News(kind, cycle.project, resource, _line(text)))

    if cycle.error:
        if isinstance(cycle.error, EngineUnreachable):  # that is told of the Engine
            return [], before
        if known.get(whole) != cycle.error.message:
            tell(NewsKind.FAILURE, whole, cycle.error.message)
        return news, before.having(cycle.project, {**known, whole: cycle.error.message})
    if cycle.plan is None:
        return [], before

    failing = {str(conflict.resource): conflict.message for conflict in cycle.plan.conflicts}
    if guard := cycle.plan.needs_person:
        failing[whole] = guard.message
    for resource, message in failing.items():
        if known.get(resource) != message:
            tell(NewsKind.FAILURE, resource, message)
    if cycle.outcome:
        tally, errors = Tally(cycle.outcome), _errors(cycle)
        for change in cycle.outcome.plan.changes:
            resource, result = str(change.resource), tally.result(change)
            if result in {"failed", "rolled back"}:
                failing[resource] = errors.get(resource, f"{change.operation} failed")
                kind = NewsKind.FAILURE if result == "failed" else NewsKind.ROLLBACK
                tell(kind, resource, failing[resource])
            elif result == "done" and resource not in known and _SPEC_CHANGED not in cycle.reasons:
                tell(NewsKind.MENDED, resource, _what(change))
    # What is held back, or was not reached, is no better than before.
    left = {str(change.resource) for change in cycle.unfinished}
    failing |= {resource: text for resource, text in known.items() if resource in left and resource not in failing}
    for resource, text in known.items():
        if resource not in failing:
            tell(NewsKind.RECOVERY, resource, f"before: {text}")
    return news, before.having(cycle.project, failing)


def of_spec(file: str, project: str, error: ReconcilerError | None, before: Failing) -> tuple[list[News], Failing]:
    """What reading a spec brought."""
    return _of_one("", f"spec {file}", project, error, before)


def of_engine(error: ReconcilerError | None, before: Failing) -> tuple[list[News], Failing]:
    """What asking the Engine brought. While it is away, each try may end in other words."""
    if error and ENGINE in before.of(""):
        return [], before
    return _of_one("", ENGINE, "", error, before)


def _of_one(
    owner: str, resource: str, project: str, error: ReconcilerError | None, before: Failing
) -> tuple[list[News], Failing]:
    known = dict(before.of(owner))
    was = known.pop(resource, None)
    if error is None:
        told = [News(NewsKind.RECOVERY, project, resource, _line(f"before: {was}"))] if was is not None else []
        return told, before.having(owner, known)
    told = [News(NewsKind.FAILURE, project, resource, _line(error.message))] if was != error.message else []
    return told, before.having(owner, {**known, resource: error.message})


def _errors(cycle: Cycle) -> dict[str, str]:
    """Of each resource, what failed first."""
    found: dict[str, str] = {}
    for action in cycle.outcome.failed if cycle.outcome else ():
        if action.error:
            found.setdefault(str(action.action.resource), action.error.message)
    return found


def _what(change: Change) -> str:
    fields = [
        field.path if field.sensitive else f"{field.path}: {field.actual_text} → {field.wanted_text}"
        for field in change.fields
    ]
    said = "; ".join(fields) or change.note
    return f"{change.operation}: {said}" if said else str(change.operation)


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
