"""Field-level differences of one network or volume: what is wanted against what is there, row by row of its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.fields import ownership
from reconciler.fields.places import PlaceField, Report, T
from reconciler.planning.diff import SENSITIVE, is_sensitive
from reconciler.planning.plan import FieldChange


def place_differences(
    table: Sequence[PlaceField[T]], place: T, report: Report, labels: Mapping[str, str]
) -> list[FieldChange]:
    """Every field that is not as wanted: of those that are declared, or were when it was made.

    Args:
        table: the rows of its kind.
        place: what is wanted.
        report: what is there, as the Engine reports it.
        labels: its labels, which tell what was declared when it was made.
    """
    before = ownership.declared(labels)
    return [change for row in table for change in _differences(row, place, report, before)]


def _differences(row: PlaceField[T], place: T, report: Report, before: frozenset[str]) -> Iterator[FieldChange]:
    wanted, actual = row.declared(place), row.found(report)
    wanted |= {path: row.undeclared for path in before if row.is_of(path) and path not in wanted}
    for path, value in sorted(wanted.items()):
        there = actual.get(path)
        if value != there:
            yield FieldChange(
                path, value, there, _shown(row, value), _shown(row, there), _is_secret(path, value, there)
            )


def _shown(row: PlaceField[T], value: object) -> str:
    return "not set" if value is None else row.show(value)


def _is_secret(path: str, *values: object) -> bool:
    # A driver's option may hold others: `o: username=me,password=…`.
    texts = [value for value in values if isinstance(value, str)]
    return is_sensitive(path, *values) or any(SENSITIVE.search(text) for text in texts)
