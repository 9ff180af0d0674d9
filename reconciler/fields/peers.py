"""Other containers that one names: in the rows by the spec's words, on the Engine by their IDs.

A word is `service:KEY`, of this project, or `container:NAME`, of any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.fields.base import at

if TYPE_CHECKING:
    from reconciler.fields.base import Inspect, Payload
    from reconciler.spec.model import Container

_ANY = "container:"
_KINDS = ("service:", _ANY)
_MODES = {"NetworkMode": "network_mode", "IpcMode": "ipc", "PidMode": "pid"}
_HEX_ID = 64
_SHORT_ID = 12


def is_word(text: str | None) -> bool:
    """Whether it names another container."""
    return bool(text) and str(text).startswith(_KINDS)


def is_foreign(word: str) -> bool:
    """Whether it names a container that is not of the project."""
    return word.startswith(_ANY)


def volumes_from(text: str) -> tuple[str, str]:
    """`db:ro` → `service:db` and `ro`; `container:old` → `container:old` and `rw`."""
    name, _, mode = text.removeprefix(_ANY).partition(":")
    return f"{_ANY if text.startswith(_ANY) else 'service:'}{name}", mode or "rw"


def words(container: Container) -> list[str]:
    """Every word in a container's spec, sorted."""
    if not (container.network_mode or container.ipc or container.pid or container.volumes_from):
        return []
    modes = [mode for mode in (container.network_mode, container.ipc, container.pid) if mode and is_word(mode)]
    return sorted({*modes, *(volumes_from(text)[0] for text in container.volumes_from)})


def shares(container: Container) -> frozenset[str]:
    """The words of those whose namespaces it lives in."""
    return frozenset(mode for mode in (container.network_mode, container.ipc, container.pid) if mode and is_word(mode))


def resolved(payload: Payload, ids: Mapping[str, str]) -> Payload:
    """A create payload, with IDs in place of words.

    Args:
        payload: with words.
        ids: of each word; of one that the same plan creates the ID of the action that does.
    """
    return _with_ids(payload, {word: f"{_ANY}{one}" for word, one in ids.items()})


def settled(payload: Payload, created: Mapping[str, str]) -> Payload:
    """A create payload, with IDs of containers in place of those of the actions that created them.

    Args:
        payload: as it was planned.
        created: the containers' IDs, by the actions'. Looked up in, never gone through: others add to it.
    """
    actions = [one for one in named_in(payload) if one in created]
    return _with_ids(payload, {f"{_ANY}{one}": f"{_ANY}{created[one]}" for one in actions})


def named_in(payload: Inspect) -> Iterator[str]:
    """The IDs, of containers or of actions, that a create payload names, or an inspect."""
    host = payload.get("HostConfig") or {}
    for mode in _MODES:
        if str(host.get(mode) or "").startswith(_ANY):
            yield str(host[mode]).removeprefix(_ANY)
    for text in host.get("VolumesFrom") or ():
        yield _source(text)[0]


def _with_ids(payload: Payload, found: Mapping[str, str]) -> Payload:
    host = payload.get("HostConfig") or {}
    changed: dict[str, Any] = {mode: found[host[mode]] for mode in _MODES if host.get(mode) in found}
    if host.get("VolumesFrom"):
        sources = [_source(text) for text in host["VolumesFrom"]]
        changed["VolumesFrom"] = [
            f"{found.get(one, found.get(f'{_ANY}{one}', one)).removeprefix(_ANY)}:{mode}" for one, mode in sources
        ]
    return {**payload, "HostConfig": {**host, **changed}} if changed else payload


def _source(text: str) -> tuple[str, str]:
    """`ID:ro` → the ID and `ro`. The ID of an action has colons too."""
    name, _, mode = text.rpartition(":")
    return (name, mode) if mode in {"ro", "rw"} and name else (text, "rw")


def named(inspect: Inspect, ids: Mapping[str, str]) -> Inspect:
    """What the Engine reports, with the spec's words in place of the IDs that they stand for now."""
    host = at("HostConfig", inspect) or {}
    if not (ids or host.get("VolumesFrom")):
        return inspect
    found = {f"{_ANY}{one}": word for word, one in ids.items()}
    changed: dict[str, Any] = {mode: found[host[mode]] for mode in _MODES if host.get(mode) in found}
    if host.get("VolumesFrom"):
        sources = [_source(text) for text in host["VolumesFrom"]]
        changed["VolumesFrom"] = [f"{found.get(f'{_ANY}{one}', one)}:{mode}" for one, mode in sources]
    return {**inspect, "HostConfig": {**host, **changed}} if changed else inspect


def done_with(inspect: Inspect, container: Container) -> Inspect:
    """What the Engine reports of a job that is done, as if all whom it used were there: it has no use for them."""
    host = at("HostConfig", inspect) or {}
    changed: dict[str, Any] = {
        mode: getattr(container, attribute)
        for mode, attribute in _MODES.items()
        if is_word(host.get(mode)) and is_word(getattr(container, attribute))
    }
    if host.get("VolumesFrom") and len(host["VolumesFrom"]) == len(container.volumes_from):
        changed["VolumesFrom"] = [":".join(volumes_from(text)) for text in container.volumes_from]
    return {**inspect, "HostConfig": {**host, **changed}} if changed else inspect


def actual_volumes_from(inspect: Inspect) -> tuple[str, ...]:
    """What `HostConfig.VolumesFrom` says, each as `service:db:ro` or `container:ID:rw`."""
    sources = [_source(text) for text in at("HostConfig.VolumesFrom", inspect) or ()]
    return tuple(f"{one if is_word(one) else f'{_ANY}{one}'}:{mode}" for one, mode in sources)


def show(text: str) -> str:
    """A word in a plan's line, an ID as docker shows it."""
    kind, colon, rest = text.partition(":")
    one, _, mode = rest.partition(":")
    short = one[:_SHORT_ID] if kind == "container" and len(one) == _HEX_ID else one
    return f"{kind}{colon}{short}{f':{mode}' if mode else ''}"
