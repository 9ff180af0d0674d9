"""Which values may hold a secret, and are rather not shown: by their key's name, their form, or their origin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from reconciler.spec.scalar import FromEnvFile
from reconciler.state.salt import is_salted

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan
    from reconciler.spec.model import Spec

SENSITIVE = re.compile(
    r"passw|passphrase|secret|token|credential|auth(?!or(?!i))|cookie|jwt|connection_?string"
    r"|(api|private|access|signing|encryption|session|master|account)[_.-]?key|(^|[_.-])pass$|[_.-]pwd$",
    re.I,
)
"""Names of keys and of a command's options whose values are not shown, whatever `settings.sensitive` adds."""

_CREDENTIALS = re.compile(r"://[^/@\s]*:[^/@\s]+@")
"""A URL with a password in it."""

_ASSIGNED = re.compile(r"([\w.-]+)(?:=|: )\S")
"""A name with a value, somewhere in a text: `PGPASSWORD=x psql`, `o=username=me,password=x`."""


def is_sensitive(globs: Sequence[str], key: str, *values: object) -> bool:
    """Whether one of these values may hold a secret.

    Args:
        globs: more names, with `*` for any letters: `settings.sensitive`.
        key: the name under which the values stand.
        values: canonical values of a field; None for nothing.
    """
    named = _matcher(tuple(globs))
    return any(value is not None and named(key) for value in values) or any(
        isinstance(text, FromEnvFile) or named(name) or _holds_secret(text, named)
        for value in values
        for name, text in _texts("", value)
    )


def secrets_of(spec: Spec) -> Callable[[str, object], bool]:
    """Whether the value of a key may be a secret, in plain data that `spec.writing.native` made of this spec."""
    given = {
        (name, text.replace("$", "$$"))
        for container in spec.containers.values()
        for name, text in container.environment.items()
        if isinstance(text, FromEnvFile)
    }

    def is_secret(key: str, value: object) -> bool:
        return (isinstance(value, str) and (key, value) in given) or is_sensitive(spec.settings.sensitive, key, value)

    return is_secret


def revealed(plan: Plan) -> Plan:
    """The plan with every value to be seen: for who asked for it."""
    changes = tuple(
        replace(change, fields=tuple(replace(field, sensitive=False) for field in change.fields))
        for change in plan.changes
    )
    return replace(plan, changes=changes)


def _holds_secret(text: str, named: _Matcher) -> bool:
    if is_salted(text) or _CREDENTIALS.search(text) or (text.startswith("-") and SENSITIVE.search(text)):
        return True
    return any(named(found[1]) for found in _ASSIGNED.finditer(text))


def _texts(key: str, value: object) -> Iterator[tuple[str, str]]:
    """Each text in a canonical value, with the name of its key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(str(name), item)
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from _texts("", item)


class _Matcher:
    """Whether a key's name says that its value is not to be shown."""

    def __init__(self, globs: tuple[str, ...]) -> None:
        patterns = (".*".join(map(re.escape, glob.split("*"))) for glob in globs)
        self._given = re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I) if globs else None

    def __call__(self, key: str) -> bool:
        return bool(SENSITIVE.search(key)) or bool(self._given and self._given.fullmatch(key))


@cache
def _matcher(globs: tuple[str, ...]) -> _Matcher:
    return _Matcher(globs)
