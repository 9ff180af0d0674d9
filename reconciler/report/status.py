"""What is wanted beside what is there, for every resource of a project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reconciler.fields import ownership
from reconciler.fields.base import Instance, at
from reconciler.fields.network import show_port
from reconciler.planning.plan import LEFT_ALONE, Operation, Plan, by_number
from reconciler.planning.slots import find_slot, key_of
from reconciler.planning.volumes import used_on
from reconciler.report.json_form import conflict_dicts, engine_dict
from reconciler.report.layout import Cell, Row, needs, table, without_empty, wrap
from reconciler.report.links import with_links
from reconciler.report.plan_text import paint_of, sign_of
from reconciler.report.style import Style, one_line, visible
from reconciler.report.words import age, counted
from reconciler.spec.reference import full_reference
from reconciler.state.resource import Kind, ResourceKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.planning.plan import Change
    from reconciler.report.layout import Paint
    from reconciler.spec.model import Spec
    from reconciler.state.snapshot import ContainerState, Snapshot

PRESENT = "present"
MISSING = "missing"
ABSENT = "absent"

_MOST_PORTS = 4
_LEAST_DRIFT = 7
"""What names leave to the last column: "in sync"."""

_ANY_ADDRESS = {"0.0.0.0", "::"}
_WITH_A_PAST = {"exited", "dead"}
_WITH_A_REASON = {Operation.REMOVE, Operation.HOLD, Operation.DRIFT}


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One resource: wanted, and there.

    Attributes:
        resource: which one, by its name on the Engine.
        wanted: running, stopped, paused, completed, present or absent; empty where no spec says.
        state: a container's as Docker says it (running, exited, …), or present, or missing.
        exit_code: of a container that ended; else None.
        since: since when a container has been in that state, RFC 3339; empty where not known.
        seconds: how long that was when the snapshot was taken; None where not known.
        health: starting, healthy or unhealthy; None where nothing checks it.
        image: the reference that a container was made with.
        ports: a container's ports that are published now, such as `8080→80`.
        moved: whether that reference names another image by now; None where it names none.
        restarts: how often the Engine restarted a container by its policy.
        operation: what the plan would do; None for nothing.
        fields: the paths of the fields that differ.
        note: why, where no field says it.
        conflict: what stands in the way; empty for nothing.
    """

    resource: ResourceKey
    wanted: str
    state: str
    exit_code: int | None = None
    since: str = ""
    seconds: int | None = None
    health: str | None = None
    image: str = ""
    moved: bool | None = None
    ports: tuple[str, ...] = ()
    restarts: int = 0
    operation: Operation | None = None
    fields: tuple[str, ...] = ()
    note: str = ""
    conflict: str = ""

    @property
    def in_sync(self) -> bool:
        """Whether nothing is to be done about it."""
        return self.operation is None and not self.conflict

    @property
    def needs_a_look(self) -> bool:
        """Whether it is not as declared, or in trouble even if it is."""
        return not self.in_sync or _is_troubled(self)


def status_rows(plan: Plan, spec: Spec | None, snapshot: Snapshot) -> list[StatusRow]:
    """Every resource that the spec wants or that is the project's, by kind and name.

    Args:
        plan: what would be done, planned from the other two.
        spec: what is wanted; None where only what is there is asked for.
        snapshot: what is there.
    """
    spec = used_on(spec, snapshot) if spec else None
    changes: dict[ResourceKey, list[Change]] = {}
    for change in plan.changes:
        changes.setdefault(change.resource, []).append(change)
    conflicts = {conflict.resource: conflict.message for conflict in plan.conflicts}
    rows = {
        row.resource: row
        for rows in (_images(spec, snapshot), _networks(plan, spec, snapshot), _volumes(plan, spec, snapshot))
        for row in rows
    }
    rows |= {row.resource: row for row in _containers(spec, snapshot)}
    kinds = list(Kind)
    return [
        _with_drift(rows[key], changes.get(key, []), conflicts.get(key, ""))
        for key in sorted(rows, key=lambda key: (kinds.index(key.kind), by_number(key.name)))
    ]


