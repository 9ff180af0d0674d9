"""A lock that goes with the process that holds it, however that ends: `flock` on a file."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.locks.folder import VARIABLE
from reconciler.locks.holder import Holder, as_json, from_json

_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""Others may write in the folder: no link is followed, and a FIFO is not waited for."""

_LONGEST = 1 << 20


class LockFileError(ReconcilerError):
    """A lock file can't be used."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"the lock {path} can't be used: {error.strerror or error}",
            f"remove it if nothing of yours holds it, or set {VARIABLE} to a folder that all who apply share",
        )


class FileLock:
    """One lock. The file itself is never removed: who waited for it would hold a lock on nothing.

    It is taken and released by one thread; `tell` may be called by any.

    All methods raise `LockFileError` where the file can't be used.

    Attributes:
        path: of the file.
        before: who held it before we took it, as far as the file tells.
    """

    def __init__(self, path: Path) -> None:
        """Nothing is touched before it is taken.

        Args:
            path: of the file, whose folder is made where it is missing.
        """
        self.path = path
        self.before = Holder()
        self._file: int | None = None
        self._telling = threading.Lock()

    @property
    def is_held(self) -> bool:
        """Whether we hold it, on the file that others find there."""
        if self._file is None:
            return False
        try:
            found = self.path.lstat()
        except OSError:
            return False  # somebody has cleared up
        own = os.fstat(self._file)
        return (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)

    def take(self, holder: Holder) -> bool:
        """Take it, and tell in the file who has; False where another process holds it."""
        if self.is_held:
            return True
        self.release()
        try:
            file = _open(self.path)
            if not _flock(file, fcntl.LOCK_EX):
                os.close(file)
                return False
            self._file = file
            self.before = from_json(os.pread(file, _LONGEST, 0))
            self._write(as_json(holder))
        except OSError as error:
            raise LockFileError(self.path, error) from error
        return True

    def tell(self, holder: Holder) -> None:
        """Tell more of who has it, as long as it is held; nothing is raised where that can't be told."""
        with suppress(OSError):
            self._write(as_json(holder))

    def release(self) -> None:
        """Let it go; what the file tells stays, for who asks whose it was."""
        with self._telling:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _write(self, text: bytes) -> None:
        with self._telling:
            if self._file is None or fcntl.fcntl(self._file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
                return  # another user's file that only he may write: it locks as well
            try:
                # Over what is there, and as long: who reads meanwhile finds the one or the other.
                os.pwrite(self._file, text.ljust(min(os.fstat(self._file).st_size, _LONGEST)), 0)
            except OSError as error:
                os.ftruncate(self._file, 0)  # it must not tell of another one
                if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                    raise


def holder_of(path: Path) -> Holder | None:
    """Who holds a lock now; None where nobody does.

    Raises:
        LockFileError: the file can't be used.
    """
    is_held, holder = _told(path)
    return holder if is_held else None


def last_holder(path: Path) -> Holder | None:
    """Who held a lock last; None where somebody holds it now.

    Raises:
        LockFileError: the file can't be used.
    """
    is_held, holder = _told(path)
    return None if is_held else holder


def _told(path: Path) -> tuple[bool, Holder]:
    """Whether a lock is held, and who its file tells of."""
    try:
        file = _open(path, make=False)
    except FileNotFoundError:
        return False, Holder()
    except OSError as error:
        raise LockFileError(path, error) from error
    try:
        # Shared: any number may ask at once.
        return not _flock(file, fcntl.LOCK_SH), from_json(os.pread(file, _LONGEST, 0))
    finally:
        os.close(file)


def _flock(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path, *, make: bool = True) -> int:
    """The open file, which is a regular one."""
    file = None
    while file is None:
        try:
            file = _open_there(path)
        except FileNotFoundError:
            if not make:
                raise
            path.parent.mkdir(parents=True, exist_ok=True)
            file = _make(path)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "it is no file")
    return file


def _open_there(path: Path) -> int:
    # Without O_CREAT: in a folder with the sticky bit that is refused for another user's file (proc(5),
    # protected_regular).
    try:
        return os.open(path, os.O_RDWR | _FLAGS)
    except PermissionError:
        return os.open(path, os.O_RDONLY | _FLAGS)


def _make(path: Path) -> int | None:
    """None where another process was faster."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, 0o666)
    except FileExistsError:
        return None
    os.fchmod(file, 0o666)  # whatever the umask: it is for all users
    return file
