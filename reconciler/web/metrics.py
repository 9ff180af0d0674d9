"""What a watch does, counted, in Prometheus' form. docs/monitoring.md describes each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from reconciler.planning.plan import LEFT_ALONE
from reconciler.state.resource import Kind
from reconciler.version import __version__
from reconciler.watch.observing import CycleResult

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.watch.observing import Cycle

BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0)
"""Seconds: a cycle that finds nothing takes milliseconds, a rollout with its proofs minutes."""


class Metrics:
    """Counts. An `Observer`; may be read from any thread."""

    def __init__(self, now: Callable[[], float], dropped: Callable[[], int] = lambda: 0) -> None:
        """Begin at zero.

        Args:
            now: the time, in seconds since 1970.
            dropped: how many lines of the log were dropped.
        """
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each counter, which nobody reads
        self._now = now
        self._lock = threading.Lock()
        self._specs: dict[str, tuple[str, ...]] = {}
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Dropped(dropped))
        project = ["project"]

        def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
            return Gauge(f"reconciler_{name}", text, labels, registry=registry)

        def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
            return Counter(f"reconciler_{name}", text, labels, registry=registry)

        gauge("build_info", "The version that runs.", ["version"]).labels(__version__).set(1)
        self._engine_up = gauge("engine_up", "Whether the Engine answers.")
        self._spec_valid = gauge("spec_valid", "Whether a spec file can be used.", ["file", *project])
        self._cycles = counter("cycles_total", "Cycles that have ended.", [*project, "result"])
        self._seconds = Histogram(
            "reconciler_cycle_duration_seconds",
            "How long cycles took.",
            project,
            buckets=BUCKETS,
            registry=registry,
        )
        self._running = gauge("cycle_running", "Whether a cycle runs now.", project)
        self._actions = counter("actions_total", "Actions that were to be carried out.", [*project, "action", "result"])
        self._drift = counter(
            "drift_total", "Differences that were found and mended, or tried to be.", [*project, "kind", "operation"]
        )
        self._pending = gauge("pending", "Resources that still differ after the last cycle.", [*project, "kind"])
        self._conflicts = gauge("conflicts", "What stood in the way of the last cycle.", project)
        self._left_alone = gauge(
            "left_alone", "Whether nothing at all is done now: the project is paused, or its spec suspends it.", project
        )
        self._success = gauge(
            "last_success_timestamp_seconds", "When a cycle last ended with everything as declared.", project
        )
        self._ended = gauge("last_cycle_timestamp_seconds", "When the last cycle ended.", project)
        self._misses = counter("resync_misses_total", "Objects that a full list found and no event had told of.")

    def render(self, accept: str) -> tuple[str, bytes]:
        """The content type and the text of all, in the newest form that the `Accept` header allows."""
        encoder, content_type = choose_encoder(accept)
        return content_type, encoder(self._registry)

    def began(self, project: str, reasons: Sequence[str]) -> None:  # noqa: ARG002
        """A cycle begins."""
        self._running.labels(project).set(1)

    def ended(self, cycle: Cycle) -> None:
        """A cycle has ended."""
        name = cycle.project
        self._running.labels(name).set(0)
        self._seconds.labels(name).observe(cycle.seconds)
        for result in CycleResult:  # all of them from the start: a rate needs a first zero
            self._cycles.labels(name, result).inc(result is cycle.result)
        self._ended.labels(name).set(self._now())
        if cycle.result.is_well:
            self._success.labels(name).set(self._now())
        if cycle.outcome:
            for change in cycle.outcome.plan.changes:
                if change.operation not in LEFT_ALONE:
                    self._drift.labels(name, change.resource.kind.value, change.operation.value).inc()
            for action in cycle.outcome.actions:
                self._actions.labels(name, action.action.kind, action.result.value).inc()
        if cycle.plan:
            self._conflicts.labels(name).set(len(cycle.plan.conflicts) + (cycle.plan.needs_person is not None))
            self._left_alone.labels(name).set(bool(cycle.left_alone))
            self._set_pending(cycle)

    def read(self, file: str, project: str, error: ReconcilerError | None) -> None:
        """A spec was read."""
        with self._lock:
            if (before := self._specs.get(file)) not in {None, (file, project)}:
                self._spec_valid.remove(*before or ())
            self._specs[file] = (file, project)
        self._spec_valid.labels(file, project).set(error is None)

    def gone(self, project: str) -> None:
        """A project is watched no more: what it is now has no value any longer. What was counted stays."""
        with self._lock:
            self._specs = {file: labels for file, labels in self._specs.items() if labels[1] != project}
        for gauge in (
            self._running,
            self._pending,
            self._conflicts,
            self._left_alone,
            self._success,
            self._ended,
            self._spec_valid,
        ):
            gauge.remove_by_labels({"project": project})

    def engine(self, error: ReconcilerError | None) -> None:
        """The Engine answers, or why it does not."""
        self._engine_up.set(error is None)

    def missed(self, count: int) -> None:
        """A full list found so many objects of which no event had told."""
        self._misses.inc(count)

    def alive(self) -> None:
        """The loop goes round."""

    def _set_pending(self, cycle: Cycle) -> None:
        counts = dict.fromkeys(Kind, 0)
        for change in cycle.unfinished:
            counts[change.resource.kind] += 1
        for kind, count in counts.items():
            self._pending.labels(cycle.project, kind.value).set(count)


class _Dropped(Collector):
    """A counter that somebody else keeps."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily(
            "reconciler_log_dropped_total", "Lines of the log that nobody read in time.", value=self._count()
        )
