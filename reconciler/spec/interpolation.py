"""Compose's interpolation: ${NAME:-default} and its kin, in values, never in keys.

A template is parsed whole before anything is put in, so that a mistake in a default is found whether or not
it is used; a variable, however, is only asked for where its branch is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.spec.scalar import Placeholder, Scalar, core_kind
from reconciler.spec.uses import Use, use_of

MAX_NESTING = 64
MAX_TOTAL = 16 << 20  # characters put in, over all values: a file of "$A" a million times must not fill the memory

Path_ = tuple[str | int, ...]
Problem = Callable[[Path_, int, int, str, str], None]
"""Called with path, offset and length in the scalar, message and hint."""
Used = Callable[[Path_, Use], None]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")
_FORMS = "the forms are ${V}, ${V:-default}, ${V-default}, ${V:?message}, ${V?message}, ${V:+other}, ${V+other}"
_LITERAL = "write $$ for a literal dollar"


class _Variable:
    """One variable in a template: where it stands, and what is to be done with or without it."""

    __slots__ = ("branch", "length", "name", "offset", "operator", "raw")

    def __init__(self, name: str, offset: int) -> None:
        self.name = name
        self.offset = offset
        self.length = 0
        self.operator = ""
        self.branch: _Template = []
        self.raw = ""  # the branch as written


_Template = list["str | _Variable"]


class _SyntaxError(Exception):
    """A template that can't be read."""

    def __init__(self, offset: int, length: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length
        self.message = message
        self.hint = hint


class _TooLargeError(Exception):
    """More was put in than MAX_TOTAL."""


def interpolate(
    data: Any,
    variables: Mapping[str, str],
    problem: Problem,
    *,
    undefined: Problem | None = None,
    used: Used | None = None,
) -> Any:
    """Puts the variables into the values of plain data.

    Whatever has no "$" in it is returned as the same object. The kind of a plain scalar follows its new text
    (`${PORT}` may be an int), but it never becomes null; a quoted one stays text.

    Args:
        data: as `Document.data`: dict, list, Scalar or str, None; its nesting bounds the recursion.
        variables: the values by name; they are put in as they are, and never shown in a message.
        problem: told of each problem; what has one becomes a `Placeholder` of the same text.
        undefined: told instead of `problem` of variables that are not set, which Compose only warns of. A "$" that
            begins nothing is then itself, as it is for Compose.
        used: told of each variable that has a part in a value.
    """
    return _Interpolation(variables, problem, undefined, used or _unnoted).walk(data, ())


def _unnoted(_path: Path_, _use: Use) -> None:
    return None


class _Interpolation:
    def __init__(self, variables: Mapping[str, str], problem: Problem, undefined: Problem | None, used: Used) -> None:
        self._variables = variables
        self._used = used
        self._told = problem
        self._undefined = undefined
        self._as_compose = undefined is not None
        self._left = MAX_TOTAL
        self._failed = False  # the value at hand

    def walk(self, value: Any, path: Path_) -> Any:
        """The value with variables put in; the same object where there are none."""
        if isinstance(value, str):
            return self._text(value, path) if "$" in value else value
        if isinstance(value, dict):
            changed: dict[str, Any] | None = None
            for key, old in value.items():
                if old is None or (isinstance(old, str) and "$" not in old):
                    continue  # spares nearly all values the call and the path
                new = self.walk(old, (*path, key))
                if new is not old:
                    changed = dict(value) if changed is None else changed
                    changed[key] = new
            return value if changed is None else changed
        if isinstance(value, list):
            new_list: list[Any] | None = None
            for index, old in enumerate(value):
                if old is None or (isinstance(old, str) and "$" not in old):
                    continue
                new = self.walk(old, (*path, index))
                if new is not old:
                    new_list = list(value) if new_list is None else new_list
                    new_list[index] = new
            return value if new_list is None else new_list
        return value

    def _text(self, text: str, path: Path_) -> str:
        if self._left < 0:  # reported once, and there is no use in going on
            return Placeholder(text)
        self._failed = False
        try:
            if not self._as_compose:
                _check_dollars(text)
            template, _ = _parse(text, 0, 0)
            result = "".join(self._evaluated(template, path))
        except _SyntaxError as error:
            self._problem(path, error.offset, error.length, error.message, error.hint)
        except _TooLargeError:
            limit = f"{MAX_TOTAL >> 20} MiB"
            self._problem(path, 0, len(text), f"the variables of this file add more than {limit}", "shorten them")
        if self._failed:
            return Placeholder(text)
        if isinstance(text, Scalar):
            return Scalar(result, core_kind(result) if text.plain else "str", plain=text.plain)
        return result

    def _problem(self, path: Path_, offset: int, length: int, message: str, hint: str) -> None:
        self._failed = True
        self._told(path, offset, length, message, hint)

    def _evaluated(self, template: _Template, path: Path_) -> list[str]:
        parts: list[str] = []
        for part in template:
            if isinstance(part, str):
                parts.append(part)
            else:
                parts.extend(self._value(part, path))
        return parts

    def _value(self, variable: _Variable, path: Path_) -> list[str]:
        value = self._variables.get(variable.name)
        operator = variable.operator
        missing = not value if operator.startswith(":") else value is None
        if value is None or missing:
            self._used(path, Use(variable.name, "default" if operator.endswith("-") else "nobody"))
        else:
            self._used(path, use_of(variable.name, value))
        if operator.endswith("+"):
            return [] if missing else self._evaluated(variable.branch, path)
        if missing and operator.endswith("-"):
            return self._evaluated(variable.branch, path)
        if missing and operator.endswith("?"):
            # The message as written: what it interpolates would show a value.
            said = f": {variable.raw[:200]}" if variable.raw else ""
            message = f'the variable "{variable.name}" {"is not set" if value is None else "is empty"}{said}'
            self._problem(path, variable.offset, variable.length, message, "set it: here it is required")
            return []
        if value is None:
            hint = f"set it, write ${{{variable.name}:-default}}, or $$ for a literal dollar"
            message = f'the variable "{variable.name}" is not set'
            undefined = self._undefined or self._problem
            undefined(path, variable.offset, variable.length, message, hint)
            return []
        self._left -= len(value)
        if self._left < 0:
            raise _TooLargeError
        return [value]


def _check_dollars(text: str) -> None:
    """Nobody shall have to guess what a "$" is that begins no variable."""
    for found in _DOLLAR.finditer(text):
        if not found["what"]:
            raise _SyntaxError(found.start(), 1, 'a "$" without the name of a variable', _LITERAL)


_DOLLAR = re.compile(r"\$(?P<what>[$A-Za-z_{]?)")


def _parse(text: str, position: int, depth: int) -> tuple[_Template, int]:
    """The template from here to the end, or to the "}" that ends the branch; and the position of that end."""
    parts: _Template = []
    braces = 0  # of a branch's own text, as in ${V:-{"a": 1}}: Compose counts them too
    special = _NESTED if depth else _TOP
    while True:
        found = special.search(text, position)
        end = found.start() if found else len(text)
        if end > position:
            parts.append(text[position:end])
        if found is None:
            return parts, end
        char = found[0]
        if char == "$":
            part, position = _dollar(text, end, depth)
            parts.append(part)
            continue
        if char == "}" and not braces:
            return parts, end
        braces += 1 if char == "{" else -1
        parts.append(char)
        position = end + 1


_TOP = re.compile(r"\$")
_NESTED = re.compile(r"[${}]")


def _dollar(text: str, start: int, depth: int) -> tuple[str | _Variable, int]:
    """What the "$" at `start` begins, and where it ends."""
    following = text[start + 1 : start + 2]
    if following == "$":
        return "$", start + 2
    braced = following == "{"
    name = _NAME.match(text, start + 1 + braced)
    if name is None:
        if not braced:
            return "$", start + 1
        missing = text[start + 2 : start + 3] in {"", "}", ":", "-", "?", "+"}
        wrong = "is missing" if missing else "must start with a letter or _, and stand right after the brace"
        raise _SyntaxError(start, 2, f'the name after "${{" {wrong}', f"{_LITERAL}; {_FORMS}")
    variable = _Variable(name[0], start)
    end = name.end()
    if braced:
        if depth >= MAX_NESTING:
            raise _SyntaxError(start, 2, f"variables nested more than {MAX_NESTING} deep", "take some of them out")
        operator = _OPERATOR.match(text, end)
        if operator:
            variable.operator = operator[0]
            variable.branch, end = _parse(text, operator.end(), depth + 1)
            variable.raw = text[operator.end() : end]
        if end >= len(text):
            raise _SyntaxError(
                start,
                name.end() - start,
                f'the "${{" before "{name[0]}" is not closed',
                f'add the "}}", or {_LITERAL}',
            )
        if text[end] != "}":
            raise _SyntaxError(
                start, end + 1 - start, f'"{text[end]}" can\'t follow the name in "${{{name[0]}"', f"{_FORMS}"
            )
        end += 1
    variable.length = end - start
    return variable, end
