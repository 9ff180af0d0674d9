"""Several problems of one value at once: a validator of pydantic's may raise only one error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, BeforeValidator, ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from reconciler.spec.invalid import Invalid

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

BUDGET = "budget"
"""In the validation's context: how many items there may still be, as a list of one number."""
MOST_ITEMS = 20_000
MOST_PROBLEMS = 500
"""Of one list: nobody reads more, and a hostile file has tens of thousands."""
INVALID = "invalid"
"""The type of pydantic's error that carries an `Invalid` in its context."""


def fail(problems: Sequence[Invalid]) -> None:
    """Raises all of them, if there are any."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise _error([_detail(problem) for problem in problems])


def each(model: type[BaseModel], expand: Callable[[str], list[dict[str, Any]]]) -> BeforeValidator:
    """A list whose items may stand in a short syntax; whatever is wrong is said of its own item.

    Args:
        model: the type of an item.
        expand: one item in the short syntax → mappings in the long one.
    """

    def read(value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, list | tuple):
            return value
        if is_spent(info):
            return []
        found: list[BaseModel] = []
        problems: list[InitErrorDetails] = []
        for index, item in enumerate(value):
            try:
                mappings = expand(short) if (short := _short(item)) is not None else [item]
                spend(info, len(mappings))
                found += [model.model_validate(mapping, context=info.context) for mapping in mappings]
            except ValidationError as error:
                problems += [_moved(detail, index) for detail in error.errors(include_url=False, include_input=False)]
            except Invalid as invalid:
                problems.append(_detail(invalid, index))
                if is_spent(info):
                    break
            if len(problems) >= MOST_PROBLEMS:
                break
        if problems:
            raise _error(problems)
        return found

    return BeforeValidator(read)


def spend(info: ValidationInfo, count: int) -> None:
    """Counts what short syntaxes expand to: a hostile file of a few bytes could stand for billions of ports."""
    budget = (info.context or {}).get(BUDGET)
    if budget is not None:
        budget[0] -= count
        if budget[0] < 0:
            hint = "publish fewer, or use `network_mode: host`, which needs no list of ports"
            raise Invalid(f"from here on, the spec has more than {MOST_ITEMS} ports, volumes and devices", hint)


def is_spent(info: ValidationInfo) -> bool:
    """Whether the spec already has more items than it may: that is said once."""
    budget = (info.context or {}).get(BUDGET)
    return budget is not None and budget[0] < 0


def _short(item: Any) -> str | None:
    if isinstance(item, str):
        if "\0" in item:
            raise Invalid(*NUL)
        return item
    return str(item) if isinstance(item, int) and not isinstance(item, bool) else None


NUL = ("a NUL character can't stand in a value", "remove it: the kernel ends every text there")


def _detail(invalid: Invalid, *loc: str | int) -> InitErrorDetails:
    custom = PydanticCustomError(INVALID, "{error}", {"error": invalid})
    return InitErrorDetails(type=custom, loc=loc, input=None)


def _moved(detail: ErrorDetails, index: int) -> InitErrorDetails:
    """One problem of an item as one of the list."""
    context = detail.get("ctx", {})
    if isinstance(context.get("error"), Invalid):
        return _detail(context["error"], index, *detail["loc"])
    return InitErrorDetails(type=detail["type"], loc=(index, *detail["loc"]), input=None, ctx=context)


def _error(problems: list[InitErrorDetails]) -> ValidationError:
    return ValidationError.from_exception_data("spec", problems)
