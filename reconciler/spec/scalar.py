"""Scalars by the YAML 1.2 core schema: what a text is taken for."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["str", "int", "float", "bool"]

NULL = frozenset(["", "~", "null", "Null", "NULL"])

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BOOL = frozenset(["true", "True", "TRUE", "false", "False", "FALSE"])
_NOT_STR_START = frozenset("+-.0123456789tTfF")  # what an int, float or bool can start with


class Scalar(str):
    """A YAML scalar: the raw text, and what the YAML 1.2 core schema takes it for.

    The text is kept so that a field of text sees `1.10` and `0777` as they were written. It is a `str` in all
    other ways: equality, hash, JSON.

    Attributes:
        kind: what it is by the core schema; quoted scalars and blocks are always "str".
        plain: written without quotes, so that its kind may change with its text (interpolation).
    """

    __slots__ = ("kind", "plain")

    kind: Kind
    plain: bool

    def __new__(cls, text: str, kind: Kind = "str", *, plain: bool = False) -> Scalar:
        """A scalar of this text; without a kind, as if it were quoted."""
        self = super().__new__(cls, text)
        self.kind = kind
        self.plain = plain
        return self


class FromEnvFile(Scalar):
    """The value of a variable that an `env_file` gives: it stays one in the model, so that no plan shows it."""

    __slots__ = ()


class Placeholder(Scalar):
    """Stands where a value could not be made. Why is said already: nothing more is to be said of it.

    Its text is that of the template, so that two of them are rarely the same.
    """

    __slots__ = ()


REST = "\0rest"
"""The key in a mapping under which a `Placeholder` stands for more that would be there, had it been readable."""


def core_kind(text: str) -> Kind:
    """What the YAML 1.2 core schema takes a plain, non-null scalar for."""
    if text[:1] not in _NOT_STR_START:
        return "str"
    if text in _BOOL:
        return "bool"
    if _INT.fullmatch(text):
        return "int"
    return "float" if _FLOAT.fullmatch(text) else "str"
