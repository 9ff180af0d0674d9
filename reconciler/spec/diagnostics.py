"""A problem in a spec: where it is, what is wrong, what to write instead; for a person and for a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from reconciler.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Severity = Literal["error", "warning"]

_WIDTH = 100  # characters of an excerpt; a longer line is cut around the caret
_BEFORE = 40  # of these, how many stand before the caret where the line had to be cut
_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"
_MOST_LISTED = 12  # names that there are, where none is near


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line. Line and column count from 1, in characters, as editors do."""

    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem at one place.

    Attributes:
        file: the name the user knows the file by.
        line: from 1; 0 where the problem is the file as a whole, such as a missing one.
        column: from 1.
        length: how many characters are meant, at least 1.
        message: what is wrong, on one line.
        hint: what to do or to write, on one line; may be empty.
        severity: an error stops, a warning does not.
        excerpt: the whole line, as it stands in the file.
    """

    file: str
    line: int
    column: int
    length: int
    message: str
    hint: str = ""
    severity: Severity = "error"
    excerpt: str = ""

    @property
    def position(self) -> tuple[str, int, int]:
        """The sort key: by file, then from top to bottom."""
        return self.file, self.line, self.column

    @property
    def headline(self) -> str:
        """The first line of `render()`, without the severity: place and message, safe for a terminal."""
        return f"{self.place}: {printable(self.message)}"

    def render(self) -> str:
        """The problem as a person reads it: place and message, the line, a caret with the hint."""
        headline = f"{self.place}: {self.severity}: {printable(self.message)}"
        hint = printable(self.hint)
        if not self.line or not self.excerpt:
            return f"{headline}\n  {hint}" if hint else headline
        shown, before, marked = self._cut()
        carets = "^" * max(1, _cells(marked))
        number = f"{self.line:>5}"
        gutter = " " * len(number)
        below = f"{' ' * _cells(before)}{carets} {hint}".rstrip()
        return f"{headline}\n{number} | {shown}".rstrip() + f"\n{gutter} | {below}"

    def as_dict(self) -> dict[str, Any]:
        """The problem as data for `-o json`; the excerpt is cut as in `render()`, so that it stays small."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "length": self.length,
            "severity": self.severity,
            "message": self.message,
            "hint": self.hint,
            "excerpt": self._cut()[0] if self.excerpt else "",
        }

    @property
    def place(self) -> str:
        """Where it is: `file:line:column`, or the file alone; safe for a terminal."""
        file = printable(self.file)
        return f"{file}:{self.line}:{self.column}" if self.line else file

    def _cut(self) -> tuple[str, str, str]:
        """The part of the line to show; of it, the part before the caret and the part above the carets."""
        # Cut before anything looks at each character: a hostile file is one line of a megabyte, with many
        # errors in it.
        caret = min(self.column - 1, len(self.excerpt))
        start = max(0, caret - _BEFORE) if len(self.excerpt) > _WIDTH else 0
        end = start + _WIDTH
        left = "…" if start else ""
        right = "…" if end < len(self.excerpt) else ""
        before = left + printable(self.excerpt[start:caret])
        marked = printable(self.excerpt[caret : min(end, caret + self.length)])
        rest = printable(self.excerpt[caret + len(marked) : end])
        return before + marked + rest + right, before, marked


def printable(text: str) -> str:
    """The text on one line, without a character that could move a terminal's cursor; of the same length."""
    if text.isascii() and text.isprintable():
        return text
    from unicodedata import category  # only where a message has such characters

    return "".join(
        # Spaces of other widths (Zs) do no harm; bidi overrides, escapes, line breaks and lone surrogates do.
        char if char.isprintable() or category(char) == "Zs" else " " if char == "\t" else _UNPRINTABLE
        for char in text
    )


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant, for "did you mean"; None where nothing is near."""
    if len(word) > 100:  # difflib is quadratic, and nobody misspells that much
        return None
    from difflib import get_close_matches  # only where there is something to report

    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def meant(word: str, known: Collection[str]) -> str:
    """The hint for a name that nobody knows: the one that was probably meant, or some of those that there are."""
    if guess := closest(word, known):
        return f'did you mean "{guess}"?'
    names = sorted(known)
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"there are: {', '.join(names[:_MOST_LISTED])}{more}" if names else "there are none"


def spec_error(diagnostics: Iterable[Diagnostic]) -> SpecError:
    """The error that carries these problems, sorted by position; its message is the first of them."""
    ordered = sorted(diagnostics, key=lambda diagnostic: diagnostic.position)
    first = next((one for one in ordered if one.severity == "error"), ordered[0])
    more = sum(one.severity == "error" for one in ordered) - 1
    suffix = f" (and {more} more error{'s' if more > 1 else ''})" if more > 0 else ""
    return SpecError(first.headline + suffix, printable(first.hint), ordered)


def _cells(text: str) -> int:
    """How many cells of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # as in printable()

    return sum(
        0 if category(char) in {"Mn", "Me"} else 2 if east_asian_width(char) in {"W", "F"} else 1 for char in text
    )
