"""An archive that `docker save` wrote → what is in it."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.engine.archive import source_digest
from reconciler.errors import EngineError
from reconciler.spec.reference import full_reference
from reconciler.state.images import Archive, ArchivedImage

_MANIFEST, _INDEX = "manifest.json", "index.json"
_NAMED = "io.containerd.image.name"
_LONGEST = 4 << 20
"""Bytes of a manifest or a configuration: more is no such thing."""


def read_archive(path: Path) -> Archive:
    """The images in an archive; a problem where it can't be read."""
    try:
        with tarfile.open(path) as tar:
            images = dict(_images(tar))
        return Archive(source_digest(path), images)
    except OSError as error:
        return Archive("", problem=error.strerror or str(error))
    except EngineError as error:
        return Archive("", problem=error.message)
    except (tarfile.TarError, ValueError, KeyError, TypeError, AttributeError, EOFError):
        return Archive("", problem="it is no archive that `docker save` wrote")


def _images(tar: tarfile.TarFile) -> Iterator[tuple[str, ArchivedImage]]:
    names = set(tar.getnames())
    manifests = _json(tar, _MANIFEST)
    index = _json(tar, _INDEX) if _INDEX in names else {}
    stored = {
        full_reference(str(name)): str(one["digest"])
        for one in index.get("manifests") or ()
        if (name := (one.get("annotations") or {}).get(_NAMED))
    }
    for manifest in manifests:
        config = str(manifest["Config"])
        by_config = f"sha256:{config.rpartition('/')[2].removesuffix('.json')}"
        said: Mapping[str, Any] = _json(tar, config)
        for tag in manifest.get("RepoTags") or ():
            full = full_reference(tag)
            if full in stored:
                yield full, ArchivedImage(frozenset([by_config, stored[full]]))
            else:
                layers = tuple((said.get("rootfs") or {}).get("diff_ids") or ())
                yield full, ArchivedImage(frozenset([by_config]), layers, str(said.get("created") or ""))


def _json(tar: tarfile.TarFile, name: str) -> Any:
    file = tar.extractfile(name)
    if file is None:
        raise ValueError(name)
    with file:
        return json.loads(file.read(_LONGEST))
