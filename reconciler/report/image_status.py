"""The images of a project: what is here, who runs it, and whether a registry has another one by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.report.layout import Cell, Row, table, wrap
from reconciler.report.style import Style, one_line, visible
from reconciler.report.words import counted
from reconciler.spec.reference import full_reference, parse_reference
from reconciler.spec.wanted_images import wanted_images

if TYPE_CHECKING:
    from reconciler.report.layout import Paint
    from reconciler.spec.model import Spec
    from reconciler.spec.wanted_images import WantedImage
    from reconciler.state.images import Offer
    from reconciler.state.snapshot import Snapshot

_SHORT_ID = 12
_LEAST_FLOW = 10

MISSING = "missing"
CURRENT = "up to date"
NEWER = "another one"
MADE_HERE = "made here"
PINNED = "pinned"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One reference.

    Attributes:
        reference: as the spec writes it.
        id: of the image that it names on the Engine; empty where it names none.
        users: containers of the project that run it, by name.
        behind: those of them that run another image than it names now.
        registry: `up to date`, `another one`, `made here`, `pinned`, `unknown`, or `missing` where nothing can be held
            against what a registry has.
        offered: the digest that the registry has under it; empty where it was not asked or could not say.
        problem: why it could not.
    """

    reference: str
    id: str
    users: tuple[str, ...]
    behind: tuple[str, ...]
    registry: str
    offered: str = ""
    problem: str = ""

    @property
    def needs_a_look(self) -> bool:
        """Whether it is missing, or not what runs, or not what the registry has."""
        return not self.id or bool(self.behind) or self.registry == NEWER


def asked_for(spec: Spec) -> list[str]:
    """The references that a registry can be asked for."""
    return [wanted.text for wanted in _wanted(spec) if not _settled(wanted)]


def image_rows(spec: Spec, snapshot: Snapshot, offers: Mapping[str, Offer]) -> list[ImageRow]:
    """Every image that the spec wants, by its reference.

    Args:
        spec: what is wanted.
        snapshot: what is there.
        offers: what the registries have, by the references of `asked_for`.
    """
    return [_row(wanted, snapshot, offers.get(wanted.text)) for wanted in _wanted(spec)]


def _wanted(spec: Spec) -> list[WantedImage]:
    return sorted((one for one in wanted_images(spec).values() if not one.is_absent), key=lambda one: one.text)


def _settled(wanted: WantedImage) -> str:
    if wanted.build or wanted.is_made_here:
        return MADE_HERE
    return PINNED if "@" in wanted.full else ""


def _row(wanted: WantedImage, snapshot: Snapshot, offer: Offer | None) -> ImageRow:
    here = snapshot.image(wanted.text)
    users = [one for one in snapshot.containers if full_reference(one.image) == wanted.full]
    registry, problem, offered = _settled(wanted), "", ""
    if not registry:
        offered = (offer.digest if offer else None) or ""
        problem = offer.problem if offer else ""
        repository = parse_reference(wanted.text)
        name = f"{repository.domain}/{repository.path}@{offered}"
        registry = UNKNOWN if not offered else MISSING if not here else CURRENT if name in here.references else NEWER
    return ImageRow(
        wanted.text,
        here.id if here else "",
        tuple(one.name for one in users),
        tuple(one.name for one in users if here and one.image_id != here.id),
        registry,
        offered,
        problem,
    )


def image_status_text(project: str, rows: Sequence[ImageRow], style: Style, width: int) -> str:
    """The rows as a table. Without a line break at the end."""
    name = style.bold(visible(project))
    if not rows:
        return f"{name}: no images."
    looks = sum(row.needs_a_look for row in rows)
    verdict = f"{looks} of {counted(len(rows), 'image')} to look at" if looks else "all as they should be"
    words = [Cell(word, style.dim) for word in ("KIND", "NAME", "HERE", "USED BY")]
    heading = Row(Cell(""), words, lambda _room: [Cell("REGISTRY", style.dim)])
    lines = table([heading, *(_text(row, style) for row in rows)], width, _LEAST_FLOW)
    return "\n".join([f"{name}: {verdict}", "", *lines])


def _text(row: ImageRow, style: Style) -> Row:
    words, paint = _said(row, style)
    users = ", ".join(map(visible, row.users)) if len(row.users) < 3 else counted(len(row.users), "container")
    sign = (
        Cell("+", style.added)
        if not row.id
        else Cell("~", style.changed)
        if row.needs_a_look
        else Cell("✓", style.good)
    )
    cells = [
        Cell("image"),
        Cell(visible(row.reference), style.bold),
        Cell(_short(row.id) or MISSING, style.plain if row.id else style.bad),
        Cell(users),
    ]
    return Row(sign, cells, lambda room: [Cell(line, paint) for line in wrap(words, room)])


def _said(row: ImageRow, style: Style) -> tuple[str, Paint]:
    parts = [f"the tag has moved since {', '.join(map(visible, row.behind))} was made"] if row.behind else []
    if row.registry == NEWER:
        parts.insert(0, f"the registry has another one: {_short(row.offered)}")
    elif row.registry == UNKNOWN:
        parts.insert(0, f"can't say: {one_line(row.problem)}" if row.problem else "not asked")
    elif row.registry == MISSING:
        parts.insert(0, f"the registry has {_short(row.offered)}")
    else:
        parts.insert(0, row.registry)
    return "; ".join(parts), style.changed if row.needs_a_look else style.dim


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:_SHORT_ID]


def image_status_dict(project: str, rows: Sequence[ImageRow]) -> dict[str, Any]:
    """The rows as data for `-o json`."""
    return {
        "project": project,
        "images": [
            {
                "reference": row.reference,
                "id": row.id or None,
                "used_by": list(row.users),
                "behind": list(row.behind),
                "registry": row.registry,
                "offered": row.offered or None,
                "problem": row.problem or None,
            }
            for row in rows
        ],
    }
