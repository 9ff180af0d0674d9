"""The types that attributes are made of: text, numbers, booleans, durations, sizes, lists in short syntax."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from reconciler.spec import shorthand
from reconciler.spec.shorthand import Invalid

_RESOURCE_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_SHORTEST_ENGINE_NAME = 2


class Value(BaseModel):
    """Base of all spec values: immutable, and nothing unknown passes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _text(value: Any) -> Any:
    """Numbers and booleans given by a program become text; YAML scalars are text already."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and "\0" in value:
        raise Invalid("a NUL character can't stand in a value")
    return value


def _boolean(value: Any) -> Any:
    if isinstance(value, str):
        if value in {"true", "True", "TRUE"}:
            return True
        if value in {"false", "False", "FALSE"}:
            return False
        raise Invalid(f'"{value}" is not a boolean', "write true or false")
    return value


def _read(parse: Callable[[str], Any]) -> BeforeValidator:
    """Text goes through a parser; numbers, given by YAML or a program, are text first."""

    def read(value: Any) -> Any:
        if isinstance(value, bool):
            raise Invalid("true and false can't stand here")
        text = _text(value)
        return parse(text) if isinstance(text, str) else value

    return BeforeValidator(read)


def _words(value: Any) -> Any:
    return shorthand.command(value) if isinstance(value, str) else value


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _name(value: Any) -> Any:
    if isinstance(value, str) and not _RESOURCE_NAME.fullmatch(value):
        raise Invalid(f'"{value}" is not a name', "a name has letters, digits, '_', '.' and '-'")
    return value


def _engine_name(value: Any) -> Any:
    if isinstance(value, str) and len(value) < _SHORTEST_ENGINE_NAME:
        raise Invalid(f'"{value}" is too short', "the Engine wants names of two characters at least")
    return _name(value)


def pairs(what: str) -> BeforeValidator:
    """A mapping, or a list of KEY=VALUE.

    Args:
        what: the word for one of them, for errors.
    """

    def read(value: Any) -> Any:
        if isinstance(value, list):
            value = shorthand.pairs(value, what)
        if isinstance(value, dict):
            for key, item in value.items():
                if not key or "=" in key or "\0" in key:
                    raise Invalid(f'"{key}" is not the name of a {what}')
                if item is None:
                    raise Invalid(
                        f'{what} "{key}" has no value',
                        f'write {key}: "" for an empty one, {key}: ${{{key}}} to take it from your environment',
                        at=(key,),
                    )
        return value

    return BeforeValidator(read)


def each(expand: Callable[[str], list[dict[str, Any]]]) -> BeforeValidator:
    """A list whose items may stand in a short syntax; an error says at which item.

    Args:
        expand: one item in the short syntax → mappings in the long one.
    """

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        found: list[Any] = []
        for index, item in enumerate(value):
            text = _text(item)
            if not isinstance(text, str):
                found.append(item)
                continue
            try:
                found.extend(expand(text))
            except Invalid as error:
                raise Invalid(str(error), error.hint, at=(index, *error.at)) from None
        return found

    return BeforeValidator(read)


def one_of(*words: str) -> BeforeValidator:
    """One of a few words.

    Args:
        words: those.
    """

    def read(value: Any) -> Any:
        if isinstance(value, str) and value not in words:
            raise Invalid(f'"{value}" can\'t stand here', f"write {', '.join(words[:-1])} or {words[-1]}")
        return value

    return BeforeValidator(read)


def absolute(path: Path, info: ValidationInfo) -> Path:
    """A path relative to the spec's folder → an absolute one. Symbolic links stay: the Engine may see others."""
    folder = (info.context or {}).get("folder")
    return Path(os.path.normpath(folder / path)) if folder else path


Text = Annotated[str, BeforeValidator(_text)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
Integer = Annotated[int, _read(shorthand.integer)]
Words = Annotated[tuple[Text, ...], BeforeValidator(_words)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_one_or_more)]
Name = Annotated[str, BeforeValidator(_name)]
EngineName = Annotated[str, BeforeValidator(_engine_name)]
Duration = Annotated[int, _read(shorthand.duration)]
"""Nanoseconds."""
Size = Annotated[int, _read(shorthand.size)]
"""Bytes."""
Cpus = Annotated[int, _read(shorthand.cpus)]
"""Billionths of a CPU."""
Microseconds = Annotated[int, _read(shorthand.microseconds)]
Options = Annotated[dict[str, Text], pairs("option")]
PortNumber = Annotated[Integer, Field(ge=1, le=65535)]
