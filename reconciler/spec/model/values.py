"""The types that attributes are made of: text, numbers, booleans, durations, sizes, lists in short syntax."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    WrapValidator,
    model_serializer,
)

from reconciler.spec import quantities, shorthand
from reconciler.spec.diagnostics import closest
from reconciler.spec.invalid import Invalid
from reconciler.spec.model.several import NUL, fail
from reconciler.spec.scalar import FromEnvFile, Scalar

_RESOURCE_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_NAMES = "a name has letters, digits, '_', '.' and '-', and begins with a letter or digit"
_BARE_KEY = re.compile(r"[A-Za-z0-9_./-]+")
_SHORTEST_ENGINE_NAME = 2


class Value(BaseModel):
    """Base of all spec values: immutable, and nothing unknown passes."""

    # Only what is validated by itself gets a validator, which for a spec is the whole of it, once.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def by_default(cls) -> Self:
        """With all that it has by default, as what an attribute is by default: without a validator of its own."""
        return cls.model_construct()  # type: ignore[return-value]  # pydantic's plugin for mypy forgets whose it is

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, with other attributes: what was worked out of the old ones (`cached_property`) is not taken along."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(copied).model_fields.keys():
            del copied.__dict__[name]
        return copied


class Item(Value):
    """Base of values that stand in lists, and for which a short syntax may stand: empty text is not written back."""

    @model_serializer(mode="wrap", when_used="json")
    def _write(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value != ""}


def _text(value: Any) -> Any:
    """Numbers and booleans given by a program become text; YAML scalars are text already."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and "\0" in value:
        raise Invalid(*NUL)
    return value


def _marked(value: Any, handler: Callable[[Any], str]) -> str:
    text = handler(value)
    return FromEnvFile(text) if isinstance(value, FromEnvFile) else text


COMPOSE = "compose"
"""In the context of a validation: whether it is of a Compose file."""

_WORDS = {"yes": True, "y": True, "on": True, "no": False, "n": False, "off": False}
"""YAML 1.1's other words for booleans, which Compose takes."""


def _boolean(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str):
        if value in {"true", "True", "TRUE"}:
            return True
        if value in {"false", "False", "FALSE"}:
            return False
        if (info.context or {}).get(COMPOSE) and value.lower() in _WORDS:
            return _WORDS[value.lower()]
        raise Invalid(f'"{value}" is neither true nor false', "write true or false, without quotes")
    return value


def _read(parse: Callable[[str], Any]) -> BeforeValidator:
    """Text goes through a parser; numbers, given by YAML or a program, are text first."""

    def read(value: Any) -> Any:
        if isinstance(value, bool):
            raise Invalid("true and false can't stand here", "write a number, with its unit where it has one")
        text = _text(value)
        return parse(text) if isinstance(text, str) else value

    return BeforeValidator(read)


def written(write: Callable[[Any], Any]) -> PlainSerializer:
    """How a value is written back into a spec, where that is not simply its number or text.

    Args:
        write: the value → plain data that is read as the same value.
    """
    return PlainSerializer(write, when_used="json")


def _or_nothing(value: Any) -> Any:
    return value or None


def default_is(number: int) -> BeforeValidator:
    """A number by which the attribute says nothing: to the Engine it is its default, as none is.

    Args:
        number: that; no other validator sees it.
    """
    nothing = number

    def read(value: Any) -> Any:
        return None if not isinstance(value, bool) and value in (nothing, str(nothing)) else value

    return BeforeValidator(read)


def _words(value: Any) -> Any:
    return shorthand.command(value) if isinstance(value, str) else value


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _name(value: Any) -> Any:
    if isinstance(value, str) and not _RESOURCE_NAME.fullmatch(value):
        raise Invalid(f'"{value}" is not a name', _NAMES)
    return value


def _engine_name(value: Any) -> Any:
    if isinstance(value, str) and len(value) < _SHORTEST_ENGINE_NAME:
        raise Invalid(f'the name "{value}" is too short', "the Engine wants names of two characters at least")
    return _name(value)


def pairs(what: str) -> BeforeValidator:
    """A mapping, or a list of KEY=VALUE.

    Args:
        what: the word for one of them, for errors; a message never shows a value, which may be secret.
    """

    def read(value: Any) -> Any:
        problems: list[Invalid] = []
        found: dict[str, Any] = {}
        if isinstance(value, list):
            for index, item in enumerate(value):
                key, equals, text = item.partition("=") if isinstance(item, str) else ("", "", "")
                # What is no name may be anything, a password too: it is not shown.
                if not equals and not _BARE_KEY.fullmatch(key):
                    hint = f'write "{what.upper()}=value"; or a mapping, without the "-"'
                    problems.append(Invalid(f"each {what} is KEY=VALUE", hint, at=(index,)))
                    continue
                found[key] = text if equals else None
                problems += _pair(key, found[key], what, index)
        elif isinstance(value, dict):
            found = value
            for key, item in value.items():
                # Nearly all are fine: spare them the call.
                if type(item) is not Scalar or "=" in key or not key or "\0" in item or "\0" in key:
                    problems += _pair(key, item, what, key)
        else:
            return value
        fail(problems)
        return found

    return BeforeValidator(read)


