"""A file's text, and the place in it that a person finds."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NoReturn

from reconciler.spec.diagnostics import Diagnostic, Severity, Span, spec_error

_LINE_END = re.compile(r"\r\n|\r|\n")


class Source:
    """A file's text, and the way from an index in it to a place that a person finds."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._starts: list[int] | None = None  # of the lines; made when something is wrong
        self._excerpt = (0, "")  # the last one, by line: a line of a megabyte with many errors is copied once

    def span(self, start: int, end: int) -> Span:
        """The place of this stretch, as far as it is on one line."""
        starts = self._line_starts()
        line = bisect_right(starts, start)
        column = start - starts[line - 1] + 1
        first = self.text[start : min(end, starts[line] if line < len(starts) else end)].rstrip()
        return Span(line, column, max(1, len(first)))

    def diagnostic(self, span: Span, message: str, hint: str, severity: Severity = "error") -> Diagnostic:
        """A problem here, with the line as the excerpt."""
        if self._excerpt[0] != span.line:
            starts = self._line_starts()
            end = starts[span.line] if span.line < len(starts) else len(self.text)
            self._excerpt = (span.line, self.text[starts[span.line - 1] : end].rstrip("\r\n"))
        excerpt = self._excerpt[1]
        return Diagnostic(self.name, span.line, span.column, span.length, message, hint, severity, excerpt)

    def fail(self, start: int, end: int, message: str, hint: str) -> NoReturn:
        """Raises the one problem that makes it pointless to read on."""
        raise spec_error([self.diagnostic(self.span(start, end), message, hint)]) from None

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = [0, *(end.end() for end in _LINE_END.finditer(self.text))]
        return self._starts
