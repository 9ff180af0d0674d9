"""Configs and secrets: contents that become files in containers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, PrivateAttr, ValidationInfo, field_validator, model_validator

from reconciler.spec.invalid import Invalid
from reconciler.spec.model.several import each
from reconciler.spec.model.values import Name, Text, Value, absolute, at_home, pairs
from reconciler.spec.scalar import Scalar

_MODE = re.compile(r"0?o?[0-7]{1,4}")


def _mode(value: Any) -> Any:
    """Permissions in octal: `0440`, "440", or YAML's `0o440`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:04o}"
    if isinstance(value, str):
        if not _MODE.fullmatch(value):
            raise Invalid(f'"{value}" is not a mode', 'write it in octal digits: mode: "0440"')
        digits = value.replace("o", "")
        if isinstance(value, Scalar) and value.plain and not value.startswith("0"):
            # Compose takes these digits for a decimal number, people mean an octal one: nobody shall have to guess.
            hint = f'write mode: "0{digits}"'
            raise Invalid(f"the mode {value} can be read as octal and as decimal", hint)
        return digits.lstrip("0").zfill(4)
    return value


Mode = Annotated[str, BeforeValidator(_mode)]
"""Permissions, in four octal digits."""


class Grant(Value):
    """A config or secret that a container, or a build, may read as a file.

    Attributes:
        source: its name at the top level of the spec.
        target: the file: an absolute path, or for a secret a name below /run/secrets; its own name without it.
        uid: the file's owner, by number.
        gid: the file's group, by number.
        mode: the file's permissions, in octal; 0444 without it.
    """

    source: Name
    target: Text = ""
    uid: Text = ""
    gid: Text = ""
    mode: Mode = ""

    @field_validator("uid", "gid", mode="after")
    @classmethod
    def _number(cls, value: str) -> str:
        if value and not value.isdecimal():
            raise Invalid(f'"{value}" is not a number', 'users and groups of such a file are numbers: uid: "1000"')
        return value


grants = each(Grant, lambda text: [{"source": text}])
"""A list of names, or of mappings."""


class _Content(Value):
    file: Path | None = None
    environment: Text | None = None
    name: Name | None = None
    labels: Annotated[dict[str, Text], pairs("label")] = {}
    # No attribute of the language, and nothing that is ever written or printed.
    _value: str | None = PrivateAttr(default=None)

    @property
    def value(self) -> str | None:
        """The value of its variable; None where it has none, or that is not set."""
        return self._value

    def with_value(self, value: str | None) -> Self:
        """The same, knowing the value of its variable."""
        found = self.model_copy()
        found._value = value  # noqa: SLF001
        return found

    @model_validator(mode="before")
    @classmethod
    def _external(cls, value: Any) -> Any:
        return _not_external(value)

    @field_validator("file", mode="after")
    @classmethod
    def _file(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return absolute(at_home(str(value)), info) if value else None


def _not_external(value: Any) -> Any:
    """`external: false` says nothing; `true` is refused as an unknown attribute, by the table of attributes."""
    if isinstance(value, dict) and str(value.get("external")).lower() == "false":
        return {key: one for key, one in value.items() if key != "external"}
    return value


class Config(_Content):
    """A content that containers may read as a file.

    Attributes:
        file: the file that has it, absolute once loaded.
        content: the content itself.
        environment: the variable that has it.
        name: means something to Swarm only.
        labels: likewise.
    """

    content: Text | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        _one("config", "file", "content", "environment", given=self.model_fields_set)
        return self


class Secret(_Content):
    """A content that nobody is to see, which containers may read as a file.

    Attributes:
        file: the file that has it, absolute once loaded.
        environment: the variable that has it.
        name: means something to Swarm only.
        labels: likewise.
    """

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        _one("secret", "file", "environment", given=self.model_fields_set)
        return self


def _one(what: str, *sources: str, given: set[str]) -> None:
    found = [name for name in sources if name in given]
    words = f"{', '.join(sources[:-1])} or {sources[-1]}"
    if not found:
        raise Invalid(f"the {what} has no content", f"write {words}: file: ./{what}.txt, for example", key=True)
    if len(found) > 1:
        raise Invalid(
            f"{found[0]} and {found[1]} exclude each other", f"write one of {words}", at=(found[1],), key=True
        )
