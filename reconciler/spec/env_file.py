"""Files of variables: `.env`, `env_file`, `label_file`. Compose's grammar, which is its dotenv library's.

Source: https://github.com/compose-spec/compose-go/tree/main/dotenv
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from reconciler.spec.diagnostics import Span, spec_error
from reconciler.spec.interpolation import interpolate
from reconciler.spec.source import Source
from reconciler.spec.uses import FromFile, Place, Use

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic, Severity

_KEY = re.compile(r"(?:export[ \t]+)?([A-Za-z0-9_.\-\[\]]+)[ \t]*([=:]?)")
_COMMENT = re.compile(r"[ \t]+#.*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", '"': '"', "\\": "\\", "'": "'"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_BLANK = re.compile(r"(?:\s|#[^\n]*)*")

Variables = dict[str, str]


def parse_variables(
    content: bytes,
    name: str,
    outside: Mapping[str, str],
    *,
    earlier: Mapping[str, str] | None = None,
    raw: bool = False,
) -> tuple[Variables, list[Diagnostic]]:
    """Read a file of variables.

    Args:
        content: the file's.
        name: by which the user knows it.
        outside: the variables that its values may use, and that a `KEY` without a value is taken from.
        earlier: variables that its values may use too, if neither the file nor `outside` has them.
        raw: take each line after `KEY=` as it is: no quotes, no variables, no comments behind a value.

    Returns:
        The variables, and the warnings: variables that are not set. A value that stands in the file is a `FromFile`.

    Raises:
        SpecError: with the place in this file.
    """
    from reconciler.spec.document import decoded

    text = decoded(content, name).replace("\r\n", "\n")
    file = _File(Source(name, text), text, outside, earlier or {})
    if raw:
        file.read_raw()
    else:
        file.read()
    if file.problems:
        raise spec_error(file.problems)
    return file.variables, file.warnings


class _File:
    def __init__(self, source: Source, text: str, outside: Mapping[str, str], earlier: Mapping[str, str]) -> None:
        self._source = source
        self._text = text
        self._outside = outside
        self._earlier = earlier
        self.variables: Variables = {}
        self.problems: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []

    def read_raw(self) -> None:
        position = 0
        for line in self._text.split("\n"):
            stripped = line.lstrip()
            start, position = position + len(line) - len(stripped), position + len(line) + 1
            if not stripped or stripped.startswith("#"):
                continue
            key, equals, value = stripped.partition("=")
            if not key or any(char.isspace() for char in key):
                self._no_key(start, start + max(1, len(key)))
            elif equals:
                self.variables[key] = self._given(value, start)
            else:
                self._take(key)

    def read(self) -> None:
        text, position = self._text, 0
        while True:
            blank = _BLANK.match(text, position)
            position = blank.end() if blank else position
            if position >= len(text):
                return
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            found = _KEY.match(text, position, end)
            if found is None or (not found[2] and text[found.end() : end].split("#")[0].strip()):
                self._no_key(position, end)
                position = end
            elif not found[2]:
                self._take(found[1])
                position = end
            else:
                position = self._value(found[1], found.end(), end)

    def _take(self, key: str) -> None:
        if key in self._outside:
            self.variables[key] = self._outside[key]

    def _value(self, key: str, start: int, end: int) -> int:
        """Reads the value that starts here, and tells where it ends."""
        text = self._text
        while start < end and text[start] in " \t":
            start += 1
        quote = text[start : start + 1]
        if quote not in {"'", '"'}:
            value = _COMMENT.sub("", text[start:end]).strip()
            value = "" if text[start : start + 1] == "#" and text[start - 1] in " \t" else value
            self.variables[key] = self._put_in(value, start)
            return end
        close = start + 1
        while close < len(text) and text[close] != quote:
            close += 2 if text[close] == "\\" else 1
        if close >= len(text):
            hint = f"close it with another {quote}"
            self.problems.append(self._at(start, end, "this quote is never closed", hint))
            return len(text)
        inside = text[start + 1 : close]
        if quote == '"':
            # The dollar of "\$" must survive the variables.
            template = _ESCAPE.sub(lambda one: "$$" if one[1] == "$" else _ESCAPES.get(one[1], one[0]), inside)
            self.variables[key] = self._put_in(template, start + 1)
        else:
            self.variables[key] = self._given(inside.replace("\\'", "'"), start + 1)
        after = text.find("\n", close)
        return len(text) if after < 0 else after

    def _given(self, value: str, start: int, uses: Iterable[Use] = ()) -> FromFile:
        span = self._source.span(start, start)
        return FromFile(value, Place(self._source.name, span.line, span.column), tuple(uses))

    def _put_in(self, value: str, start: int) -> FromFile:
        # Shown without the value: a file of variables is where secrets are.
        def place(offset: int, length: int) -> tuple[int, int]:
            return start + offset, start + offset + length

        def problem(_path: object, offset: int, length: int, message: str, hint: str) -> None:
            self.problems.append(self._at(*place(offset, length), message, hint))

        def undefined(_path: object, offset: int, length: int, message: str, _hint: str) -> None:
            hint = "it counts as empty; put single quotes around text with a literal dollar"
            self.warnings.append(self._at(*place(offset, length), message, hint, warning=True))

        # What is set outside comes first, as in Compose: the file has the defaults.
        scope = {**self._earlier, **self.variables, **self._outside}
        uses: dict[Use, None] = {}

        def used(_path: object, use: Use) -> None:
            uses[use] = None

        return self._given(interpolate(value, scope, problem, undefined=undefined, used=used), start, uses)

    def _no_key(self, start: int, end: int) -> None:
        self.problems.append(
            self._at(start, end, "this line is no KEY=VALUE", 'write KEY=VALUE, or "#" before a comment')
        )

    def _at(self, start: int, end: int, message: str, hint: str, *, warning: bool = False) -> Diagnostic:
        from reconciler.spec.diagnostics import Diagnostic

        span: Span = self._source.span(start, end)
        # Without the line itself: it may hold a secret.
        severity: Severity = "warning" if warning else "error"
        return Diagnostic(self._source.name, span.line, span.column, span.length, message, hint, severity)
