"""What a row of the field table is, and the words that rows are written in."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.spec.model import Container, Spec

Inspect = Mapping[str, Any]
"""What `GET /containers/ID/json` answers."""

ImageConfig = Mapping[str, Any]
"""`Config` of `GET /images/ID/json`: what the image sets where the spec does not."""

Payload = dict[str, Any]
"""The body of `POST /containers/create`."""

Canonical = Any
"""A value in the one form in which wanted and actual are compared: str, int, bool, None, tuples and dicts of these."""


ApiVersion = tuple[int, int]

OLDEST: ApiVersion = (1, 40)
"""The oldest API version that is spoken at all."""


class Mend(StrEnum):
    """What it takes to make a field on an existing container what the spec wants."""

    RENAME = "rename"
    UPDATE = "update"
    CONNECT = "connect"
    STATE = "state"
    REPLACE = "replace"


@dataclass(slots=True)
class Instance:
    """One container to be: what the rows read the wanted values from. Not to be changed.

    Not frozen, since that makes making one three times as dear, and each cycle makes one for each container.

    Attributes:
        spec: the project.
        key: the container's name in the spec.
        replica: its number, from 1.
        image_id: the ID of the image that it should run; None while that image is not here yet.
        platform: which of a multi-platform image's it should run; empty for the Engine's own.
        peers: the IDs of the other containers that it names, by the spec's words for them (see `peers.py`).
        digests: of the contents of the configs and secrets, by section and name: `configs.site`.
        container: the container's spec.
        declared: the attributes that the spec gives itself, rather than leave them to the image or the Engine.
        name: the container's name on the Engine.
    """

    spec: Spec
    key: str
    replica: int = 1
    image_id: str | None = None
    platform: str = ""
    peers: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    container: Container = field(init=False, repr=False, compare=False)
    declared: frozenset[str] = field(init=False, repr=False, compare=False)
    name: str = field(init=False, repr=False, compare=False)
    _canonical: dict[str, Canonical] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        # Every row asks for these.
        self.container = container = self.spec.containers[self.key]
        values = container.__dict__
        self.declared = frozenset([path for path in container.model_fields_set if values[path] is not None])
        self.name = self.spec.container_name(self.key, self.replica)

    @property
    def has_new_peers(self) -> bool:
        """Whether one of the containers that it names is created by the same plan."""
        return any(":" in one for one in self.peers.values())  # the ID of an action, and none of a container

    def declares(self, path: str) -> bool:
        """Whether the spec gives the attribute itself, rather than leave it to the image or the Engine."""
        return path in self.declared

    def canonical(self, row: Field) -> Canonical:
        """What is wanted by a row: worked out once, for digest, comparison and payload. Not to be changed."""
        found, path = self._canonical, row.path
        if path not in found:
            found[path] = row.wanted(self)
        return found[path]


def _nothing(_inspect: Inspect, _image: ImageConfig) -> Canonical:
    return None


def since_ever(_wanted: Canonical) -> Mapping[str, ApiVersion]:
    """Known to every API version that is spoken."""
    return {}


def _plain(value: Canonical) -> str:
    return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One row: everything that is to be known about one attribute of a container.

    Attributes:
        path: the attribute in the spec.
        wanted: its canonical value by the spec.
        actual: its canonical value by the Engine's report.
        write: puts the canonical value into the create payload.
        same: whether the two canonical values mean the same; equality but for few.
        mend: what it takes to change it on an existing container, by the wanted and the actual value.
        undeclared: its canonical value where nothing is declared: the image's, or the Engine's default.
        always: compared also where not declared, since it can be mended in place: `wanted` gives the default then.
        surely: a short way for what nearly all containers have: True where the Engine reports what is wanted, False
            where that is not known without a closer look.
        rests: of a row that is always compared, a key of the Engine's HostConfig: where nothing is declared, and zero
            or nothing is reported under this key, it is as wanted, and nothing else need be asked.
        along: another row that an update must send with this one.
        by_key: a mapping of which only the declared keys are ours; the others are the image's or the daemon's. Its
            `show` is for the value of one key.
        adds: what is declared comes on top of what is there anyway (`undeclared`), in one list. What is neither, where
            some was declared before, no longer is.
        since: by the wanted value, what of it an older Engine would drop without a word: the API version that knows it,
            by its name.
        newest: the newest version that `since` may name: to an Engine that speaks it, nothing of the row is unknown.
        drifts: it can come to differ on a container that exists, although only a replacement mends it: it is compared
            also where the definition is the same.
        declared: whether the spec gives it, where that is not simply the attribute of this name.
        sensitive: its values are never shown.
        show: its canonical value in a plan's line.
    """

    path: str
    wanted: Callable[[Instance], Canonical]
    actual: Callable[[Inspect], Canonical]
    write: Callable[[Payload, Canonical], None]
    same: Callable[[Canonical, Canonical], bool] = operator.eq
    mend: Callable[[Canonical, Canonical], Mend] = field(default=lambda _wanted, _actual: Mend.REPLACE)
    undeclared: Callable[[Inspect, ImageConfig], Canonical] = _nothing
    always: bool = False
    surely: Callable[[Instance, Inspect], bool] | None = None
    rests: str = ""
    along: str = ""
    by_key: bool = False
    adds: bool = False
    since: Callable[[Canonical], Mapping[str, ApiVersion]] = since_ever
    newest: ApiVersion = OLDEST
    drifts: bool = False
    declared: Callable[[Instance], bool] | None = None
    sensitive: bool = False
    show: Callable[[Canonical], str] = _plain

    def is_declared(self, instance: Instance) -> bool:
        """Whether the spec gives it itself, rather than leave it to the image or the Engine."""
        return self.declared(instance) if self.declared else instance.declares(self.path)


