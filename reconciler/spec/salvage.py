"""What is sound of a spec that has mistakes, so that one round tells of those that can only be seen across it.

Nothing is to be said that only follows from a mistake. So what has one is left out, but its name stays declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from reconciler.spec.diagnostics import closest
from reconciler.spec.invalid import Invalid
from reconciler.spec.model import Container, Spec
from reconciler.spec.model.several import BUDGET, MOST_ITEMS
from reconciler.spec.model.values import COMPOSE
from reconciler.spec.places import Path_
from reconciler.spec.reading import placeholders
from reconciler.spec.scalar import REST

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

_SECTIONS = tuple(
    name for name, field in Spec.model_fields.items() if getattr(field.annotation, "__origin__", None) is dict
)
_UNKNOWN = "unknown"
"""Stands for the name of a project, and for an image."""


def shaped(data: Mapping[str, Any], folder: Path) -> Spec:
    """Plain data → Spec.

    Args:
        data: as for `validate`.
        folder: what relative paths are relative to.

    Raises:
        ValidationError: pydantic's, with everything that is wrong.
    """
    return Spec.model_validate(
        data, context={"folder": folder, BUDGET: [MOST_ITEMS], COMPOSE: data.get("compose_labels")}
    )


def path_of(detail: ErrorDetails) -> Path_:
    """What is wrong by one of pydantic's errors, as a path in the data."""
    invalid = detail.get("ctx", {}).get("error")
    path = tuple(step for step in detail["loc"] if step != "[key]")
    return (*path, *invalid.at) if isinstance(invalid, Invalid) else path


def salvaged(data: Mapping[str, Any], mistakes: Iterable[Path_], folder: Path) -> Spec | None:
    """The sound part of a spec.

    Args:
        data: all of it.
        mistakes: the path of each mistake in it; values that could not be made are found here.
        folder: what relative paths are relative to.

    Returns:
        The spec without the attributes of containers that have a mistake, and with stand-ins for everything else that
        has one. None where so much is wrong that whatever else is found may not be true.
    """
    wrong = _Wrong(data)
    for path in (*mistakes, *placeholders(data)):
        wrong.add(path)
    for _ in range(3):
        if wrong.everything:
            return None
        try:
            spec = shaped(wrong.rest(), folder)
        except ValidationError as error:
            # Without a wrong attribute, the others may not fit together.
            for detail in error.errors(include_url=False, include_input=False):
                wrong.add(path_of(detail))
        else:
            return spec.model_copy(update={name: _completed(spec, name, keys) for name, keys in wrong.named.items()})
    return None


class _Wrong:
    """What has a mistake.

    Attributes:
        named: by section, the names of what is wrong as a whole.
        attributes: by container, its attributes that are wrong.
        everything: whether it is not even known which names are declared.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.named: dict[str, set[str]] = {}
        self.attributes: dict[str, set[str]] = {}
        self.everything = False
        self._data = data
        self._top: set[str] = set()

    def add(self, path: Path_) -> None:
        """Add the mistake at this path."""
        section, *below = map(str, path)
        if section not in _SECTIONS:
            self._add_top(section)
        elif not below:
            self.everything = True
        elif section == "containers" and len(below) > 1 and not _may_be_state(below[1]):
            self.attributes.setdefault(below[0], set()).add(below[1])
        else:
            self.named.setdefault(section, set()).add(below[0])

    def rest(self) -> dict[str, Any]:
        """The data without all that."""
        found = {name: value for name, value in self._data.items() if name not in self._top}
        found.setdefault("name", _UNKNOWN)
        for section in _SECTIONS:
            if value := found.get(section):
                wrong = self.named.get(section, ())
                found[section] = {key: one for key, one in value.items() if key not in wrong}
        if containers := found.get("containers"):
            for key in self.attributes.keys() & containers.keys():
                own = containers[key] or {}
                kept = {name: value for name, value in own.items() if name not in self.attributes[key]}
                containers[key] = {"image": _UNKNOWN, **kept}
        return found

    def _add_top(self, name: str) -> None:
        self._top.add(name)
        self.everything = self.everything or name == REST
        # Most likely a section whose name is misspelt: what it declares is declared.
        meant = closest(name, _SECTIONS)
        value = self._data.get(name)
        if meant and isinstance(value, dict | list):
            self.named.setdefault(meant, set()).update(name for name in value if isinstance(name, str))


def _may_be_state(attribute: str) -> bool:
    """Whether this may say that the container is stopped or absent: much is said of running ones only."""
    if attribute in Container.model_fields:
        return attribute == "state"
    return attribute in {REST, "status"} or closest(attribute, Container.model_fields) == "state"


def _completed(spec: Spec, section: str, names: Iterable[str]) -> dict[str, Any]:
    """A section with a stand-in for everything that has a mistake: it has a name that is declared, and nothing else."""
    model: type[BaseModel] = get_args(Spec.model_fields[section].annotation)[1]
    sound: dict[str, Any] = getattr(spec, section)
    return {**sound, **{name: _stand_in(model, name) for name in names if name not in sound}}


def _stand_in(model: type[BaseModel], name: str) -> BaseModel:
    nobodys = f"\0{name}"  # no name of anything else
    given: dict[str, Any] = {
        "container_name": nobodys,
        "external": True,  # so that nothing is asked of it
        "image": _UNKNOWN,
        "name": nobodys,
        "networks": {},
    }
    return model.model_construct(None, **{key: value for key, value in given.items() if key in model.model_fields})
