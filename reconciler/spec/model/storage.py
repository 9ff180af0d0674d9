"""Volumes, and how they are mounted in a container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from reconciler.spec.invalid import Invalid
from reconciler.spec.model.files import Mode
from reconciler.spec.model.several import fail
from reconciler.spec.model.values import (
    Boolean,
    EngineName,
    Item,
    Labels,
    Name,
    Options,
    Size,
    Text,
    Value,
    absolute,
    at_home,
    one_of,
    pairs,
)
from reconciler.spec.ours import OurPath
from reconciler.spec.reference import parse_reference
from reconciler.spec.shorthand import PROPAGATIONS

_TYPES = ("volume", "bind", "tmpfs", "image")


def _below(value: str) -> str:
    """A path below the root of what is mounted."""
    if value.startswith("/") or ".." in value.split("/"):
        raise Invalid(f'"{value}" is not a path below the volume', "write it without a / before it, and without ..")
    return value


class BindOptions(Value):
    """Of a mount of the type bind."""

    propagation: Annotated[Text, one_of(*PROPAGATIONS)] = ""
    create_host_path: Boolean = True
    selinux: Annotated[Text, one_of("z", "Z")] = ""
    recursive: Annotated[Text, one_of("enabled", "disabled", "writable", "readonly")] = ""


class VolumeOptions(Value):
    """Of a mount of the type volume."""

    nocopy: Boolean = False
    labels: Annotated[dict[str, Text], pairs("label")] = {}
    subpath: Annotated[Text, AfterValidator(_below)] = ""


_VOLUME_OPTIONS = VolumeOptions.by_default()


class ImageOptions(Value):
    """Of a mount of the type image."""

    subpath: Annotated[Text, AfterValidator(_below)] = ""


class TmpfsOptions(Value):
    """Of a mount of the type tmpfs.

    Attributes:
        size: in bytes; half of the machine's memory where not given.
        mode: the folder's permissions, in octal digits.
    """

    size: Size = 0
    mode: Mode = ""


def _mount_type(value: Any) -> Any:
    if isinstance(value, str) and value in {"cluster", "npipe"}:
        why = {"cluster": "Swarm's", "npipe": "Windows's"}[value]
        raise Invalid(f"the mount type {value} is {why}", f"write {', '.join(_TYPES[:-1])} or {_TYPES[-1]}")
    return value


class Mount(Item):
    """Something mounted in the container.

    Attributes:
        type: `volume` (source: a key of `volumes`, or empty for an anonymous one), `bind` (source: a host path),
            `tmpfs` (no source), or `image` (source: the reference of an image, of which it is a read-only copy).
        source: see type; a relative path becomes absolute when the spec is loaded.
        target: the absolute path in the container.
        read_only: whether the container may only read it.
        consistency: means nothing on Linux.
    """

    type: Annotated[Literal["volume", "bind", "tmpfs", "image"], one_of(*_TYPES), BeforeValidator(_mount_type)]
    source: Text = ""
    target: Text
    read_only: Boolean = False
    consistency: Text = ""
    bind: BindOptions = BindOptions.by_default()
    volume: VolumeOptions = Field(default_factory=lambda: _VOLUME_OPTIONS)
    tmpfs: TmpfsOptions = TmpfsOptions.by_default()
    image: ImageOptions = ImageOptions.by_default()

    @field_validator("source", mode="wrap")
    @classmethod
    def _source(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> str:
        text: str = handler(value)
        if info.data.get("type") != "bind" or not text:
            return text
        path = str(absolute(at_home(text), info))
        return OurPath(path) if isinstance(value, OurPath) or not text.startswith("/") else path

    @field_validator("target", mode="after")
    @classmethod
    def _target(cls, value: str) -> str:
        if not value.startswith("/"):
            raise Invalid(f'"{value}" is not an absolute path', "the path in the container begins with /")
        if not value.strip("/."):
            raise Invalid("nothing can be mounted over the root of a container", "name a folder in it: /data")
        return clean_path(value)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.type == "bind" and not self.source:
            raise Invalid("a bind needs a source", "name a folder or file of the host: source: ./data")
        if self.type == "tmpfs" and self.source:
            raise Invalid("a tmpfs has no source", "leave it out", at=("source",))
        if self.type == "image":
            if not self.source:
                raise Invalid("a mount of an image needs a source", "name the image: source: shop/data:1")
            try:
                parse_reference(self.source)
            except Invalid as error:
                raise Invalid(str(error), error.hint, at=("source",)) from None
        for options in sorted({*_TYPES} - {self.type}):
            if options in self.model_fields_set and not self._labels_volume(options):
                hint = f"leave it out, or write type: {options}"
                raise Invalid(f'"{options}" does not go with the type {self.type}', hint, at=(options,), key=True)
        return self

    def _labels_volume(self, options: str) -> bool:
        """Whether these are the options of a volume as `data:/data:z` gives them: SELinux knows volumes too."""
        return self.type == "volume" and options == "bind" and self.bind.model_fields_set == {"selinux"}


class Volume(Value):
    """A named volume of the project. It is created where it is missing, and never removed.

    Attributes:
        name: its name on the Engine; PROJECT_KEY where not given.
        external: it stands already, made by somebody else: used, never made.
        driver: what makes it; `local` without it.
        driver_opts: for the driver.
        labels: labels: a mapping, or a list of NAME=value.
        protect: whether even `down --volumes` must leave it.
        was: the name that it had in the spec before: it is used on, rather than another one made.
    """

    name: EngineName | None = None
    external: Boolean = False
    driver: Text = ""
    driver_opts: Options = {}
    labels: Labels = {}
    protect: Boolean = False
    was: Name | None = None

    @field_validator("driver_opts", mode="after")
    @classmethod
    def _bound_folder(cls, value: Options, info: ValidationInfo) -> Options:
        if not is_bound_folder(info.data.get("driver", ""), value):
            return value
        return {**value, "device": str(absolute(at_home(value["device"]), info))}


def is_bound_folder(driver: str, options: Mapping[str, str]) -> bool:
    """Whether a volume is a folder of the host, which its driver's options mount: named as that of a bind is."""
    bound = not {"bind", "rbind"}.isdisjoint(options.get("o", "").split(","))
    return driver in {"", "local"} and bound and bool(options.get("device"))


