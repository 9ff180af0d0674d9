"""How far a pull or a build is, from the messages that the Engine sends meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.ports import Tell

Message = Mapping[str, Any]

_ANNOUNCED = {"Pulling fs layer", "Waiting"}
_HERE = {"Verifying Checksum", "Download complete"}
_DONE = {"Pull complete", "Already exists"}

_STEP = re.compile(r"^Step (\d+)/(\d+) : (.*)$", re.MULTILINE)


def told_pull(messages: Iterable[dict[str, Any]], tell: Tell | None) -> Iterator[dict[str, Any]]:
    """The messages of a pull, and `tell` told of what they say: the bytes of all layers, summed."""
    layers = Layers()
    said: tuple[object, ...] = ()
    for message in messages:
        if tell is not None and layers.take(message) and (now := layers.stand()) != said:
            said = now
            tell(*now)
        yield message


def told_build(messages: Iterable[dict[str, Any]], tell: Tell | None) -> Iterator[dict[str, Any]]:
    """The messages of a build, and `tell` told of each step that begins."""
    for message in messages:
        if tell is not None and isinstance(text := message.get("stream"), str):
            for number, of, command in _STEP.findall(text):
                tell(command.strip(), int(number), int(of), "steps")
        yield message


@dataclass(slots=True)
class _Layer:
    """One layer.

    Attributes:
        got: how many bytes are here.
        size: of how many; 0 where the registry has not said it yet.
        unpacked: how many are unpacked.
        is_here: whether all of it is here.
        is_done: whether it is unpacked, too.
    """

    got: int = 0
    size: int = 0
    unpacked: int = 0
    is_here: bool = False
    is_done: bool = False


@dataclass(slots=True)
class Layers:
    """The layers of one image that is pulled, as far as the Engine has told of them."""

    _layers: dict[str, _Layer] = field(default_factory=dict)

    def take(self, message: Message) -> bool:
        """Note what a message says; whether it is about a layer."""
        key, status = message.get("id"), message.get("status")
        if not isinstance(key, str) or not isinstance(status, str):
            return False
        detail = message.get("progressDetail")
        current, total = _numbers(detail if isinstance(detail, Mapping) else {})
        known = status in _ANNOUNCED | _HERE | _DONE or status in {"Downloading", "Extracting"}
        if not known:
            return False  # such as `Pulling from library/nginx`, whose ID is the tag
        if status == "Already exists":
            return bool(self._layers)  # it costs nothing
        layer = self._layers.setdefault(key, _Layer())
        if status == "Downloading":
            layer.got, layer.size = max(layer.got, current), max(layer.size, total)
        elif status == "Extracting":
            layer.is_here, layer.unpacked = True, max(layer.unpacked, current)
            layer.size = max(layer.size, total)
        elif status in _HERE:
            layer.is_here = True
        elif status in _DONE:
            layer.is_here = layer.is_done = True
        if layer.is_here:
            layer.got = layer.size
        if layer.is_done:
            layer.unpacked = layer.size
        return True

    def stand(self) -> tuple[str, int, int, str]:
        """What is done now, how many bytes of how many, and `bytes`; see `reconciler.ports.Tell`.

        The total is 0 as long as it is not known: the Engine tells a layer's size only once it begins to get it.
        """
        layers = self._layers.values()
        total = sum(layer.size for layer in layers)
        if layers and all(layer.is_here for layer in layers):
            return "unpacking", sum(layer.unpacked for layer in layers), total, "bytes"
        got = sum(layer.got for layer in layers)
        if all(layer.size or layer.is_here for layer in layers):
            return "", got, total, "bytes"
        here = sum(layer.is_here for layer in layers)
        return f"{here} of {len(layers)} layers", got, 0, "bytes"


def _numbers(detail: Mapping[str, Any]) -> tuple[int, int]:
    """`current` and `total`, in bytes; some Engines count seconds there, in `units` of `s`."""
    if detail.get("units"):
        return 0, 0
    current, total = detail.get("current"), detail.get("total")
    return current if isinstance(current, int) else 0, total if isinstance(total, int) and total > 0 else 0
