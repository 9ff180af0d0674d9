"""A build's folder → the tar that is sent to the builder, and the digest of what is in it."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from reconciler.engine.archive import HashedWriter, source_digest
from reconciler.engine.dockerignore import Ignored
from reconciler.errors import EngineError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_IGNORE = ".dockerignore"
_IN_MEMORY = 8 << 20


@dataclass(frozen=True)
class BuildContext:
    """What a build is made of.

    Attributes:
        folder: whose files are sent.
        dockerfile: the path of the Dockerfile in the folder, or an absolute one elsewhere.
        inline: the text of the Dockerfile, instead of a file.
        more: the paths of additional contexts, which BuildKit is sent besides.
    """

    folder: Path
    dockerfile: str
    inline: str | None = None
    more: tuple[str, ...] = ()

    def digest(self) -> str:
        """The digest of all that is sent: names, modes and contents; not owners and times.

        Raises:
            EngineError: something can't be read.
        """
        writer = HashedWriter()
        with self._readable():
            self._pack(writer, times=False)
        for path in self.more:
            writer.write(source_digest(Path(path)).encode())
        return writer.digest

    @contextmanager
    def opened(self) -> Iterator[tuple[IO[bytes], str]]:
        """The tar, to read from, and the path of the Dockerfile in it.

        Raises:
            EngineError: something can't be read.
        """
        with self._readable(), tempfile.SpooledTemporaryFile(_IN_MEMORY) as packed:
            name = self._pack(packed, times=True)
            packed.seek(0)
            yield packed, name

    def dockerfile_text(self) -> str:
        """The Dockerfile."""
        with self._readable():
            return self._text().decode(errors="replace")

    def _text(self) -> bytes:
        return self._path.read_bytes() if self.inline is None else self.inline.encode()

    @property
    def _path(self) -> Path:
        return self.folder / self.dockerfile

    @property
    def _inside(self) -> str | None:
        """The path of the Dockerfile in the folder; None where it is not there."""
        if self.inline is not None:
            return None
        inside = os.path.relpath(self._path, self.folder)
        return None if inside == ".." or inside.startswith("../") else inside

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            path = error.filename or self.folder
            raise EngineError(
                f'"{path}" can\'t be read: {error.strerror or error}', "check the path and its permissions"
            ) from None

    def _pack(self, target: SupportsWrite[bytes], *, times: bool) -> str:
        """Write the tar; the path of the Dockerfile in it.

        Args:
            target: where it is written to.
            times: whether the files' times are kept. Without, it is the same for the same content.
        """
        text = self._text()  # first: what is missing most often is said before anything else
        ignore = self._ignore()
        ignored = Ignored(ignore or "")
        inside = self._inside
        always = {_IGNORE, *([inside] if inside else [])}
        with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
            for path, name in _walk(self.folder, ignored, always):
                if not inside and name == _IGNORE:
                    continue
                _add(tar, path, name, times=times)
            if inside:
                return inside
            # The builder takes what its .dockerignore names out of the context, once it has read the Dockerfile.
            name = f".dockerfile.{hashlib.sha256(text).hexdigest()[:20]}"
            _add_text(tar, _IGNORE, f"{ignore or ''}\n{_IGNORE if ignore is None else ''}\n{name}\n".encode())
            _add_text(tar, name, text)
            return name

    def _ignore(self) -> str | None:
        """The patterns: of a file beside the Dockerfile that is for it alone, or of the folder's."""
        beside = [self._path.with_name(f"{self._path.name}{_IGNORE}")] if self.inline is None else []
        for path in (*beside, self.folder / _IGNORE):
            if path.is_file():
                return path.read_text(errors="replace")
        return None


def _walk(root: Path, ignored: Ignored, always: set[str]) -> Iterator[tuple[Path, str]]:
    """What is sent, in order; folders above something that is sent are sent too."""

    def within(folder: Path, prefix: str) -> Iterator[tuple[Path, str]]:
        for entry in sorted(os.scandir(folder), key=lambda one: one.name):
            name, path = f"{prefix}{entry.name}", folder / entry.name
            is_out = name in ignored and name not in always
            if not entry.is_dir(follow_symlinks=False):
                if not is_out:
                    yield path, name
                continue
            if not is_out:
                yield path, name
                yield from within(path, f"{name}/")
            elif ignored.has_exceptions or any(one.startswith(f"{name}/") for one in always):
                first = next(inner := within(path, f"{name}/"), None)
                if first:
                    yield path, name
                    yield first
                    yield from inner

    yield from within(root, "")


def _add(tar: tarfile.TarFile, path: Path, name: str, *, times: bool) -> None:
    if path.is_socket():
        return  # nothing that an image could hold
    member = tar.gettarinfo(path, name)
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = int(member.mtime) if times else 0
    if member.islnk():
        member.type, member.linkname = tarfile.REGTYPE, ""
        member.size = path.stat().st_size
    if member.isfile():
        with path.open("rb") as file:
            tar.addfile(member, file)
    else:
        tar.addfile(member)


def _add_text(tar: tarfile.TarFile, name: str, text: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(text)
    tar.addfile(member, io.BytesIO(text))
