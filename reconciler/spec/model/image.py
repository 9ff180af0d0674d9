"""Wanted images."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from reconciler.spec.diagnostics import closest
from reconciler.spec.invalid import Invalid
from reconciler.spec.model.build import Build, References, context
from reconciler.spec.model.values import Text, Value, absolute, one_of

_POLICIES = ("always", "missing", "never", "build", "daily", "weekly", "refresh")
_EVERY = re.compile(r"every_([0-9]+[wdhms])+")
_AGE = re.compile(r"([0-9]+[wdhms])+")
_PLATFORM = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+(/[a-z0-9_.]+)?)?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def _pull_policy(value: Any) -> Any:
    if not isinstance(value, str) or value in _POLICIES or _EVERY.fullmatch(value):
        return value
    if value == "if_not_present":
        return "missing"
    guess = closest(value, [*_POLICIES, "if_not_present"])
    hint = "write always, missing, never, build, daily, weekly, or an age such as every_12h"
    raise Invalid(
        f'"{value}" is not a pull policy', f'did you mean "{guess}"? {hint[0].upper()}{hint[1:]}' if guess else hint
    )


def _age(value: Any) -> Any:
    if isinstance(value, str) and not _AGE.fullmatch(value):
        raise Invalid(f'"{value}" is not an age', 'write "12h" or "3d"; the units are w, d, h, m and s')
    return value


def _platform(value: Any) -> Any:
    if isinstance(value, str) and not _PLATFORM.fullmatch(value):
        raise Invalid(f'"{value}" is not a platform', 'write OS/ARCHITECTURE[/VARIANT]: "linux/arm64"')
    return value


PullPolicy = Annotated[Text, BeforeValidator(_pull_policy)]
Age = Annotated[Text, BeforeValidator(_age)]
Platform = Annotated[Text, BeforeValidator(_platform)]


class Image(Value):
    """A wanted image: pulled, unless it is built, imported or loaded.

    Attributes:
        build: how it is built: a folder, or a mapping as in a Compose file.
        digest: the digest of the image that is pulled under this reference, wherever the registry's tag is by now.
        import_: the root file system: a folder or a tar, absolute once loaded.
        load: an archive that `docker save` wrote, absolute once loaded.
        platform: which of a multi-platform image's: OS/ARCHITECTURE[/VARIANT].
        pull: when it is pulled: always, missing (the default), never, daily, weekly, or every_12h and the like.
        state: `present`, or `absent`: this reference is removed, and the image where that was its last.
        tags: more references that it has.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_alias=True, validate_by_name=True)

    build: Annotated[Build | None, BeforeValidator(context)] = None
    digest: Text | None = None
    import_: Annotated[Path | None, Field(alias="import")] = None
    load: Path | None = None
    platform: Platform | None = None
    pull: PullPolicy | None = None
    state: Annotated[Literal["present", "absent"], one_of("present", "absent")] = "present"
    tags: References = ()

    @field_validator("import_", "load", mode="after")
    @classmethod
    def _path(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return absolute(value, info) if value else None

    @field_validator("digest", mode="after")
    @classmethod
    def _digest(cls, value: str | None) -> str | None:
        if value and not _DIGEST.fullmatch(value):
            raise Invalid(f'"{value}" is not a digest', "a digest is sha256: and 64 hexadecimal digits")
        return value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [
            name for name in ("build", "import", "load", "pull") if getattr(self, name.replace("import", "import_"))
        ]
        if len(given) > 1:
            hint = "an image comes from one of them: leave the other out"
            raise Invalid(f"{given[0]} and {given[1]} exclude each other", hint, at=(given[1],), key=True)
        if self.digest and (made := [name for name in given if name != "pull"]):
            message = f"an image with {made[0]} is not pulled, so `digest` means nothing"
            raise Invalid(message, "leave one of them out", at=("digest",), key=True)
        if self.state == "absent" and (given or self.tags):
            other = (given or ["tags"])[0]
            raise Invalid(f"an image that is to be absent has no {other}", "leave it out", at=(other,), key=True)
        return self
