"""Rows: the configs and secrets that a container reads as files.

The Engine can't show a content, so a label says what was given: where, with which permissions, and the digest of the
content. How the file gets there is decided when it is planned, and no part of what is compared.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from reconciler.fields import ownership
from reconciler.fields.base import Field, at, constant
from reconciler.spec.contents import Section

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, Inspect, Instance, Payload
    from reconciler.spec.model.files import Grant

LABELS: dict[Section, str] = {"configs": ownership.CONFIGS, "secrets": ownership.SECRETS}

_FOLDERS: dict[Section, str] = {"configs": "/", "secrets": "/run/secrets"}
_MODE = "0444"
_SHORT_DIGEST = 19
"""`sha256:` and 12 digits."""


def target(section: Section, grant: Grant) -> str:
    """The file in the container."""
    path = posixpath.join(_FOLDERS[section], grant.target or grant.source)
    return f"/{posixpath.normpath(path).lstrip('/')}"


def files(instance: Instance, section: Section) -> dict[str, tuple[dict[str, str], ...]]:
    """The files that a container is to have: by the name of the config or secret, sorted by target.

    Each has `digest` and `target`, and `gid`, `mode` and `uid` but for a file that is used as it is.
    """
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for grant in getattr(instance.container, section):
        content = getattr(instance.spec, section).get(grant.source)
        digest = instance.digests.get(f"{section}.{grant.source}", "")
        one = {"target": target(section, grant), "digest": digest}
        if not (content and content.file) or grant.uid or grant.gid or grant.mode:
            one |= {"uid": str(int(grant.uid or 0)), "gid": str(int(grant.gid or 0)), "mode": grant.mode or _MODE}
        found[grant.source].append(dict(sorted(one.items())))
    return {name: tuple(sorted(items, key=lambda one: one["target"])) for name, items in sorted(found.items())}


def _show(value: Canonical) -> str:
    return ", ".join(_show_file(one) for one in value) or "none"


def _show_file(one: dict[str, str]) -> str:
    owner = f"{one['uid']}:{one.get('gid', '0')}" if one.get("uid") else ""
    words = (one["target"], one.get("digest", "")[:_SHORT_DIGEST], owner, one.get("mode", ""))
    return " ".join(filter(None, words))


def _row(section: Section, *, sensitive: bool) -> Field:
    label = LABELS[section]

    def actual(inspect: Inspect) -> Canonical:
        return ownership.contents(at("Config.Labels", inspect) or {}, label)

    def write(payload: Payload, value: Any) -> None:
        payload.setdefault("Labels", {})[label] = ownership.write_json(value)

    return Field(
        path=section,
        wanted=lambda instance: files(instance, section),
        actual=actual,
        write=write,
        undeclared=constant({}),
        by_key=True,
        sensitive=sensitive,
        show=_show,
    )


ROWS = (_row("configs", sensitive=False), _row("secrets", sensitive=True))
