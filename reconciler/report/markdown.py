"""Text from elsewhere, made safe for Markdown as GitHub and GitLab render it."""

from __future__ import annotations

import re

from reconciler.report.style import one_line, visible

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$]|^[-+=#]|^\d+[.)](?= |$)")
"""What may mean something, in one dialect or another: anywhere, or where a line begins."""

_MENTION = re.compile(r"([@#])(?=\w)")
"""`@somebody` would tell that person, `#1` would link an issue."""

_NO_WIDTH = "\u200b"

_AWKWARD = re.compile(r"[`|\\]|^ | $|^$")
"""What does not survive between backticks, least of all in a table."""

_CODE_SPAN = re.compile(r"`([^`]+)`")


def code(text: str) -> str:
    """A value, as code; in a table too."""
    text = visible(text)
    if not _AWKWARD.search(text):
        return f"`{text}`"
    return f"<code>{''.join(_entity(char) for char in text)}</code>"


def prose(text: str) -> str:
    """A sentence: what stands in backticks in it becomes code, and nothing else means anything."""
    parts = _CODE_SPAN.split(one_line(text))
    return "".join(code(part) if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _escaped(text: str) -> str:
    text = _MENTION.sub(f"\\1{_NO_WIDTH}", text)
    return _SPECIAL.sub(_meaningless, text)


def _meaningless(found: re.Match[str]) -> str:
    number, sign = found[0][:-1], found[0][-1]
    return number + (_entity(sign) if sign in "<>&|`" else f"\\{sign}")


def _entity(char: str) -> str:
    return char if char.isalnum() or char == " " or not char.isascii() else f"&#{ord(char)};"
