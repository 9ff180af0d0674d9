"""What there is to be said of a watch at any moment: the values behind its probes and its API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.ports import Clock
    from reconciler.watch.observing import Cycle

STILL = 60.0
"""Seconds without a sign of life, after which the loop is taken to stand still."""


@dataclass(frozen=True, slots=True)
class ProjectView:
    """One project.

    Attributes:
        name: its name.
        cycle: its last one; None before the first has ended.
        ended_at: when that was, in seconds since 1970.
        succeeded_at: when a cycle last ended with everything as declared; None for never.
        reasons: what asked for the cycle that runs now; None where none does.
    """

    name: str
    cycle: Cycle | None = None
    ended_at: float | None = None
    succeeded_at: float | None = None
    reasons: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SpecView:
    """One spec file.

    Attributes:
        file: its path.
        project: whose; empty where nobody knows yet.
        error: what is wrong with it; None where it is valid.
    """

    file: str
    project: str
    error: ReconcilerError | None


@dataclass(frozen=True, slots=True)
class View:
    """Everything, at one moment.

    Attributes:
        started_at: when the watch began, in seconds since 1970.
        projects: by name, in order.
        specs: by file, in order.
        engine_known: whether the Engine was asked yet.
        engine_error: why it does not answer.
        misses: how many objects full lists found of which no event had told.
        silent: seconds since the loop's last sign of life.
    """

    started_at: float
    projects: Mapping[str, ProjectView] = field(default_factory=lambda: MappingProxyType({}))
    specs: Mapping[str, SpecView] = field(default_factory=lambda: MappingProxyType({}))
    engine_known: bool = False
    engine_error: ReconcilerError | None = None
    misses: int = 0
    silent: float = 0.0

    @property
    def is_healthy(self) -> bool:
        """Whether the loop goes round."""
        return self.silent < STILL

    @property
    def in_the_way(self) -> Sequence[str]:
        """Why it can't do its work, one line for each reason; none where it can."""
        found = []
        if not self.is_healthy:
            found.append(f"the loop gave no sign of life for {self.silent:.0f} s")
        if self.engine_error:
            found.append(f"the Engine is away: {self.engine_error.message}")
        elif not self.engine_known:
            found.append("the Engine has not been asked yet")
        found += [
            f"{f'the spec of {spec.project}' if spec.project else 'a spec'} is broken: {spec.error.message}"
            for spec in self.specs.values()
            if spec.error
        ]
        return found


class Overview:
    """Keeps the view current. An `Observer`."""

    def __init__(self, clock: Clock, now: Callable[[], float]) -> None:
        """Begin with nothing known.

        Args:
            clock: for durations.
            now: the time, in seconds since 1970.
        """
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._view = View(now())
        self._sign = clock.monotonic()

    @property
    def view(self) -> View:
        """What is known now."""
        return replace(self._view, silent=max(0.0, self._clock.monotonic() - self._sign))

    def began(self, project: str, reasons: Sequence[str]) -> None:
        """A cycle begins."""
        with self._lock:
            self._set(replace(self._project(project), reasons=tuple(reasons)))

    def ended(self, cycle: Cycle) -> None:
        """A cycle has ended; what it was planned on is not kept."""
        now = self._now()
        with self._lock:
            before = self._project(cycle.project)
            succeeded = now if cycle.result.is_well else before.succeeded_at
            self._set(ProjectView(cycle.project, replace(cycle, snapshot=None), now, succeeded))

    def read(self, file: str, project: str, error: ReconcilerError | None) -> None:
        """A spec was read."""
        with self._lock:
            specs = {**self._view.specs, file: SpecView(file, project, error)}
            self._view = replace(self._view, specs=dict(sorted(specs.items())))
            if project and project not in self._view.projects:
                self._set(ProjectView(project))

    def gone(self, project: str) -> None:
        """A project is watched no more."""
        with self._lock:
            self._view = replace(
                self._view,
                projects={name: one for name, one in self._view.projects.items() if name != project},
                specs={file: one for file, one in self._view.specs.items() if one.project != project},
            )

    def engine(self, error: ReconcilerError | None) -> None:
        """The Engine answers, or why it does not."""
        with self._lock:
            self._view = replace(self._view, engine_known=True, engine_error=error)

    def missed(self, count: int) -> None:
        """A full list found so many objects of which no event had told."""
        with self._lock:
            self._view = replace(self._view, misses=self._view.misses + count)

    def alive(self) -> None:
        """The loop goes round."""
        self._sign = self._clock.monotonic()

    def _project(self, name: str) -> ProjectView:
        return self._view.projects.get(name) or ProjectView(name)

    def _set(self, project: ProjectView) -> None:
        projects = {**self._view.projects, project.name: project}
        self._view = replace(self._view, projects=dict(sorted(projects.items())))