def status_text(
    plan: Plan,
    rows: Sequence[StatusRow],
    style: Style,
    width: int,
    host: str = "localhost",
    below: Sequence[str] = (),
) -> str:
    """The rows as a table; on a terminal too narrow for it, each container's details on a line below.

    Without a line break at the end.

    Args:
        plan: as for `status_rows`.
        rows: from there.
        style: how to paint.
        width: columns of the terminal.
        host: the machine whose ports the containers publish on, for links.
        below: lines that stand below the heading.
    """
    engine = f"Docker {visible(plan.engine.version)}"
    project = style.bold(visible(plan.project))
    if not rows:
        return "\n".join([f"{project} on {engine}: nothing declared, nothing there.", *below])
    compared = any(row.wanted for row in rows)
    differing = sum(not row.in_sync for row in rows)
    verdict = f"{differing} of {counted(len(rows), 'resource')} not as declared" if differing else "in sync"
    heading = f"{project} on {engine}{f': {verdict}' if compared else ''}"
    wide, narrow = (
        [_heading(style, compared, wide=is_wide), *(_row(row, style, compared, host, wide=is_wide) for row in rows)]
        for is_wide in (True, False)
    )
    fitting = wide if needs(wide) <= width else narrow
    return "\n".join([heading, *below, "", *table(without_empty(fitting), width, _LEAST_DRIFT)])


def status_dict(plan: Plan, rows: Sequence[StatusRow]) -> dict[str, Any]:
    """The rows as data for `-o json`."""
    return {
        "project": plan.project,
        "engine": engine_dict(plan.engine),
        "in_sync": plan.in_sync,
        "resources": [
            {
                "kind": row.resource.kind.value,
                "name": row.resource.name,
                "wanted": row.wanted or None,
                "state": row.state,
                "exit_code": row.exit_code,
                "since": row.since or None,
                "seconds": row.seconds,
                "health": row.health,
                "image": row.image or None,
                "image_moved": row.moved,
                "ports": list(row.ports),
                "restarts": row.restarts,
                "in_sync": row.in_sync,
                "operation": row.operation.value if row.operation else None,
                "fields": list(row.fields),
                "note": row.note,
            }
            for row in rows
        ],
        "conflicts": conflict_dicts(plan.conflicts),
        "kept_volumes": list(plan.kept_volumes),
    }


# --- rows --------------------------------------------------------------------------------------------------


def _images(spec: Spec | None, snapshot: Snapshot) -> Iterator[StatusRow]:
    if spec is None:
        return
    wanted = {full_reference(text): text for text in spec.images}
    for container in spec.containers.values():
        if container.state.value != ABSENT:
            wanted.setdefault(full_reference(container.image), container.image)
    for text in wanted.values():
        yield StatusRow(ResourceKey(Kind.IMAGE, text), PRESENT, PRESENT if snapshot.image(text) else MISSING)


def _networks(plan: Plan, spec: Spec | None, snapshot: Snapshot) -> Iterator[StatusRow]:
    keys: set[str] = set()
    if spec:
        keys |= set(spec.networks)
        for container in spec.containers.values():
            keys |= set(container.networks) if container.state.value != ABSENT else set()
    names = {spec.network_name(key) for key in keys} if spec else set()
    yield from _places(
        Kind.NETWORK, names, snapshot.networks, plan.project, unwanted=ABSENT if spec and spec.settings.prune else ""
    )


def _volumes(plan: Plan, spec: Spec | None, snapshot: Snapshot) -> Iterator[StatusRow]:
    names = {spec.volume_name(key) for key in spec.volumes} if spec else set()
    yield from _places(Kind.VOLUME, names, snapshot.volumes, plan.project, unwanted="")


