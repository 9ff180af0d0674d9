"""The lock's file beside the spec: where it is, and how --locked reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.cli.wiring import load_spec, spec_files
from reconciler.errors import Refused, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.options import Options
    from reconciler.engine.engine import DockerEngine
    from reconciler.planning.locked import Lock
    from reconciler.planning.plan import Plan
    from reconciler.spec.model import Spec

NAME = "reconciler.lock"
"""Of the lock's file, beside the spec."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A spec as --locked has it.

    Attributes:
        spec: with the lock's digests; as it is written without --locked.
        lock: the lock; None without --locked.
    """

    spec: Spec
    lock: Lock | None = None

    def with_moved(self, plan: Plan, engine: DockerEngine) -> Plan:
        """The plan, with what to know of tags that moved since: the Engine asks the registries."""
        if self.lock is None:
            return plan
        from reconciler.planning.locked import moved
        from reconciler.spec.reference import full_reference

        pinned = {full_reference(text): image.digest for text, image in self.spec.images.items()}
        used = {one: digest for one, digest in self.lock.items() if pinned.get(full_reference(one)) == digest}
        return replace(plan, notices=(*plan.notices, *moved(used, engine.offers([*used]))))


def lock_file(options: Options) -> Path:
    """Where the lock of the options' spec is.

    Raises:
        UsageError: the spec is standard input, which has no place.
    """
    files = spec_files(options)
    if not files:
        raise UsageError("a lock stands beside its spec, and standard input has no place", "name a file with -f")
    return files[0].parent / NAME


def load_locked(options: Options, *, quiet: bool = False) -> Locked:
    """The spec that the options name, with the lock's digests where they say --locked.

    Raises:
        Refused: there is no lock, or an image is not in it.
    """
    spec = load_spec(options, quiet=quiet)
    if not options.locked:
        return Locked(spec)
    from reconciler.planning.locked import pinned

    path = lock_file(options)
    lock = read(path)
    return Locked(pinned(spec, lock, path.name), lock)


def read(path: Path) -> Lock:
    """The lock in a file.

    Raises:
        Refused: there is none, or it can't be read.
    """
    from reconciler.planning.locked import read_lock

    again = "run `reconciler lock` to make it, and keep it beside the spec"
    try:
        return read_lock(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(f"there is no lock {path}; nothing has been changed", again) from None
    except OSError as error:
        raise Refused(f"the lock {path} can't be read: {error.strerror}; nothing has been changed", again) from error
    except ValueError as error:
        raise Refused(f"the lock {path} can't be read: {error}; nothing has been changed", again) from error
