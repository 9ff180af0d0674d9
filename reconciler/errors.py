"""Every error that a user can meet. Each says what is wrong and where, then what to do, and knows its exit code."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.spec.diagnostics import Diagnostic


class ExitCode(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    CHANGES_PENDING = 2
    PARTLY_FAILED = 3
    SPEC_INVALID = 4
    ENGINE_UNREACHABLE = 5
    LOCKED = 6
    REFUSED = 7
    USAGE = 64
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class ReconcilerError(Exception):
    """Base of all errors that reach a user.

    Attributes:
        message: one line: what is wrong, and where.
        hint: one line: what to do; empty where nothing sensible can be said.
        log: the last lines of what failed, where it wrote any.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED
    log: tuple[str, ...] = ()

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(ReconcilerError):
    """The command line asks for something that can't be."""

    exit_code = ExitCode.USAGE


class SpecError(ReconcilerError):
    """The spec is invalid. `diagnostics` holds everything that is wrong with it, sorted by position."""

    exit_code = ExitCode.SPEC_INVALID

    def __init__(self, message: str, hint: str = "", diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message, hint)
        self.diagnostics = tuple(diagnostics)


class Refused(ReconcilerError):
    """Nothing was changed: a person must decide first (confirmation, conflict, guard)."""

    exit_code = ExitCode.REFUSED


class Locked(ReconcilerError):
    """Nothing was changed: another process keeps the project, or is changing it."""

    exit_code = ExitCode.LOCKED


class EngineError(ReconcilerError):
    """The Engine refused or failed a call.

    Attributes:
        status: the HTTP status of the reply, None where there was no (readable) reply.
    """

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class NotFound(EngineError):
    """The Engine does not know what the call names (404)."""


class Conflict(EngineError):
    """The Engine's state forbids the call (409): a name in use, a removal under way."""


class EngineTimeout(EngineError):
    """No answer within the deadline: whether the call took effect is unknown until one looks again."""


class CommandFailed(EngineError):
    """A command in a container ended with another exit code than 0.

    Attributes:
        log: the last lines that it wrote.
    """

    def __init__(self, message: str, hint: str = "", log: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.log = log


class EngineUnreachable(EngineError):
    """There is no Engine at that address, or it does not answer, or it is too old or too new to talk to."""

    exit_code = ExitCode.ENGINE_UNREACHABLE


class RegistryError(ReconcilerError):
    """A registry that was asked directly refused, failed or did not answer."""


class Stale(EngineError):
    """What an action is about has changed since the plan was made: nothing was done, the next plan will see it."""


def defect(error: Exception) -> ReconcilerError:
    """What a user is told of an error that nobody expected."""
    return ReconcilerError(
        f"this is a defect of reconciler: {type(error).__name__}: {error}",
        "run it again with RECONCILER_DEBUG=1, and report what it prints",
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and everything that led to it: requests wraps urllib3, which wraps what really happened."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        held = [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
        waiting.extend(other for other in held if isinstance(other, BaseException))
