"""What a `.dockerignore` keeps out of a build, by Docker's own rules.

Sources: https://github.com/moby/patternmatcher (patternmatcher.go and ignorefile/ignorefile.go), and for what is looked
for below an excluded folder BuildKit's, which is Docker's builder of today. The SDK has such a matcher too; it follows
an older rule, by which `**/x` does not exclude what lies in x.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.errors import EngineError

_ESCAPED = frozenset(".+()|{}$")


@dataclass(frozen=True, slots=True)
class _Pattern:
    regex: re.Pattern[str]
    is_exception: bool


class Ignored:
    """Tells which paths of a context are ignored."""

    def __init__(self, text: str) -> None:
        """Read a `.dockerignore`.

        Raises:
            EngineError: a pattern makes no sense.
        """
        self._patterns = [_pattern(line) for line in _lines(text)]

    @property
    def has_exceptions(self) -> bool:
        """Whether something in an ignored folder may be wanted all the same."""
        return any(pattern.is_exception for pattern in self._patterns)

    def __contains__(self, path: str) -> bool:
        """Whether a path, relative to the context and with slashes, is ignored."""
        parts = path.split("/")
        paths = ["/".join(parts[: number + 1]) for number in range(len(parts))]
        ignored = False
        for pattern in self._patterns:
            # The last pattern that fits the path or a folder above it decides.
            if pattern.is_exception is ignored and any(map(pattern.regex.fullmatch, paths)):
                ignored = not pattern.is_exception
        return ignored


def _lines(text: str) -> Sequence[str]:
    """The patterns: without comments and empty lines, in the shortest form of each path."""
    found = []
    for line in text.removeprefix("\ufeff").splitlines():
        if line.startswith("#"):
            continue
        pattern = line.strip()
        sign = "!" if pattern.startswith("!") else ""
        pattern = pattern.removeprefix("!").strip()
        if pattern:
            pattern = posixpath.normpath(pattern)
            # Two slashes at the beginning stay with Python, and not with Go.
            pattern = pattern.lstrip("/") or "/"
        if sign or pattern:
            found.append(sign + pattern)
    return found


def _pattern(line: str) -> _Pattern:
    is_exception = line.startswith("!")
    text = line.removeprefix("!")
    if not text:
        raise EngineError('.dockerignore has a "!" alone', 'write what is not ignored: "!FILE"')
    try:
        return _Pattern(re.compile(_regex(text)), is_exception)
    except re.error as error:
        raise EngineError(f'.dockerignore: "{text}" is no pattern: {error}', "correct or escape it") from None


def _regex(pattern: str) -> str:
    """A pattern as a regular expression: `**` is any folders, `*` and `?` are within one."""
    regex, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*" and pattern.startswith("*", at):
            at += 1
            if pattern.startswith("/", at):
                at += 1
            regex += "(.*/)?" if at < len(pattern) else ".*"
        elif char == "*":
            regex += "[^/]*"
        elif char == "?":
            regex += "[^/]"
        elif char in _ESCAPED:
            regex += f"\\{char}"
        elif char == "\\":
            regex += re.escape(pattern[at]) if at < len(pattern) else r"\\"
            at += 1
        else:
            regex += char
    return regex
