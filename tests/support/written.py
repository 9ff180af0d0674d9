"""Whether two specs are the same in all that counts, for tests of what is written back and read again."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from reconciler.spec.contents import with_variables
from reconciler.spec.model import Restart, Spec
from reconciler.spec.model.values import Item


def same(one: Spec, other: Spec) -> bool:
    """Whether they have the same values, and declare the same; the values of variables of configs are no part of it."""
    one, other = with_variables(one, {}), with_variables(other, {})
    return one == other and _declared(one) == _declared(other)


def _declared(value: Any) -> Any:
    """Which attributes are declared, in each value in which that means something."""
    if isinstance(value, Restart | Item):
        return None  # their short syntaxes stand for all of their attributes
    if isinstance(value, BaseModel):
        names = type(value).model_fields if isinstance(value, Spec) else value.model_fields_set
        return {name: _declared(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {key: _declared(item) for key, item in value.items()}
    return [_declared(item) for item in value] if isinstance(value, tuple) else None
