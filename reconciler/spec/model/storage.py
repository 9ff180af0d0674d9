"""Volumes, and how they are mounted in a container."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ValidationInfo, field_validator, model_validator

from reconciler.spec.invalid import Invalid
from reconciler.spec.model.several import fail
from reconciler.spec.model.values import Boolean, EngineName, Item, Size, Text, Value, absolute, one_of

_PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")


class BindOptions(Value):
    """Of a mount of the type bind."""

    propagation: Annotated[Text, one_of(*_PROPAGATIONS)] = ""
    create_host_path: Boolean = True
    selinux: Annotated[Text, one_of("z", "Z")] = ""


class VolumeOptions(Value):
    """Of a mount of the type volume."""

    nocopy: Boolean = False


class TmpfsOptions(Value):
    """Of a mount of the type tmpfs.

    Attributes:
        size: in bytes; half of the machine's memory where not given.
        mode: the folder's permissions, in octal digits.
    """

    size: Size = 0
    mode: Text = ""


def _mount_type(value: Any) -> Any:
    if isinstance(value, str) and value in {"image", "cluster", "npipe"}:
        why = {"image": "not supported yet", "cluster": "Swarm's", "npipe": "Windows's"}[value]
        raise Invalid(f"the mount type {value} is {why}", "write volume, bind or tmpfs")
    return value


class Mount(Item):
    """Something mounted in the container.

    Attributes:
        type: `volume` (source: a key of `volumes`, or empty for an anonymous one), `bind` (source: a host path), or
            `tmpfs` (no source).
        source: see type; a relative path becomes absolute when the spec is loaded.
        target: the absolute path in the container.
        read_only: whether the container may only read it.
        consistency: means nothing on Linux.
    """

    type: Annotated[Literal["volume", "bind", "tmpfs"], one_of("volume", "bind", "tmpfs"), BeforeValidator(_mount_type)]
    source: Text = ""
    target: Text
    read_only: Boolean = False
    consistency: Text = ""
    bind: BindOptions = BindOptions()
    volume: VolumeOptions = VolumeOptions()
    tmpfs: TmpfsOptions = TmpfsOptions()

    @field_validator("source", mode="after")
    @classmethod
    def _source(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("type") == "bind" and value:
            return str(absolute(Path(value).expanduser(), info))
        return value

    @field_validator("target", mode="after")
    @classmethod
    def _target(cls, value: str) -> str:
        if not value.startswith("/"):
            raise Invalid(f'"{value}" is not an absolute path', "the path in the container begins with /")
        if not value.strip("/."):
            raise Invalid("nothing can be mounted over the root of a container", "name a folder in it: /data")
        # The Engine cleans the path too: two spellings of one path are one mount.
        return "/" + "/".join(part for part in value.split("/") if part not in {"", "."})

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.type == "bind" and not self.source:
            raise Invalid("a bind needs a source", "name a folder or file of the host: source: ./data")
        if self.type == "tmpfs" and self.source:
            raise Invalid("a tmpfs has no source", "leave it out", at=("source",))
        for options in {"bind", "volume", "tmpfs"} - {self.type}:
            if options in self.model_fields_set:
                hint = f"leave it out, or write type: {options}"
                raise Invalid(f'"{options}" does not go with the type {self.type}', hint, at=(options,), key=True)
        return self


class Volume(Value):
    """A named volume of the project. It is created where it is missing, and never removed.

    Attributes:
        name: its name on the Engine; PROJECT_KEY where not given.
        external: it stands already, made by somebody else: used, never made.
    """

    name: EngineName | None = None
    external: Boolean = False


def tmpfs_mounts(value: Any) -> Any:
    """`/run:size=64m,mode=1777` or a list of such → path to options."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return value
    found: dict[str, str] = {}
    problems: list[Invalid] = []
    for index, item in enumerate(value):
        path, _, options = item.partition(":") if isinstance(item, str) else ("", "", "")
        if not path.startswith("/"):
            wrong = f'"{path}" is not an absolute path' if path else "a tmpfs is PATH or PATH:OPTIONS"
            problems.append(Invalid(wrong, 'write "/run", or "/run:size=64m,mode=1777"', at=(index,)))
        elif path in found:
            problems.append(Invalid(f'"{path}" is mounted twice', "give each mount a path of its own", at=(index,)))
        found[path] = options
    fail(problems)
    return found


def tmpfs_text(value: dict[str, str]) -> list[str] | dict[str, str]:
    """Path to options → a list of `/run:size=64m`; a mapping where a path could not stand in one."""
    if any(not path.startswith("/") or ":" in path for path in value):
        return value
    return [f"{path}:{options}" if options else path for path, options in value.items()]
