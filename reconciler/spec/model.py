"""What is wanted: frozen values in the Compose vocabulary. Every attribute of a spec stands here, once."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from reconciler.spec import shorthand
from reconciler.spec.reference import Reference, parse_reference
from reconciler.spec.shorthand import Invalid

DEFAULT_NETWORK = "default"
_RESOURCE_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_PROJECT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_MOST_HOSTNAME = 64


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


def _words(value: Any) -> Any:
    return shorthand.command(value) if isinstance(value, str) else value


def _name(value: Any) -> Any:
    if isinstance(value, str) and not _RESOURCE_NAME.fullmatch(value):
        raise Invalid(f'"{value}" is not a name', "a name has letters, digits, '_', '.' and '-'")
    return value


def _engine_name(value: Any) -> Any:
    if isinstance(value, str) and len(value) < 2:
        raise Invalid(f'"{value}" is too short', "the Engine wants names of two characters at least")
    return _name(value)


def _path(path: Path, info: ValidationInfo) -> Path:
    """A path relative to the spec's folder → an absolute one. Symbolic links stay: the Engine may see others."""
    folder = (info.context or {}).get("folder")
    return Path(os.path.normpath(folder / path)) if folder else path


def _pairs(what: str) -> BeforeValidator:
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


Text = Annotated[str, BeforeValidator(_text)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
Words = Annotated[tuple[Text, ...], BeforeValidator(_words)]
Name = Annotated[str, BeforeValidator(_name)]
EngineName = Annotated[str, BeforeValidator(_engine_name)]


class Value(BaseModel):
    """Base of all spec values: immutable, and nothing unknown passes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class State(StrEnum):
    """What a container should be doing."""

    RUNNING = "running"
    STOPPED = "stopped"
    ABSENT = "absent"


class Port(Value):
    """A container port, published on the host.

    Attributes:
        target: the port in the container.
        published: the host port, a range "8000-8010" of which the Engine takes a free one, or empty for any.
        host_ip: the host's address to listen on; empty for all.
        protocol: tcp, udp or sctp.
    """

    target: Annotated[int, Field(ge=1, le=65535)]
    published: Text = ""
    host_ip: Text = ""
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"

    @field_validator("published", mode="before")
    @classmethod
    def _published(cls, value: Any) -> Any:
        value = _text(value)
        if not isinstance(value, str) or not value:
            return value
        ports = shorthand.port_range(value, "host")
        return str(ports[0]) if len(ports) == 1 else f"{ports[0]}-{ports[-1]}"

    @field_validator("host_ip", mode="before")
    @classmethod
    def _host_ip(cls, value: Any) -> Any:
        return shorthand.address(value) if isinstance(value, str) and value else value


class Mount(Value):
    """A volume or a host folder, mounted in the container.

    Attributes:
        type: `volume` (source: a key of `volumes`, or empty for an anonymous one) or `bind` (source: a host path).
        source: see type; a relative path becomes absolute when the spec is loaded.
        target: the absolute path in the container.
        read_only: whether the container may only read it.
    """

    type: Literal["volume", "bind"]
    source: Text = ""
    target: Text
    read_only: Boolean = False

    @field_validator("source", mode="after")
    @classmethod
    def _source(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("type") == "bind":
            if not value:
                raise Invalid("a bind needs a source", "name a folder or file of the host")
            return str(_path(Path(value).expanduser(), info))
        return value

    @field_validator("target", mode="after")
    @classmethod
    def _target(cls, value: str) -> str:
        if not value.startswith("/"):
            raise Invalid(f'"{value}" is not an absolute path', "the path in the container begins with /")
        # The Engine cleans the path too: two spellings of one path are one mount.
        return "/" + "/".join(part for part in value.split("/") if part not in {"", "."})


class Restart(Value):
    """What the Engine does when the container exits by itself."""

    name: Literal["no", "always", "unless-stopped", "on-failure"] = "no"
    retries: int = 0


class Endpoint(Value):
    """A container's place in a network.

    Attributes:
        aliases: more names by which other containers of the network find it.
    """

    aliases: tuple[Text, ...] = ()


class Image(Value):
    """A wanted image: pulled, unless it is imported.

    Attributes:
        import_: the root file system: a folder or a tar, absolute once loaded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_alias=True, validate_by_name=True)

    import_: Annotated[Path | None, Field(alias="import")] = None

    @field_validator("import_", mode="after")
    @classmethod
    def _import(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return _path(value, info) if value else None


class Network(Value):
    """A network of the project.

    Attributes:
        name: its name on the Engine; PROJECT_KEY where not given.
        external: it stands already, made by somebody else: used, never made nor removed.
    """

    name: EngineName | None = None
    external: Boolean = False


class Volume(Value):
    """A named volume of the project. It is created where it is missing, and never removed.

    Attributes:
        name: its name on the Engine; PROJECT_KEY where not given.
        external: it stands already, made by somebody else: used, never made.
    """

    name: EngineName | None = None
    external: Boolean = False


class Container(Value):
    """A wanted container. What is not given is the image's, or the Engine's default."""

    image: Text
    command: Words | None = None
    entrypoint: Words | None = None
    environment: Annotated[dict[str, Text], _pairs("variable")] = {}
    labels: Annotated[dict[str, Text], _pairs("label")] = {}
    user: Text | None = None
    working_dir: Text | None = None
    hostname: Text | None = None
    ports: tuple[Port, ...] = ()
    volumes: tuple[Mount, ...] = ()
    networks: dict[Name, Endpoint] = {DEFAULT_NETWORK: Endpoint()}
    restart: Restart = Restart()
    state: State = State.RUNNING
    container_name: EngineName | None = None
    depends_on: tuple[Name, ...] = ()

    @field_validator("image", mode="after")
    @classmethod
    def _image(cls, value: str) -> str:
        parse_reference(value)
        return value

    @field_validator("command", mode="after")
    @classmethod
    def _command(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value == ():
            raise Invalid("the command is empty", "leave it out for the image's own; an entrypoint replaces it too")
        return value

    @field_validator("hostname", mode="after")
    @classmethod
    def _hostname(cls, value: str | None) -> str | None:
        if value is not None and len(value) > _MOST_HOSTNAME:
            raise Invalid("a hostname has at most 64 characters", "shorten it")
        return value

    @field_validator("labels", mode="after")
    @classmethod
    def _labels(cls, value: dict[str, str]) -> dict[str, str]:
        for key in value:
            if key.startswith("io.reconciler."):
                raise Invalid(f'label "{key}" is ours to set', "choose another prefix", at=(key,))
        return value

    @field_validator("ports", mode="before")
    @classmethod
    def _ports(cls, value: Any) -> Any:
        return _each(value, shorthand.ports) if isinstance(value, list) else value

    @field_validator("volumes", mode="before")
    @classmethod
    def _volumes(cls, value: Any) -> Any:
        return _each(value, lambda text: [shorthand.volume(text)]) if isinstance(value, list) else value

    @field_validator("volumes", mode="after")
    @classmethod
    def _one_mount_a_target(cls, value: tuple[Mount, ...]) -> tuple[Mount, ...]:
        seen: set[str] = set()
        for index, mount in enumerate(value):
            if mount.target in seen:
                raise Invalid(f'"{mount.target}" is mounted twice', "give each mount a path of its own", at=(index,))
            seen.add(mount.target)
        return value

    @field_validator("networks", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if isinstance(value, list):
            value = {name: {} for name in value if isinstance(name, str)}
        if isinstance(value, dict):
            if not value:
                raise Invalid("no network is named", "leave `networks` out for the project's default network")
            value = {name: {} if endpoint is None else endpoint for name, endpoint in value.items()}
        return value

    @field_validator("restart", mode="before")
    @classmethod
    def _restart(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise Invalid("true and false are no restart policies", 'write "no" or always')
        return shorthand.restart(value) if isinstance(value, str) else value

    @field_validator("state", mode="before")
    @classmethod
    def _state(cls, value: Any) -> Any:
        if isinstance(value, str) and value not in {state.value for state in State}:
            raise Invalid(f'"{value}" is not a state', "write running, stopped or absent")
        return value


def _each(items: list[Any], expand: Any) -> list[Any]:
    """Expand the short syntax in a list; say at which item it fails."""
    found: list[Any] = []
    for index, item in enumerate(items):
        text = _text(item)
        if not isinstance(text, str):
            found.append(item)
            continue
        try:
            found.extend(expand(text))
        except Invalid as error:
            raise Invalid(str(error), error.hint, at=(index, *error.at)) from None
    return found


class Spec(Value):
    """One project's wanted state.

    Attributes:
        name: the project: prefix of all names, and the label by which its resources are known.
        images: by reference, as written.
        containers: by their name in the project.
        networks: by their name in the project; `default` is there if any container joins it.
        volumes: by their name in the project.
    """

    spec: Literal["v1"] = "v1"
    name: str
    images: dict[str, Image] = {}
    containers: dict[Name, Container] = {}
    networks: dict[Name, Network] = {}
    volumes: dict[Name, Volume] = {}

    @field_validator("name", mode="after")
    @classmethod
    def _project(cls, value: str) -> str:
        if not _PROJECT_NAME.fullmatch(value):
            raise Invalid(
                f'"{value}" is not a project name',
                "it has lowercase letters, digits, '_' and '-', a letter or digit first",
            )
        return value

    @field_validator("images", "containers", "networks", "volumes", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        # As in Compose: `volumes:` with nothing below it has no volume, `pages:` is one with the defaults.
        if value is None:
            return {}
        return {key: {} if item is None else item for key, item in value.items()} if isinstance(value, dict) else value

    @field_validator("images", mode="after")
    @classmethod
    def _references(cls, value: dict[str, Image]) -> dict[str, Image]:
        seen: dict[Reference, str] = {}
        for text in value:
            try:
                reference = parse_reference(text)
            except Invalid as error:
                raise Invalid(str(error), error.hint, at=(text,)) from None
            if reference in seen:
                raise Invalid(f'"{text}" is the same image as "{seen[reference]}"', "leave one of them out", at=(text,))
            seen[reference] = text
        return value

    def network_name(self, key: str) -> str:
        """The Engine's name of the network `key` of this project."""
        network = self.networks.get(key, Network())
        return network.name or (key if network.external else f"{self.name}_{key}")

    def volume_name(self, key: str) -> str:
        """The Engine's name of the volume `key` of this project."""
        volume = self.volumes[key]
        return volume.name or (key if volume.external else f"{self.name}_{key}")

    def container_name(self, key: str, replica: int = 1) -> str:
        """The Engine's name of a container of this project: Compose's, unless the spec names it."""
        return self.containers[key].container_name or f"{self.name}-{key}-{replica}"
