"""An import source, a folder or a tar → the tar that is sent, and the digest of its content."""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from reconciler.errors import EngineError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_CHUNK = 1 << 20
_IN_MEMORY = 8 << 20


class HashedWriter:
    """A file that keeps only the digest of what is written to it."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Take more."""
        self._sha256.update(data)
        return len(data)

    @property
    def digest(self) -> str:
        """Of all that was written."""
        return f"sha256:{self._sha256.hexdigest()}"


def source_digest(source: Path) -> str:
    """The digest of an import source: of a tar its bytes, of a folder its names, modes and contents.

    Owners and times don't count: a fresh clone of the same files is the same image.

    Raises:
        EngineError: it can't be read.
    """
    digest = HashedWriter()
    with _readable(source):
        if source.is_dir():
            _pack(source, digest)
        else:
            with source.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.write(chunk)
    return digest.digest


@contextmanager
def opened_source(source: Path) -> Iterator[IO[bytes]]:
    """The source as a tar, to read from.

    Raises:
        EngineError: it can't be read.
    """
    with _readable(source):
        if source.is_dir():
            with tempfile.SpooledTemporaryFile(_IN_MEMORY) as packed:
                _pack(source, packed)
                packed.seek(0)
                yield packed
        else:
            with source.open("rb") as file:
                yield file


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EngineError(
            f'import source "{error.filename or source}" can\'t be read: {error.strerror or error}',
            "check the path and its permissions",
        ) from None


def _pack(folder: Path, target: SupportsWrite[bytes]) -> None:
    """Write a folder as a tar that is the same, byte for byte, for the same content."""
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        for path, name in _walk(folder):
            member = tar.gettarinfo(path, name)
            if member is None:
                continue  # a socket: nothing that an image could hold
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            member.mtime = 0
            if member.isfile():
                with path.open("rb") as file:
                    tar.addfile(member, file)
            else:
                tar.addfile(member)


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    def fail(error: OSError) -> None:
        raise error

    for root, folders, files in os.walk(folder, onerror=fail):
        folders.sort()
        here = Path(root)
        for name in sorted([*files, *folders]):
            path = here / name
            yield path, str(path.relative_to(folder))