def at(path: str, mapping: Mapping[str, Any]) -> Any:
    """The value at a dotted path of the Engine's JSON; None where any step is missing or null."""
    value: Any = mapping
    for step in _steps(path):
        # Nearly always a dict, and then the dear question need not be asked.
        if value.__class__ is not dict and not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def put(path: str) -> Callable[[Payload, Canonical], None]:
    """A writer of the canonical value, as it is, to a dotted path of the payload."""
    *folders, last = path.split(".")

    def write(payload: Payload, value: Canonical) -> None:
        target = payload
        for folder in folders:
            target = target.setdefault(folder, {})
        target[last] = list(value) if isinstance(value, tuple) else value

    return write


def get(path: str, default: Canonical = None) -> Callable[[Inspect], Canonical]:
    """A reader of a dotted path of the inspect; lists become tuples, and nothing becomes the default."""

    def read(inspect: Inspect) -> Canonical:
        value = at(path, inspect)
        if value is None:
            return default
        return (tuple(value) if isinstance(value, list) else value) or default

    return read


def attribute(path: str, default: Canonical = None) -> Callable[[Instance], Canonical]:
    """A reader of the spec's attribute of that name, as it is."""

    def read(instance: Instance) -> Canonical:
        value = getattr(instance.container, path)
        return default if value is None else value

    return read


def constant(value: Canonical) -> Callable[[Inspect, ImageConfig], Canonical]:
    """What the Engine gives where nothing is declared: always the same."""
    return lambda _inspect, _image: value


OF_DAEMON = "the daemon's default"
"""What is wanted of an attribute that was declared and no longer is, where the daemon's configuration decides.

Nobody can tell from outside what that is: what was declared is a difference, and a new container has it right.
"""


def of_daemon(read: Callable[[Inspect], Canonical]) -> Callable[[Inspect, ImageConfig], Canonical]:
    """The keys of a mapping that are the daemon's to decide where they are not declared."""
    return lambda inspect, _image: dict.fromkeys(read(inspect), OF_DAEMON)


def plain(
    path: str, where: str, default: Canonical, *, undeclared: Canonical = None, since: ApiVersion = OLDEST
) -> Field:
    """The row of an attribute that is the same in the spec, the payload and the report.

    Args:
        path: the attribute in the spec.
        where: the dotted path in the payload and in the inspect alike.
        default: what nothing in the report means.
        undeclared: what the Engine gives where nothing is declared; the default, unless that is said here.
        since: the API version that knows it.
    """
    return Field(
        path=path,
        wanted=attribute(path, default),
        actual=get(where, default),
        write=put(where.removeprefix("Config.")),  # what inspect calls Config is the body of the create call
        undeclared=constant(default if undeclared is None else undeclared),
        since=since_ever if since == OLDEST else lambda _wanted: {path: since},
        newest=since,
        show=shown,
    )


def shown(value: Canonical) -> str:
    """A value in a plan's line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={item}" for key, item in sorted(value.items())) or "none"
    return "none" if value is None or value == "" else str(value)


def show_size(value: Canonical) -> str:
    """Bytes in a plan's line: `64m`."""
    for unit, factor in (("g", 2**30), ("m", 2**20), ("k", 2**10)):
        if value and value % factor == 0:
            return f"{value // factor}{unit}"
    return str(value) if value else "none"
