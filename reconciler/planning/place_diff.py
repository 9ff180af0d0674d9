"""Field-level differences of one network or volume: what is wanted against what is there, row by row of its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.fields import ownership
from reconciler.fields.places import PlaceField, Report, T
from reconciler.planning.plan import FieldChange
from reconciler.planning.sensitive import is_sensitive


def place_differences(
    table: Sequence[PlaceField[T]], place: T, report: Report, labels: Mapping[str, str], sensitive: Sequence[str] = ()
) -> list[FieldChange]:
    """Every field that is not as wanted: of those that are declared, or were when it was made.

    Args:
        table: the rows of its kind.
        place: what is wanted.
        report: what is there, as the Engine reports it.
        labels: its labels, which tell what was declared when it was made.
        sensitive: the spec's `settings.sensitive`.
    """
    before = ownership.declared(labels)
    if not (before or place.model_fields_set):
        return []
    return [change for row in table for change in _differences(row, place, report, before, sensitive)]


def _differences(
    row: PlaceField[T], place: T, report: Report, before: frozenset[str], sensitive: Sequence[str]
) -> Iterator[FieldChange]:
    wanted = row.declared(place)
    wanted |= {path: row.undeclared for path in before if row.is_of(path) and path not in wanted}
    if not wanted:
        return
    actual = row.found(report)
    for path, value in sorted(wanted.items()):
        there = actual.get(path)
        if not row.same(report, path, value, there):
            hidden = is_sensitive(sensitive, path.partition(".")[2], value, there)
            yield FieldChange(path, value, there, _shown(row, value), _shown(row, there), hidden)


def _shown(row: PlaceField[T], value: object) -> str:
    return "not set" if value is None else row.show(value)
