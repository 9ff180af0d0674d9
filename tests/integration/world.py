"""One project on a real Engine, driven through the library as a program would, with a proxy that counts."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler import apply, connect, load, observe, plan
from reconciler.errors import ExitCode
from reconciler.fields.peers import words
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler import Outcome, Plan
    from reconciler.engine.engine import DockerEngine
    from reconciler.planning.plan import Change
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import Snapshot
    from tests.support.engine import Engine

IDLE = ["sh", "-c", "trap 'exit 0' TERM; sleep 99999 & wait"]
"""A command that does nothing, and ends at once when it is asked to."""


@dataclass
class World:
    """A project, its spec file, and the Engine behind a proxy.

    Attributes:
        engine: the Engine itself, for what is done by hand: the proxy does not see that.
        proxy: what the reconciler talks to.
        project: its name.
        folder: where the spec is.
        image: an image whose own command is `IDLE`.
        variables: for the spec.
    """

    engine: Engine
    proxy: Proxy
    project: str
    folder: Path
    image: str
    variables: dict[str, str] = field(default_factory=dict)
    _spec: dict[str, Any] = field(default_factory=dict)

    # --- the reconciler ---------------------------------------------------------------------------------------

    def declare(self, containers: Mapping[str, Mapping[str, Any]], **others: object) -> None:
        """Write the spec. A container without an image has the world's."""
        filled = {key: {"image": self.image, **container} for key, container in containers.items()}
        self._spec = {"name": self.project, "containers": filled, **others}
        (self.folder / "reconciler.yaml").write_text(json.dumps(self._spec, indent=1))

    def connect(self) -> DockerEngine:
        """Connect as the command does."""
        return connect(self.proxy.host, environ=os.environ)

    def plan(self) -> Plan:
        """What would be done now."""
        spec = load(self.folder, environ=self.variables)
        with self.connect() as engine:
            return plan(spec, observe(engine, spec))

    def apply(self) -> Outcome:
        """Carry a plan out, whatever becomes of it."""
        spec = load(self.folder, environ=self.variables)
        with self.connect() as engine:
            return apply(plan(spec, observe(engine, spec)), engine)

    def converge(self) -> Outcome:
        """Apply; everything must succeed, and then nothing may be left to do."""
        outcome = self.apply()
        assert outcome.exit_code is ExitCode.OK, failures(outcome)
        self.expect_in_sync()
        return outcome

    def expect_in_sync(self) -> None:
        """Nothing is to be done, and an apply indeed calls nothing that changes anything."""
        found = self.plan()
        assert found.in_sync, changes(found)
        assert found.actions == ()

    # --- by hand ----------------------------------------------------------------------------------------------

    def name(self, key: str, number: int = 1) -> str:
        """The container's name on the Engine."""
        return f"{self.project}-{key}-{number}"

    def inspect(self, key: str, number: int = 1) -> Any:
        """The container of the spec, as the Engine tells it."""
        return self.engine.inspect(self.name(key, number))

    def id(self, key: str, number: int = 1) -> str:
        """The ID of the container of the spec."""
        return str(self.inspect(key, number)["Id"])

    def status(self, key: str, number: int = 1) -> str:
        """What the Engine says that it does: running, exited, …"""
        return str(self.inspect(key, number)["State"]["Status"])

    def started(self, key: str, number: int = 1) -> str:
        """When it was last started."""
        return str(self.inspect(key, number)["State"]["StartedAt"])

    def names(self) -> list[str]:
        """The names of all of the project's containers, leftovers too."""
        label = json.dumps({"label": [f"io.reconciler.project={self.project}"]})
        rows = self.engine.call("GET", "/containers/json", query={"all": "true", "filters": label})
        return sorted(name.removeprefix("/") for row in rows for name in row["Names"])

    def docker(self, *arguments: str) -> str:
        """The docker command, behind the reconciler's back."""
        return self.engine.docker(*arguments)

    def exec(self, key: str, *command: str) -> str:
        """What a command in the container prints."""
        return self.docker("exec", self.name(key), *command)


@contextmanager
def a_world(engine: Engine, image: str, folder: Path, *, tcp: bool = False) -> Iterator[World]:
    """A world of its own; what it holds on the Engine goes at the end. By `tcp` the Engine seems to be elsewhere."""
    project = f"w-{folder.name.replace('_', '-').lower()[-24:].strip('-')}-{uuid.uuid4().hex[:6]}"
    with Proxy(engine.socket, tcp=tcp) as proxy:
        try:
            yield World(engine, proxy, project, folder, image)
        finally:
            engine.remove_project(project)


def peers(spec: Spec, key: str, snapshot: Snapshot) -> dict[str, str]:
    """The IDs of those whom a container names, as they are now: what `Instance.peers` is outside of a plan."""
    found = {f"container:{name}": other.id for other in snapshot.others for name in other.names}
    found |= {f"container:{one.name}": one.id for one in snapshot.containers}
    found |= {f"service:{one.resource}": one.id for one in snapshot.containers if one.replica == 1}
    return {word: found[word] for word in words(spec.containers[key]) if word in found}


# --- what is asserted about ------------------------------------------------------------------------------------


def changes(found: Plan) -> dict[str, tuple[str, list[str]]]:
    """Of each change by the resource's name: the operation and the paths of its fields."""
    return {one.resource.name: (one.operation.value, [item.path for item in one.fields]) for one in found.changes}


def only_change(found: Plan) -> Change:
    """The one change that there is."""
    assert len(found.changes) == 1, changes(found)
    return found.changes[0]


def failures(outcome: Outcome) -> list[str]:
    """What failed, and why."""
    return [f"{one.action.id}: {one.error}" for one in outcome.failed]


def kinds(outcome: Outcome) -> list[str]:
    """The kinds of the actions that were done, in the order in which they ended."""
    return [one.action.kind for one in outcome.actions if one.result == "done"]
