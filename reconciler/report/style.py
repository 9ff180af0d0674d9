"""Colours, named by what they mean; and text from elsewhere, made safe for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from reconciler.spec.diagnostics import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

_ESCAPES = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t", ord("\x1b"): "\\e", 0: "\\0"}


@dataclass(frozen=True, slots=True)
class Style:
    """How text is painted: in the terminal's own 16 colours, or not at all.

    It paints what it is given: text that comes from an Engine or a spec goes through `visible` first.

    Attributes:
        colours: whether to paint.
        links: whether what can be opened may be clicked on.
    """

    colours: bool = False
    links: bool = False

    @classmethod
    def for_stream(cls, stream: TextIO, environ: Mapping[str, str]) -> Style:
        """The style that suits where the text goes.

        NO_COLOR wins over everything, as https://no-color.org asks; then FORCE_COLOR and CLICOLOR_FORCE, which CI
        systems that show colours set; else a terminal gets colours, unless it says that it can't show them.
        """
        if environ.get("NO_COLOR"):
            return cls(False)
        if any(_is_on(environ.get(name)) for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
            return cls(True, _is_terminal(stream))
        if environ.get("TERM") == "dumb" or environ.get("CLICOLOR") == "0" or environ.get("FORCE_COLOR") == "0":
            return cls(False)
        shown = not _is_on(environ.get("CI")) and _is_terminal(stream)
        return cls(shown, shown and environ.get("TERM") != "linux")

    def added(self, text: str) -> str:
        """What comes."""
        return self._paint("32", text)

    def changed(self, text: str) -> str:
        """What becomes something else."""
        return self._paint("33", text)

    def removed(self, text: str) -> str:
        """What goes."""
        return self._paint("31", text)

    def good(self, text: str) -> str:
        """What went well, or is as it should be."""
        return self._paint("32", text)

    def bad(self, text: str) -> str:
        """What went wrong, or stands in the way."""
        return self._paint("1;31", text)

    def dim(self, text: str) -> str:
        """What matters less than the rest."""
        return self._paint("2", text)

    def bold(self, text: str) -> str:
        """What the eye should find."""
        return self._paint("1", text)

    def link(self, text: str, url: str) -> str:
        """What leads somewhere; terminals that know no links show the text alone."""
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if self.links and text and url else text

    def plain(self, text: str) -> str:
        """Everything else."""
        return text

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours and text else text


def visible(text: str) -> str:
    """A value on one line, harmless to a terminal.

    The usual control characters are written as escapes, so that two values that differ in nothing else still look
    different; what remains of them `printable` replaces.
    """
    return printable(text.translate(_ESCAPES))


def one_line(text: str) -> str:
    """A sentence on one line, harmless to a terminal: line breaks become spaces."""
    return printable(" ".join(text.split()))


def is_live(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether lines may be written anew: on a terminal that can do that, and that a person looks at."""
    return _is_terminal(stream) and environ.get("TERM", "dumb") != "dumb" and not _is_on(environ.get("CI"))


def _is_on(value: str | None) -> bool:
    return (value or "").lower() not in {"", "0", "false", "no"}


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # something else than a file, or a closed one
        return False
