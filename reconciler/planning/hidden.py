"""A snapshot's values that may be secret: hidden where it is written, found again by a spec that has the same ones.

What the spec says too is no secret to it. So planning needs to know nothing of all this: it sees the true value where
the spec has it, and elsewhere a text that differs from all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.fields import compose_labels, ownership
from reconciler.fields.base import Instance
from reconciler.fields.places import NETWORK, VOLUME
from reconciler.fields.table import TABLE
from reconciler.planning.sensitive import SENSITIVE, is_sensitive
from reconciler.spec.model import Spec
from reconciler.state.salt import PREFIX, salted

_TEXTS_OF_OTHERS = ("containers", "candidates", "images", "networks", "volumes")
"""The parts of a snapshot with texts that somebody chose, rather than names and IDs that a plan goes by."""

_COMMANDS = frozenset(["Args", "Cmd", "Entrypoint", "Test"])
_OPTIONS = frozenset(["DriverOpts", "Options"])

_CHOSEN = _OPTIONS | {"Annotations", "Labels", "labels"}
"""Mappings whose keys are the user's own."""

_NAMES = frozenset(["Tmpfs"])
"""Mappings whose keys are paths: one that is called after a secret holds none."""

Text = Callable[[str], str]


def hide(snapshot: Mapping[str, Any], salt: str, globs: Sequence[str] = ()) -> dict[str, Any]:
    """The values of all environment variables, and what else may be a secret, as digests.

    Args:
        snapshot: in its plain form.
        salt: of this snapshot.
        globs: more names of what is secret: `settings.sensitive`.
    """

    def hidden(text: str) -> str:
        return salted(text, salt)

    return {
        part: _hidden(value, hidden, globs) if part in _TEXTS_OF_OTHERS else value for part, value in snapshot.items()
    }


def reveal(snapshot: Mapping[str, Any], salt: str, spec: Spec) -> dict[str, Any]:
    """The snapshot with each hidden value that the spec has too.

    Args:
        snapshot: as `hide` made it.
        salt: of this snapshot.
        spec: what it is to be compared with.
    """
    known = {salted(text, salt): text for text in _texts(spec)}
    found: dict[str, Any] = _revealed(snapshot, known)
    return found


def _hidden(value: Any, hidden: Text, globs: Sequence[str], key: str = "", parent: str = "") -> Any:
    if isinstance(value, Mapping):
        # What a healthcheck printed may be anything, and no plan reads it.
        return {name: [] if (key, name) == ("Health", "Log") else _hidden(item, hidden, globs, name, key)
                for name, item in value.items()}  # fmt: skip
    if isinstance(value, list):
        if key == "Env":
            return [_hidden_variable(entry, hidden) for entry in value]
        words = [item for item in value if isinstance(item, str)]
        # What follows `--password` is one, so that all words go.
        if any(_is_secret(word, globs, key, key) for word in words):
            return [hidden(item) if isinstance(item, str) else item for item in value]
        return [item if isinstance(item, str) else _hidden(item, hidden, globs, key, parent) for item in value]
    if isinstance(value, str) and parent not in _NAMES and _is_secret(value, globs, key, parent):
        return hidden(value)
    return value


def _hidden_variable(entry: str, hidden: Text) -> str:
    name, equals, value = entry.partition("=")
    return f"{name}={hidden(value)}" if equals else entry


def _is_secret(text: str, globs: Sequence[str], key: str, parent: str) -> bool:
    if key.startswith(ownership.PREFIX):
        return False
    free = parent in _COMMANDS | _OPTIONS  # a line of shell, `o: username=me,password=…`
    # Whoever wrote the names meant keys that a person chose, and not the Engine's own.
    more = globs if parent in _CHOSEN and not key.startswith(compose_labels.PREFIX) else ()
    return PREFIX in text or is_sensitive(more, key, text) or (free and bool(SENSITIVE.search(text)))


def _revealed(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _revealed(item, known) for name, item in value.items()}
    if isinstance(value, list):
        return [_revealed(item, known) for item in value]
    if isinstance(value, str) and PREFIX in value:
        name, mark, digest = value.rpartition(PREFIX)
        return name + known.get(mark + digest, mark + digest)
    return value


def _texts(spec: Spec) -> Iterator[str]:
    """All texts of the spec, as they are compared."""
    for key in spec.containers:
        instance = Instance(spec, key)
        for row in TABLE:
            if instance.declares(row.path):
                yield from _leaves(row.wanted(instance))
    for network in spec.networks.values():
        for place in NETWORK:
            yield from _leaves(place.wanted(network))
    for volume in spec.volumes.values():
        for option in VOLUME:
            yield from _leaves(option.wanted(volume))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