def _pair(key: str, value: Any, what: str, step: str | int) -> Iterator[Invalid]:
    """What is wrong with one pair, which stands at this step of the list or mapping."""
    sign = ": " if isinstance(step, str) else "="
    if not key or "=" in key or "\0" in key:
        wrong = f'"{key}" is not the name of a {what}' if key else f"a {what} without a name"
        yield Invalid(wrong, "a name has at least one character, and no '=' in it", at=(step,), key=True)
    elif value is None:
        quotes = '""' if isinstance(step, str) else ""
        empty = f"write {key}{sign}{quotes} for an empty one"
        take = f", {key}{sign}${{{key}}} to take it from your environment" if what == "variable" else ""
        yield Invalid(f'{what} "{key}" has no value', empty + take, at=(step,))
    elif isinstance(value, list | dict):
        shape = "a list" if isinstance(value, list) else "a mapping"
        yield Invalid(f'{what} "{key}" must be text, not {shape}', f'write {key}: "…"', at=(step,))
    elif isinstance(value, str) and "\0" in value:
        yield Invalid(f'{what} "{key}" has a NUL character in its value', NUL[1], at=(step,))


def _of_others(value: dict[str, str]) -> dict[str, str]:
    ours = [key for key in value if key.startswith("io.reconciler.")]
    fail([Invalid(f'label "{key}" is ours to set', "choose another prefix", at=(key,), key=True) for key in ours])
    return value


def names(items: list[Any], what: str) -> list[str]:
    """A list of names, which stands for a mapping with nothing below each.

    Args:
        items: the list as written.
        what: the word for what is named.
    """
    problems: list[Invalid] = []
    seen: set[str] = set()
    for index, item in enumerate(items):
        if not isinstance(item, str):
            hint = 'write its name; to give it settings, use a mapping without the "-"'
            problems.append(Invalid(f"an item of this list is the name of a {what}", hint, at=(index,)))
        elif item in seen:
            problems.append(Invalid(f'"{item}" is named twice', "leave one of them out", at=(index,)))
        elif not _RESOURCE_NAME.fullmatch(item):
            problems.append(Invalid(f'"{item}" is not a name', _NAMES, at=(index,)))
        if isinstance(item, str):
            seen.add(item)
    fail(problems)
    return items


def one_of(*words: str) -> BeforeValidator:
    """One of a few words.

    Args:
        words: those.
    """

    def read(value: Any) -> Any:
        if isinstance(value, str) and value not in words:
            all_words = f"{', '.join(words[:-1])} or {words[-1]}" if words[1:] else words[0]
            guess = closest(value, words)
            hint = f'did you mean "{guess}"? The words are {all_words}' if guess and words[1:] else f"write {all_words}"
            raise Invalid(f'"{value}" can\'t stand here', hint)
        return value

    return BeforeValidator(read)


def at_home(text: str) -> Path:
    """A path, with the home folder for `~`; that of nobody stays as it is, where pathlib's own raises."""
    return Path(os.path.expanduser(text))  # noqa: PTH111


def absolute(path: Path, info: ValidationInfo) -> Path:
    """A path relative to the spec's folder → an absolute one. Symbolic links stay: the Engine may see others."""
    folder = (info.context or {}).get("folder")
    return Path(os.path.normpath(folder / path)) if folder else path


Text = Annotated[str, BeforeValidator(_text)]
TextOrNothing = Annotated[Text | None, BeforeValidator(_or_nothing)]
"""Text, of which an empty one says nothing: to the Engine it is the same as none."""

VariableText = Annotated[Text, WrapValidator(_marked)]
"""Text that remembers whether it came from an `env_file`."""

Boolean = Annotated[bool, BeforeValidator(_boolean)]
Integer = Annotated[int, _read(quantities.integer)]
Words = Annotated[tuple[Text, ...], BeforeValidator(_words)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_one_or_more)]
Name = Annotated[str, BeforeValidator(_name)]
EngineName = Annotated[str, BeforeValidator(_engine_name)]
Duration = Annotated[int, _read(quantities.duration), written(quantities.duration_text)]
"""Nanoseconds."""
Size = Annotated[int, _read(quantities.size), written(quantities.size_text)]
"""Bytes."""
SizeOrNothing = Annotated[Size | None, AfterValidator(_or_nothing)]
"""Bytes, of which none say nothing: to the Engine they are its default."""
SizeOrUnlimited = Annotated[int, _read(quantities.size_or_unlimited), written(quantities.size_text)]
"""Bytes, or -1."""
Cpus = Annotated[int, _read(quantities.cpus), written(quantities.cpus_text)]
"""Billionths of a CPU."""
Microseconds = Annotated[int, _read(quantities.microseconds)]
Options = Annotated[dict[str, Text], pairs("option")]
Labels = Annotated[dict[str, Text], pairs("label"), AfterValidator(_of_others)]
PortNumber = Annotated[Integer, Field(ge=1, le=65535)]