def _places(kind: Kind, wanted: set[str], there: Sequence[Any], project: str, *, unwanted: str) -> Iterator[StatusRow]:
    names = {place.name for place in there}
    for name in wanted:
        yield StatusRow(ResourceKey(kind, name), PRESENT, PRESENT if name in names else MISSING)
    for place in there:
        if place.labels.get(ownership.PROJECT) == project and place.name not in wanted:
            yield StatusRow(ResourceKey(kind, place.name), unwanted, PRESENT)


def _containers(spec: Spec | None, snapshot: Snapshot) -> Iterator[StatusRow]:
    shown: set[str] = set()
    places: dict[tuple[str, int], list[ContainerState]] = defaultdict(list)
    for state in snapshot.containers:
        places[key_of(spec, state) if spec else state.resource, state.replica].append(state)
    for key, container in spec.containers.items() if spec else ():
        if spec is None or container.state.value == ABSENT:
            continue
        for number in range(1, container.replicas + 1):
            instance = Instance(spec, key, number)
            current = find_slot(instance.name, places[key, number]).current
            resource = ResourceKey(Kind.CONTAINER, instance.name)
            if current is None:
                yield StatusRow(resource, container.state.value, MISSING)
            else:
                shown.add(current.id)
                yield _container(resource, container.state.value, current, snapshot)
    for state in snapshot.containers:
        if state.id not in shown:
            resource = ResourceKey(Kind.CONTAINER, state.name)
            yield _container(resource, ABSENT if spec and spec.settings.prune else "", state, snapshot)


def _container(resource: ResourceKey, wanted: str, state: ContainerState, snapshot: Snapshot) -> StatusRow:
    has_ended = state.status in _WITH_A_PAST
    is_running = state.status in {"running", "paused"}
    since = state.started_at if is_running else str(at("State.FinishedAt", state.inspect) or "") if has_ended else ""
    seconds = _seconds_between(since, snapshot.taken_at)
    return StatusRow(
        resource,
        wanted,
        state.status,
        exit_code=state.exit_code if has_ended or state.status == "restarting" else None,
        since=since if seconds is not None else "",
        seconds=seconds,
        # The Engine keeps the last health of a container that has ended.
        health=state.health if state.status == "running" else None,
        image=state.image,
        moved=here.id != state.image_id if (here := snapshot.image(state.image)) else None,
        ports=tuple(_ports(state)),
        restarts=state.restart_count,
    )


def _ports(state: ContainerState) -> list[str]:
    published: dict[str, list[dict[str, str]] | None] = at("NetworkSettings.Ports", state.inspect) or {}
    bindings = {
        # Listening on all addresses is reported twice, for IPv4 and for IPv6.
        (target, "" if entry.get("HostIp") in _ANY_ADDRESS else entry.get("HostIp") or "", entry.get("HostPort") or "")
        for target, entries in published.items()
        for entry in entries or ()
    }
    return [show_port(binding) for binding in sorted(bindings, key=_port_order)]


def _port_order(binding: tuple[str, str, str]) -> tuple[int, str, str, int]:
    target, host_ip, host_port = binding
    number, _, protocol = target.partition("/")
    return (_number(number), protocol, host_ip, _number(host_port))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _seconds_between(since: str, until: str) -> int | None:
    try:
        began, ended = datetime.fromisoformat(since), datetime.fromisoformat(until)
        seconds = (ended - began).total_seconds()
    except (ValueError, TypeError):
        return None
    # The Engine writes the year 1 for "never". Its clock may be ahead of ours.
    return max(0, int(seconds)) if began.year > 1 else None


def _with_drift(row: StatusRow, changes: Sequence[Change], conflict: str) -> StatusRow:
    # Of one container a part may be held back and another be done: what is done counts.
    operations = sorted((change.operation for change in changes), key=LEFT_ALONE.__contains__)
    return replace(
        row,
        operation=operations[0] if operations else None,
        fields=tuple(field.path for change in changes for field in change.fields),
        note="; ".join(change.note for change in changes if change.note and change.operation in _WITH_A_REASON),
        conflict=conflict,
    )


