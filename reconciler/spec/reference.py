"""Image references by the distribution grammar: `[domain/]path[:tag][@digest]`.

Source: https://github.com/distribution/reference (reference.go and normalize.go).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from reconciler.spec.invalid import Invalid

_HOST = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*"
_DOMAIN = re.compile(rf"(?:{_HOST}|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_ID = re.compile(r"sha256:[0-9a-f]{64}")
_MOST_NAME = 255
_HUB = "docker.io"

ID_PREFIX = "sha256:"
"""With this begins the ID of an image, as the Engine tells it; people leave it out."""


def is_id(text: str) -> bool:
    """Whether it is an image's ID, rather than a reference."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Reference:
    """An image reference in its full form: `nginx` is `docker.io/library/nginx:latest`.

    Attributes:
        domain: the registry, with its port where it has one.
        path: the repository in the registry.
        tag: the tag; `latest` where neither tag nor digest is written; empty where only a digest is.
        digest: `sha256:…`, or empty.
    """

    domain: str
    path: str
    tag: str
    digest: str

    def __str__(self) -> str:
        """The full form, in which two spellings of one image are equal."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.domain}/{self.path}{tag}{digest}"

    @property
    def repository(self) -> str:
        """The repository as the Engine lists it: `nginx`, `registry.example/team/app`."""
        if self.domain != _HUB:
            return f"{self.domain}/{self.path}"
        return self.path.removeprefix("library/")


def parse_reference(text: str) -> Reference:
    """Read an image reference.

    Raises:
        Invalid: the text is no image reference.
    """
    name, at, digest = text.partition("@")
    if text.startswith(("http://", "https://")):
        raise Invalid(f'"{text}" is the address of a page', "an image is [REGISTRY/]NAME[:TAG], without http://")
    if at and not _DIGEST.fullmatch(digest):
        raise Invalid(f'"{text}" has an invalid digest', "a digest is sha256: and 64 hexadecimal digits")
    slash = name.rfind("/")
    colon = name.find(":", slash + 1)
    tag = ""
    if colon >= 0:
        name, tag = name[:colon], name[colon + 1 :]
        if not tag:
            raise Invalid(f'"{text}" has no tag after the colon', "write one, or leave the colon out for latest")
        if not _TAG.fullmatch(tag):
            raise Invalid(f'"{text}" has an invalid tag', "a tag has letters, digits, '_', '.' and '-', at most 128")
    head, separator, rest = name.partition("/")
    # The first component is a registry only if it can't be a path: Docker's own rule.
    if separator and ("." in head or ":" in head or head == "localhost" or head.lower() != head):
        domain, path = head, rest
        if not _DOMAIN.fullmatch(domain):
            raise Invalid(f'"{text}" has an invalid registry name', "write it as HOST[:PORT]/NAME[:TAG]")
    else:
        domain, path = _HUB, name
    if domain == "index.docker.io":
        domain = _HUB
    if not _PATH.fullmatch(path):
        lower = text.lower()
        hint = "write it as [REGISTRY/]NAME[:TAG]"
        if path.lower() != path and _PATH.fullmatch(path.lower()):
            hint = f'image names are lowercase: write "{lower}"' if tag.lower() == tag else "image names are lowercase"
        raise Invalid(f'"{text}" is not an image reference', hint)
    if domain == _HUB and "/" not in path:
        path = f"library/{path}"
    if len(domain) + 1 + len(path) > _MOST_NAME:
        raise Invalid("an image name has at most 255 characters", "shorten it")
    return Reference(domain, path, tag or ("" if digest else "latest"), digest)


@lru_cache(maxsize=4096)
def full_reference(text: str) -> str:
    """The full form of a reference; the text itself where it is none, as with an ID."""
    try:
        reference = parse_reference(text)
    except Invalid:
        return text
    if reference.digest:
        # A digest decides alone: the Engine does not keep the tag beside it.
        return f"{reference.domain}/{reference.path}@{reference.digest}"
    return str(reference)
