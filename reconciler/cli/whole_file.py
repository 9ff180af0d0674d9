"""Writes a file as a whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write_whole(file: str | Path, text: str, *, private: bool = False) -> None:
    """Write a text to a file: whoever reads it finds the old one or the new one, and a crash leaves one of them.

    A link stays one. What is no regular file, such as /dev/stdout or a pipe, is written to as it is: to put a file in
    its place would take it away from everybody.

    Args:
        file: which one; its folder must exist.
        text: what it says; surrogates are written as they were read.
        private: whether only its owner may read it; otherwise the usual permissions of new files hold.

    Raises:
        OSError: it can't be written; the old one is as it was.
    """
    path = Path(os.path.realpath(file))
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("w", encoding="utf-8", errors="surrogatepass") as stream:
            stream.write(text)
        return
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        if not private:
            umask = os.umask(0)
            os.umask(umask)
            os.fchmod(number, 0o666 & ~umask)
        with os.fdopen(number, "w", encoding="utf-8", errors="surrogatepass") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
