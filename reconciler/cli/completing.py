"""What a shell offers for the words of a command: names from the spec, contexts, files. Fast, and never an error.

A spec is not loaded for it: its files are read for the names alone, without what `include` and `extends` add.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    import click

_CONTAINERS = ("containers", "services")
_DEEPEST = 3
"""The level of a list of profiles: section, container, profiles."""

_MOST_PROFILES = 20
_LONGEST = 1 << 20
"""Bytes: a spec is no longer; something else may be anything."""


def complete_containers(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The containers of the spec; none twice."""
    said = context.params.get(parameter.name or "") or ()
    names = {name for section in _CONTAINERS for name in _mapping(context, section)}
    return _beginning_with(incomplete, names.difference(said))


def complete_profiles(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The profiles that containers of the spec have."""
    del parameter
    found = {
        str(profile)
        for section in _CONTAINERS
        for container in _mapping(context, section).values()
        if isinstance(container, dict) and isinstance(profiles := container.get("profiles"), list)
        for profile in profiles
    }
    return _beginning_with(incomplete, found)


def complete_contexts(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Docker's contexts."""
    del context, parameter
    try:
        from reconciler.engine.endpoint import known_contexts

        return _beginning_with(incomplete, known_contexts(os.environ, Path.home()))
    except Exception:
        return []


def complete_files(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files and folders, as the shell itself knows them."""
    del context, parameter
    return [CompletionItem(incomplete, type="file")]


def _beginning_with(incomplete: str, names: set[str] | list[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


def _mapping(context: click.Context, section: str) -> dict[str, Any]:
    """A section of all the spec's files together; empty where none can be read."""
    found: dict[str, Any] = {}
    for data in _files(context):
        part = data.get(section)
        found |= {str(name): value for name, value in part.items()} if isinstance(part, dict) else {}
    return found


def _files(context: click.Context) -> Iterator[dict[str, Any]]:
    try:
        import yaml

        from reconciler.spec.folders import find

        for path in find(context.params.get("file") or None, Path.cwd()):
            if path.is_file() and path.stat().st_size <= _LONGEST:
                node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_loader(yaml))
                data = _plain(node, 0)
                if isinstance(data, dict):
                    yield data
    except Exception:
        return  # half a spec is being written, perhaps: there is nothing to offer then


def _loader(yaml: Any) -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _plain(node: Any, depth: int) -> Any:
    """The containers' names with their profiles, and nothing else: aliases can't make more of it than is written."""
    if isinstance(node.value, str):
        return node.value
    if node.tag.endswith(":seq"):
        return [_plain(one, depth + 1) for one in node.value[:_MOST_PROFILES]] if depth <= _DEEPEST else []
    return {
        key.value: _plain(value, depth + 1)
        for key, value in node.value
        if depth == 1 or (depth == 0 and key.value in _CONTAINERS) or (depth == 2 and key.value == "profiles")
    }
