"""A Spec, written back: plain data in the native form, and the text of plain data in YAML.

Loaded again, both give the same Spec, and what is not declared in it is not declared then either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.spec.scalar import NULL, core_kind

if TYPE_CHECKING:
    from reconciler.spec.model import Spec

Path_ = tuple[str | int, ...]
Comments = Mapping[Path_, str]
"""What is to be said of the values at these paths."""

_WIDTH = 100
_LONGEST_KEY = 1000  # characters: a longer one needs a "?" before it

_PLAIN = re.compile(r"[A-Za-z0-9_./](?:[A-Za-z0-9_./@%+=()\- ]*[A-Za-z0-9_./@%+=()\-])?")
"""Text that means itself wherever it stands, in all versions of YAML, unless it is taken for something else."""
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_./](?:[A-Za-z0-9_./@%+=()\- :]*[A-Za-z0-9_./@%+=()\-])?")
"""Likewise after a key of a block: a colon may stand in it where no space follows."""
_NUMBER_LIKE = re.compile(r"[0-9.][0-9A-Fa-f_.:xobTtZ+\- ]*")
"""YAML 1.1's numbers in its many bases, and its dates."""
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
"""What YAML 1.1 takes for a boolean or for nothing, however it is capitalised."""
_LITERAL = re.compile(r"(?![ \t])(?:[^\n]*[^\s]\n+)*[^\n]*[^\s]\n?")
"""Lines, of which none ends in a space and the first begins with none; the last ends in at most one line break."""
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What YAML does not allow as it is, or takes for the end of a line."""


def native(spec: Spec) -> dict[str, Any]:
    """A spec as plain data in the native form: JSON's own types, in the model's order, paths absolute.

    Loaded again, it gives an equal Spec: only what is declared is there, and each "$" stands twice.
    """
    dumped = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    found = {key: value for key, value in dumped.items() if value != {}}
    # `containers` is what tells the native form, whatever the file is called.
    found.setdefault("containers", {})
    data: dict[str, Any] = dollars_twice(found)
    return data


def dollars_twice(value: Any) -> Any:
    """Plain data in which each "$" is itself when it is loaded."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: dollars_twice(item) for key, item in value.items()}
    return [dollars_twice(item) for item in value] if isinstance(value, list) else value


def spec_json(data: Mapping[str, Any]) -> str:
    """Plain data as JSON text that is YAML too, with a line break at its end."""
    return f"{_escaped(json.dumps(data, indent=2, ensure_ascii=False))}\n"


def spec_yaml(data: Mapping[str, Any], comments: Comments | None = None) -> str:
    """Plain data as YAML text: the same in YAML 1.1 and 1.2, keys in their order, a line break at its end.

    Args:
        data: of JSON's own types.
        comments: each stands on its value's first line. An item with one has a line of its own.
    """
    return "".join(f"{line}\n" for line in _Writer(comments or {}).mapping(data, "", ()))


class _Writer:
    def __init__(self, comments: Comments) -> None:
        self._comments = comments

    def mapping(self, data: Mapping[str, Any], indent: str, path: Path_) -> Iterator[str]:
        """The lines of a mapping that is not empty."""
        for key, value in data.items():
            text = _scalar(key, _PLAIN)
            if len(text) > _LONGEST_KEY:
                yield f"{indent}? {text}"
                text = ""
            yield from self._value(value, f"{indent}{text}:", f"{indent}  ", (*path, key))

    def _value(self, value: Any, head: str, indent: str, path: Path_) -> Iterator[str]:
        """The lines of a value: what stands behind its key, or after the dash, and what stands below, so indented."""
        if isinstance(value, Mapping) and value:
            yield self._said(head, path)
            yield from self.mapping(value, indent, path)
        elif isinstance(value, list) and value and not self._fits(value, head, path):
            yield self._said(head, path)
            for index, item in enumerate(value):
                yield from self._item(item, indent, (*path, index))
        elif isinstance(value, str) and "\n" in value and _is_literal(value):
            yield self._said(f"{head} {'|' if value.endswith(chr(10)) else '|-'}", path)
            for line in value.removesuffix("\n").split("\n"):
                yield f"{indent}{line}" if line else ""
        else:
            yield self._said(f"{head} {_flow(value, _PLAIN_VALUE)}", path)

    def _item(self, item: Any, indent: str, path: Path_) -> Iterator[str]:
        if not (isinstance(item, Mapping) and item):
            yield from self._value(item, f"{indent}-", f"{indent}  ", path)
            return
        lines = self.mapping(item, f"{indent}  ", path)
        yield self._said(f"{indent}- {next(lines)[len(indent) + 2 :]}", path)
        yield from lines

    def _fits(self, items: list[Any], head: str, path: Path_) -> bool:
        """Whether this list can stand on the line of its key."""
        if any(isinstance(item, Mapping | list) for item in items):
            return False
        if self._comments and any((*path, index) in self._comments for index in range(len(items))):
            return False
        return not any("\n" in str(item) for item in items) and len(head) + len(_flow(items, _PLAIN)) < _WIDTH

    def _said(self, line: str, path: Path_) -> str:
        # A file's name may have anything in it: no line break of it may end the comment.
        said = self._comments.get(path)
        return f"{line}  # {_UNPRINTABLE.sub('', ' '.join(said.split()))}" if said else line


def _flow(value: Any, plain: re.Pattern[str]) -> str:
    """A scalar, a list of scalars, or an empty mapping, on one line."""
    if isinstance(value, list):
        return f"[{', '.join(_flow(item, _PLAIN) for item in value)}]"
    if isinstance(value, Mapping):
        return "{}"
    return _scalar(value, plain)


def _scalar(value: Any, plain: re.Pattern[str]) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if plain.fullmatch(value) and not _is_taken_for_something_else(value):
        return value
    return _escaped(json.dumps(value, ensure_ascii=False))


def _is_taken_for_something_else(text: str) -> bool:
    return (
        text in NULL
        or core_kind(text) != "str"
        or text.lower() in _WORDS
        or _NUMBER_LIKE.fullmatch(text) is not None
        or ": " in text
    )


def _is_literal(text: str) -> bool:
    return _LITERAL.fullmatch(text) is not None and not _UNPRINTABLE.search(text)


def _escaped(text: str) -> str:
    """JSON text without the characters that YAML does not allow."""
    return _UNPRINTABLE.sub(lambda one: f"\\u{ord(one[0]):04x}", text)
