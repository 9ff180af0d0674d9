"""This machine, as far as configs and secrets need it: where their files lie, and the key of their digests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reconciler.state_folder import state_folder

_NAME = "docker-reconciler"
_KEY_FILE = "digest-key"
_KEY_BYTES = 32


@dataclass(frozen=True)
class Here:
    """This machine.

    Attributes:
        runtime: a folder in memory, in which the files for containers lie; None where there is none.
        state: where the digest key is kept; None for nowhere.
        user: the ID of who we are.
    """

    runtime: Path | None
    state: Path | None
    user: int

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Here:
        """As the environment says.

        Args:
            environ: RECONCILER_RUNTIME_DIR and XDG_RUNTIME_DIR are looked up in it, and what `state_folder` asks for.
                For root the second is not: what logging out removes is no place for what the Engine starts.
        """
        user = os.geteuid() if hasattr(os, "geteuid") else -1
        parent = "/run" if user == 0 else environ.get("XDG_RUNTIME_DIR") or ""
        default = f"{parent}/{_NAME}" if parent and Path(parent).is_dir() else ""
        runtime = environ.get("RECONCILER_RUNTIME_DIR", default)
        runtime = runtime if Path(runtime).is_absolute() else ""
        return cls(Path(runtime) if runtime else None, state_folder(environ, user), user)

    @cached_property
    def key(self) -> bytes:
        """The key of digests of secrets: made at the first use. Where it can't be kept, it lives as long as we do."""
        if self.state is None:
            return os.urandom(_KEY_BYTES)
        path = self.state / _KEY_FILE
        try:
            return _read(path) or _make(path)
        except OSError:
            return os.urandom(_KEY_BYTES)

    @cached_property
    def key_id(self) -> str:
        """By which a label names the key."""
        return hashlib.sha256(b"key id" + self.key).hexdigest()[:8]


def _read(path: Path) -> bytes:
    """The key; nothing where there is no file.

    Raises:
        OSError: it can't be read, or is none.
    """
    try:
        key = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        return b""
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise OSError(f"{path} holds no key")
    return key


def _make(path: Path) -> bytes:
    import tempfile  # once for each machine

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=f".{_KEY_FILE}", dir=path.parent)  # with 0600
    with os.fdopen(number, "w") as file:
        file.write(f"{os.urandom(_KEY_BYTES).hex()}\n")
        file.flush()
        os.fsync(number)
    try:
        os.link(name, path)  # fails where another process was faster: then its key counts
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()
    return _read(path)
