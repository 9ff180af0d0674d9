"""Namespaces that a container shares: with the host, with another container of the project, or with any other."""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator

from reconciler.spec.diagnostics import closest
from reconciler.spec.invalid import Invalid

_OF_SERVICE = "service:"
_OF_CONTAINER = "container:"


def service_of(mode: str | None) -> str:
    """The container of the project that shares its namespace; empty where it is none."""
    return mode.removeprefix(_OF_SERVICE) if mode and mode.startswith(_OF_SERVICE) else ""


def container_of(mode: str | None) -> str:
    """The name, on the Engine, of the container that shares its namespace; empty where it is none."""
    return mode.removeprefix(_OF_CONTAINER) if mode and mode.startswith(_OF_CONTAINER) else ""


def namespace(*modes: str, otherwise: str = "") -> BeforeValidator:
    """One of a few words, or `service:NAME`, or `container:NAME`.

    Args:
        modes: the words.
        otherwise: what else could be meant, with `{}` for the word that was written.
    """

    def read(value: Any) -> Any:
        if not isinstance(value, str) or value in modes:
            return value
        kind, colon, name = value.partition(":")
        if colon and kind in {"service", "container"}:
            if not name:
                raise Invalid(f'"{value}" names no {kind}', f"write {kind}:NAME")
            return value
        guess = closest(value, modes)
        words = f"write {', '.join(modes)}, service:NAME or container:NAME"
        hint = f'did you mean "{guess}"?' if guess else words
        if value and otherwise:
            hint += f"{' Or' if guess else ', or'} {otherwise.format(value)}"
        raise Invalid(f'"{value}" can\'t stand here', hint)

    return BeforeValidator(read)
