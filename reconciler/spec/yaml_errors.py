"""What libyaml and PyYAML say → what a person can use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yaml.error import YAMLError

_FORBIDDEN = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"

NO_KEY = ('the key before ":" is missing', 'write it as "name: value"')
_NO_VALUE = ("a value is missing before this", "write one, or put quotes around text with such characters")
_INDENTATION = (
    "this line fits neither the lines above nor a new key",
    "check its indentation, and quotes that end too early",
)
_ESCAPE = ("an escape that YAML does not know", 'write "\\\\" for a backslash, or use single quotes')
_NO_NAME = (
    "an anchor or alias needs a name of letters, digits, - and _",
    "name it, or put quotes around text that starts with & or *",
)
_OPEN_QUOTE = ("this quote is never closed", "close it")
_BAD_TAG = ("a tag that is not known", 'remove it, or put quotes around text that starts with "!"')
# The first that is contained in the parser's words holds.
_EXPLANATIONS = {
    "mapping values are not allowed": (
        'a ":" that can\'t stand here',
        'put quotes around text that contains ": ", and check the indentation',
    ),
    "could not find expected ':'": (
        'a key without ":"',
        'write it as "name: value"; text of several lines needs "|" or quotes',
    ),
    "did not find expected key": _INDENTATION,
    "expected <block end>": _INDENTATION,
    "node content": _NO_VALUE,
    "did not find expected '-'": ('a "-" is missing: this stands in a list', "check the indentation"),
    "sequence entries are not allowed": (
        'the "-" of a list can\'t stand here',
        "start the list on a line of its own",
    ),
    "mapping keys are not allowed": (
        "a key can't stand here",
        "start the mapping on a line of its own",
    ),
    "expected ',' or": (
        'a "," is missing, or the closing bracket',
        "close the bracket; separate items with commas; quote text with brackets in it",
    ),
    "unexpected end of stream": _OPEN_QUOTE,
    "unexpected document": _OPEN_QUOTE,
    "escape": _ESCAPE,
    "hexdecimal": _ESCAPE,  # libyaml's own spelling
    "cannot start any token": ("text can't start with this character", "put quotes around the text"),
    "tag": _BAD_TAG,
    "expected <document start>": ("this does not belong to the document above", "check the indentation"),
    "alphabetic or numeric": _NO_NAME,
    "directive": ("a directive that is not known", 'put quotes around text that starts with "%"'),
}


def explain(error: YAMLError, text: str) -> tuple[int, int, str, str]:
    """Start, end, message and hint for what the parser could not read."""
    problem = str(getattr(error, "problem", None) or "")
    context = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or context
    if mark is None:  # the reader's errors: a character that YAML forbids
        found = re.search(_FORBIDDEN, text)  # compiled only here: that takes milliseconds
        if found is None:
            return 0, 1, "this is not readable as YAML", "check the file"
        code = f"U+{ord(found[0]):04X}"
        return (
            found.start(),
            found.end(),
            f"the control character {code}",
            'remove it, or write it as "\\u…" in quotes',
        )
    index: int = mark.index
    # A quote or a key is wrong where it starts, not where the parser gave up.
    if context is not None and any(part in problem for part in ("unexpected", "expected ':'")):
        index = context.index
    index = max(0, min(index, len(text.rstrip())))
    line_start = max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1
    indentation = re.compile(r"[ \t]*").match(text, line_start)
    tab = text.find("\t", line_start, indentation.end() if indentation else line_start)
    if tab >= 0:
        return tab, tab + 1, "a tab can't indent in YAML", "use spaces"
    if text[index : index + 1] == "\t":
        return index, index + 1, "a tab can't stand here", "use a space"
    if text[index - 1 : index] == "\\":  # libyaml points at the backslash, PyYAML at what follows it
        index -= 1
    for part, explanation in _EXPLANATIONS.items():
        if part in problem:
            no_key = explanation in (_INDENTATION, _NO_VALUE) and text[index : index + 1] == ":"
            return index, index + 1, *(NO_KEY if no_key else explanation)
    return index, index + 1, f"not YAML: {problem or 'unreadable'}", "check the line, and the one above"
