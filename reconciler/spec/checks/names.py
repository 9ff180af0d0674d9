"""Names: everything that is named must be declared, and two things can't have one name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from reconciler.spec.diagnostics import Diagnostic, closest
from reconciler.spec.model import DEFAULT_NETWORK, Container, Grant, Network, Spec, State, Volume
from reconciler.spec.places import Path_, as_written, in_text, named

if TYPE_CHECKING:
    from reconciler.spec.places import Text


def problems(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    """What is wrong with the names in this spec."""
    yield from _undeclared(spec, document)
    yield from _same_container_name(spec, document)
    yield from _same_engine_name(spec, document)
    yield from _was(spec, document)
    yield from _imports(spec, document)


def _undeclared(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    for key, container in spec.containers.items():
        place = ("containers", key)
        for nth, network in enumerate(container.joined):
            if network not in spec.networks and network != DEFAULT_NETWORK:
                path, shown = named(document, (*place, "networks"), network, nth, len(container.joined))
                yield document.diagnostic(path, *undeclared("network", shown, spec.networks), key=True)
        for index, mount in enumerate(container.volumes):
            if mount.type == "volume" and mount.source and mount.source not in spec.volumes:
                path = in_text(document, (*place, "volumes", index, "source"))
                shown = as_written(document, path, mount.source)
                yield document.diagnostic(path, *undeclared("volume", shown, spec.volumes))
        yield from _grants(document, (*place, "configs"), container.configs, spec.configs)
        yield from _grants(document, (*place, "secrets"), container.secrets, spec.secrets)
        if container.build:
            yield from _grants(document, (*place, "build", "secrets"), container.build.secrets, spec.secrets)


def _grants(document: Text, path: Path_, grants: tuple[Grant, ...], known: Iterable[str]) -> Iterator[Diagnostic]:
    for index, grant in enumerate(grants):
        if grant.source not in known:
            place = in_text(document, (*path, index, "source"))
            shown = as_written(document, place, grant.source)
            yield document.diagnostic(place, *undeclared(str(path[-1])[:-1], shown, known))


_ENTRIES = {"container": "{image: …}", "config": "{file: …}", "secret": "{file: …}"}


def undeclared(kind: str, name: str, known: Iterable[str]) -> tuple[str, str]:
    """Message and hint for a name that is not declared."""
    guess = closest(name, known)
    entry = f"{name}: {_ENTRIES.get(kind, '{}')}"
    if "$" in name:
        return f'{kind} "{name}" is not declared', "check what its variables are set to"
    hint = f'did you mean "{guess}"?' if guess else f"declare it at the top level: `{kind}s: {{{entry}}}`"
    return f'{kind} "{name}" is not declared', hint


def _same_container_name(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for key, container in spec.containers.items():
        if container.state is State.ABSENT:
            continue
        for number in range(1, container.replicas + 1):
            name = spec.container_name(key, number)
            if other := seen.get(name):
                # The one that can be changed may be the first.
                named = key if container.container_name else other
                yield document.diagnostic(
                    ("containers", named, "container_name"),
                    f'containers "{other}" and "{key}" would both be named "{name}"',
                    "give one of them another container_name",
                )
            seen[name] = key


def _same_engine_name(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    for section, engine_name in (("networks", spec.network_name), ("volumes", spec.volume_name)):
        seen: dict[str, str] = {}
        for key, resource in getattr(spec, section).items():
            name = engine_name(key)
            other = seen.get(name)
            if other:
                named = key if resource.name else other
                yield document.diagnostic(
                    (section, named, "name"),
                    f'{section} "{other}" and "{key}" would both be named "{name}"',
                    "use one of them for both, or give one another name",
                )
            seen[name] = key


def _was(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    for section in ("containers", "networks", "volumes"):
        declared: Mapping[str, Container | Network | Volume] = getattr(spec, section)
        seen: dict[str, str] = {}
        for key, resource in declared.items():
            if not resource.was:
                continue
            path, kind = (section, key, "was"), section[:-1]
            if resource.was in declared:
                message = f'{kind} "{key}" was "{resource.was}", which is still declared'
                yield document.diagnostic(path, message, "name what is no longer declared, or leave `was` out")
            elif other := seen.get(resource.was):
                message = f'{kind} "{other}" was "{resource.was}" too'
                yield document.diagnostic(path, message, "only one can take its place: leave `was` out here")
            seen[resource.was] = key


def _imports(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    for reference, image in spec.images.items():
        for name, path, what in (("import", image.import_, "file or folder"), ("load", image.load, "file")):
            # pathlib's raises for a name that is too long.
            if path and not os.path.exists(path):  # noqa: PTH110
                yield document.diagnostic(
                    ("images", reference, name),
                    f'there is no {what} "{path}"',
                    "a relative path starts at the folder of the spec",
                )