# --- text --------------------------------------------------------------------------------------------------


def _heading(style: Style, compared: bool, *, wide: bool) -> Row:
    words = ["KIND", "NAME", "WANTED", "ACTUAL", *(["IMAGE", "PORTS", "RESTARTS"] if wide else [])]
    last = Cell("DRIFT" if compared else "", style.dim)
    return Row(Cell(""), [Cell(word, style.dim) for word in words], lambda _room: [last])


def _row(row: StatusRow, style: Style, compared: bool, host: str, *, wide: bool) -> Row:
    ports = ", ".join([*row.ports[:_MOST_PORTS], *([f"+{len(row.ports) - 4}"] if len(row.ports) > _MOST_PORTS else [])])
    image = visible(row.image) + (" (tag moved)" if row.moved else "")
    restarts = str(row.restarts) if row.restarts else ""

    def linked(text: str) -> str:
        return with_links(text, host, style)

    columns = [
        Cell(row.resource.kind.value),
        Cell(visible(row.resource.name), style.bold),
        Cell(row.wanted),
        Cell(_actual(row), _paint_state(row, style)),
    ]
    under: list[Cell] = []
    if wide:
        columns += [Cell(image), Cell(visible(ports), linked), Cell(restarts, style.changed)]
    else:
        details = [image, visible(ports), counted(row.restarts, "restart") if row.restarts else ""]
        if text := ", ".join(filter(None, details)):
            under = [Cell(text, lambda text: style.dim(linked(text)))]
    drift, paint = _drift(row, style) if compared else ("", style.plain)
    return Row(
        _sign(row, style, compared), columns, lambda room: [Cell(line, paint) for line in wrap(drift, room)], under
    )


def _actual(row: StatusRow) -> str:
    state = visible(row.state)
    if _has_completed(row):
        state = "completed"
    elif row.exit_code is not None:
        state = f"{state} ({row.exit_code})"
    if row.seconds is not None:
        state += f" {age(row.seconds)}{' ago' if row.state in _WITH_A_PAST else ''}"
    return f"{state} ({row.health})" if row.health else state


def _is_troubled(row: StatusRow) -> bool:
    """Whether somebody should look at it, even if it is as declared: one that restarts for ever is, too."""
    if row.state in {MISSING, "dead"} or row.health == "unhealthy":
        return True
    return row.wanted in {"running", "paused", "completed"} and bool(row.exit_code)


def _has_completed(row: StatusRow) -> bool:
    """Whether it is a job that has done its work; where one is not wanted, nobody knows whether it is one."""
    return row.wanted == "completed" and row.state == "exited" and row.exit_code == 0


def _paint_state(row: StatusRow, style: Style) -> Paint:
    if _is_troubled(row):
        return style.bad
    unsettled = row.state == "restarting" or (row.state == "paused" and row.wanted != "paused")
    return style.changed if row.health == "starting" or unsettled else style.plain


def _sign(row: StatusRow, style: Style, compared: bool) -> Cell:
    if row.conflict:
        return Cell("!", style.bad)
    if row.operation:
        return sign_of(row.operation, style)
    if _is_troubled(row):
        return Cell("!", style.bad)
    return Cell("✓" if compared and row.wanted else "", style.good)


def _drift(row: StatusRow, style: Style) -> tuple[str, Paint]:
    if row.conflict:
        return f"conflict: {one_line(row.conflict)}", style.bad
    if row.operation is None:
        return ("in sync", style.dim) if row.wanted else ("stays", style.dim)
    why = ", ".join(map(visible, row.fields)) or one_line(row.note)
    return f"{row.operation}: {why}" if why else row.operation.value, paint_of(row.operation, style)
