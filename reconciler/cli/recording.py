"""Remembers in the journal what a command changed. What can't be remembered keeps nothing from being done."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.printing import complain
from reconciler.cli.resting import user_name
from reconciler.errors import EngineError
from reconciler.spec.reference import full_reference
from reconciler.state.resource import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.execution.outcome import Outcome
    from reconciler.journal.run import Done, Run, Source
    from reconciler.ports import Engine
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class About:
    """What is remembered of a run, whatever became of it.

    Attributes:
        engine: the Engine's ID.
        source: where the spec came from.
        spec: what was carried out, without its secrets; None where there was none.
        secrets: where values were left out of it.
    """

    engine: str
    source: Source
    spec: dict[str, Any] | None
    secrets: tuple[tuple[str | int, ...], ...]


@dataclass(frozen=True, slots=True)
class Recorder:
    """What is known of a command before it changes anything.

    Attributes:
        command: what was called.
        spec: what is carried out; None where a project is removed without one.
        files: that it was read from.
        snapshot: what was there before.
        engine: on which Engine.
    """

    command: str
    spec: Spec | None
    files: tuple[Path, ...]
    snapshot: Snapshot
    engine: Engine

    def about(self) -> About:
        """What is to be remembered: known before the end, so that it can be found while the Engine works.

        Raises:
            EngineError: the Engine did not say which it is.
        """
        from reconciler.journal import journal  # noqa: F401  SQLite and all: it is there when it is needed
        from reconciler.journal.secrets import without_secrets
        from reconciler.planning.sensitive import secrets_of
        from reconciler.spec.writing import native

        engine = self.engine.identity()
        data, secrets = without_secrets(native(self.spec), secrets_of(self.spec)) if self.spec else (None, [])
        return About(engine, self._source(), data, tuple(secrets))

    def __call__(self, outcome: Outcome, seconds: float, about: Callable[[], About] | None = None) -> None:
        """Remember what became of a plan, where anything was tried.

        Args:
            outcome: what became of it.
            seconds: how long it took, until now.
            about: returns what `about` has returned, or raises what it has raised; where not given, it is called now.
        """
        from reconciler.execution.outcome import Result

        if not any(one.result is not Result.SKIPPED for one in outcome.actions):
            return
        from reconciler.journal.journal import Journal, JournalError  # SQLite, where there is something to remember
        from reconciler.planning.failures import unproven
        from reconciler.state_folder import state_folder

        try:
            known = (about or self.about)()
            journal = Journal(state_folder(os.environ))
            journal.add(self._run(outcome, seconds, known))
            if self.command not in {"watch", "restart"}:
                # A person has tried everything: what failed now is all that did.
                journal.keep_failures(outcome.plan.project, known.engine, (), unproven(outcome.unproven))
        except (JournalError, EngineError) as error:
            complain(f"note: this is not in the history: {error.message}")

    def _run(self, outcome: Outcome, seconds: float, about: About) -> Run:
        from reconciler.journal.run import Run

        return Run(
            project=outcome.plan.project,
            engine=about.engine,
            command=self.command,
            began=(datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="milliseconds"),
            seconds=round(seconds, 3),
            user=user_name(),
            host=socket.gethostname(),
            source=about.source,
            result=_result(outcome),
            changes=_changes(outcome),
            spec=about.spec,
            secrets=about.secrets,
            images=self._images(outcome),
            used=tuple(sorted({(one.image, one.image_id) for one in self.snapshot.containers})),
        )

    def _source(self) -> Source:
        from reconciler.journal.commit import commit_of
        from reconciler.journal.run import Source
        from reconciler.spec.writing import native, spec_json

        if self.spec is None:
            return Source()
        digest = hashlib.sha256(spec_json(native(self.spec)).encode()).hexdigest()
        commit = commit_of(self.files[0]) if self.files else ""
        return Source(f"sha256:{digest}", tuple(map(str, self.files)), commit)

    def _images(self, outcome: Outcome) -> dict[str, str]:
        """Of each image of a container, what a registry knows it by (`NAME@sha256:…`), or else its ID."""
        from reconciler.execution.outcome import Result

        if self.spec is None:
            return {}
        # What was pulled or made is known by now only.
        moved = any(one.action.resource.kind is Kind.IMAGE for one in outcome.having(Result.DONE))
        snapshot = self.engine.observe(self.spec.name) if moved else self.snapshot
        found = {}
        for container in self.spec.containers.values():
            if image := snapshot.image(container.image):
                repository = full_reference(container.image).partition("@")[0].rpartition(":")[0]
                digests = sorted(one for one in image.references if one.startswith(f"{repository}@"))
                found[container.image] = digests[0] if digests else image.id
        return found


def _result(outcome: Outcome) -> str:
    from reconciler.execution.outcome import Result

    if outcome.interrupted:
        return "interrupted"
    if not outcome.failed:
        return "done"
    if outcome.rolled_back:
        return "rolled back"
    return "partly failed" if outcome.having(Result.DONE) else "failed"


def _changes(outcome: Outcome) -> tuple[Done, ...]:
    from reconciler.journal.run import Done
    from reconciler.report.tally import Tally

    tally = Tally(outcome)
    errors = {one.action.resource: one.error.message for one in reversed(outcome.failed) if one.error}
    return tuple(
        Done(
            change.resource.kind.value,
            change.resource.name,
            change.operation.value,
            tally.result(change),
            tuple(field.path for field in change.fields),
            errors.get(change.resource, ""),
        )
        for change in outcome.plan.changes
    )
