"""`reconciler status --watch`: the status in place on a terminal, a new one for each change elsewhere."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import ExitCode, ReconcilerError

if TYPE_CHECKING:
    from types import FrameType

    from reconciler.report.style import Style


class _Ended(BaseException):
    """A signal asks for the end: no error that anybody handles."""

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__()
        self.exit_code = exit_code


def watch_lines(look: Callable[[], str], interval: float) -> int:
    """Print what there is, and again whenever it is another text."""
    said = ""
    try:
        with _ended_by_signals():
            while True:
                try:
                    now = look()
                except ReconcilerError as error:
                    _say_once(error, said)
                    now = str(error)
                else:
                    if now != said:
                        print(now, flush=True)  # noqa: T201
                said = now
                threading.Event().wait(interval)
    except _Ended as ended:
        return ended.exit_code


def _say_once(error: ReconcilerError, said: str) -> None:
    from reconciler.cli.printing import note

    if str(error) != said:
        note(error.message, error.hint)


def watch_screen(look: Callable[[], Callable[[int], str]], style: Style, interval: float) -> int:
    """Show what there is on the terminal's other screen; at the end the last of it stays on the first one.

    Args:
        look: finds out what there is, and gives a function that writes it for so many columns.
        style: how to paint.
        interval: seconds between two looks.
    """
    from reconciler.report.error_text import error_text
    from reconciler.report.screen import Screen

    resized = threading.Event()
    draw: Callable[[int], str] = lambda _columns: "…"  # noqa: E731
    trouble = ""
    code = ExitCode.OK
    screen = Screen(sys.stdout)
    before = signal.signal(signal.SIGWINCH, lambda *_: resized.set())
    try:
        with _ended_by_signals(), screen:
            while True:
                try:
                    draw, trouble = look(), ""
                except ReconcilerError as error:
                    # What was seen last is still of use; it is not what is there now, though.
                    trouble = error_text(error, style) + "\n\n"
                while True:
                    screen.show(trouble + draw(screen.width))
                    resized.clear()
                    if not resized.wait(interval):
                        break
    except _Ended as ended:
        code = ended.exit_code
    finally:
        signal.signal(signal.SIGWINCH, before)
    sys.stdout.write(f"{trouble}{draw(screen.width)}\n")
    return code


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise `_Ended` here, wherever that is, so that the terminal is put right again."""

    def handle(number: int, _frame: FrameType | None) -> None:
        raise _Ended(ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
