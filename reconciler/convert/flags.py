"""The grammar of the docker command's flags, which is that of Go's pflag.

Source: https://github.com/spf13/pflag/blob/master/flag.go
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from reconciler.errors import UsageError
from reconciler.spec.diagnostics import closest

_TRUE = frozenset(["1", "t", "T", "TRUE", "true", "True"])
_FALSE = frozenset(["0", "f", "F", "FALSE", "false", "False"])


class Given(NamedTuple):
    """A flag on the command line.

    Attributes:
        name: its long name, without dashes.
        value: what it is given; of one that needs none, "true" or "false".
    """

    name: str
    value: str


def read(
    words: list[str], names: Collection[str], switches: Collection[str], letters: Mapping[str, str]
) -> tuple[list[Given], list[str]]:
    """The flags before the first word that is none, and the rest.

    Args:
        words: behind the name of the command.
        names: the long names of all flags.
        switches: those that need no value.
        letters: the short names: letter → long name.

    Raises:
        UsageError: a flag is unknown, or its value is missing.
    """
    return _Reader(names, switches, letters).read(words)


class _Reader:
    def __init__(self, names: Collection[str], switches: Collection[str], letters: Mapping[str, str]) -> None:
        self._names = names
        self._switches = switches
        self._letters = letters

    def read(self, words: list[str]) -> tuple[list[Given], list[str]]:
        found: list[Given] = []
        rest = list(words)
        while rest and rest[0].startswith("-") and rest[0] != "-":
            word = rest.pop(0)
            if word == "--":
                break
            found += self._long(word, rest) if word.startswith("--") else self._short(word, rest)
        return found, rest

    def _long(self, word: str, rest: list[str]) -> list[Given]:
        name, equals, value = word.removeprefix("--").partition("=")
        if name not in self._names:
            guess = closest(name, self._names)
            hint = f"did you mean --{guess}?" if guess else "`docker run --help` lists them"
            raise UsageError(f"unknown flag --{name}", hint)
        return [self._given(name, f"--{name}", value if equals else None, rest)]

    def _short(self, word: str, rest: list[str]) -> list[Given]:
        found: list[Given] = []
        letters = word.removeprefix("-")
        while letters:
            letter, letters = letters[0], letters[1:]
            name = self._letters.get(letter)
            if name is None:
                raise UsageError(f"unknown flag -{letter}", "`docker run --help` lists them")
            if letters.startswith("=") or (letters and name not in self._switches):
                found.append(self._given(name, f"-{letter}", letters.removeprefix("="), rest))
                break
            found.append(self._given(name, f"-{letter}", None, rest))
        return found

    def _given(self, name: str, shown: str, value: str | None, rest: list[str]) -> Given:
        if name in self._switches:
            if value not in _TRUE | _FALSE | {None}:
                raise UsageError(f'{shown}: "{value}" is neither true nor false', f"write {shown}, or {shown}=false")
            return Given(name, "false" if value in _FALSE else "true")
        if value is None:
            if not rest:
                raise UsageError(f"{shown} needs a value", f"write {shown} VALUE, before the image")
            value = rest.pop(0)
        return Given(name, value)