def clean_path(path: str) -> str:
    """One spelling of an absolute path. The Engine cleans it too: two spellings of one path are one mount."""
    return "/" + "/".join(part for part in path.split("/") if part not in {"", "."})


def tmpfs_mounts(value: Any) -> Any:
    """`/run:size=64m,mode=1777` or a list of such → path to options."""
    if isinstance(value, str):
        value = [value]
    found: dict[Any, Any] = {}
    problems: list[Invalid] = []
    if isinstance(value, dict):
        for path, options in value.items():
            cleaned = clean_path(path) if str(path).startswith("/") else path
            if cleaned in found:
                problems.append(
                    Invalid(f'"{cleaned}" is mounted twice', "give each mount a path of its own", at=(path,))
                )
            found[cleaned] = options
        fail(problems)
        return found
    if not isinstance(value, list):
        return value
    for index, item in enumerate(value):
        path, _, options = item.partition(":") if isinstance(item, str) else ("", "", "")
        path = clean_path(path) if path.startswith("/") else path
        if not path.startswith("/"):
            wrong = f'"{path}" is not an absolute path' if path else "a tmpfs is PATH or PATH:OPTIONS"
            problems.append(Invalid(wrong, 'write "/run", or "/run:size=64m,mode=1777"', at=(index,)))
        elif path in found:
            problems.append(_twice(path, index))
        found[path] = options
    fail(problems)
    return found


def _twice(path: str, at: str | int) -> Invalid:
    return Invalid(f'"{path}" is mounted twice', "give each mount a path of its own", at=(at,))


def tmpfs_text(value: dict[str, str]) -> list[str] | dict[str, str]:
    """Path to options → a list of `/run:size=64m`; a mapping where a path could not stand in one."""
    if any(not path.startswith("/") or ":" in path for path in value):
        return value
    return [f"{path}:{options}" if options else path for path, options in value.items()]
