"""Threads for a while: their work is waited for, but not by a person who has pressed Ctrl-C."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from reconciler.errors import ExitCode
from reconciler.threads import threads
from tests.support.engine import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

INTERRUPTED = """
import threading, time
from reconciler.cli import main

def interrupted(*_arguments, **_options):
    threading.Thread(target=time.sleep, args=(3600,)).start()
    print("said before")
    raise KeyboardInterrupt

main.command.main = interrupted
main.main()
"""


def test_what_was_begun_is_waited_for() -> None:
    begun, done = threading.Event(), []

    def work() -> None:
        begun.wait(PATIENCE)
        done.append(True)

    with threads(2, "test") as pool:
        pool.submit(work)
        pool.submit(begun.set)
    assert done == [True]


def _ended_by(error: BaseException, work: Callable[[], object]) -> list[Future[object]]:
    """One that is at work and one that waits for its turn, when an error ends it all."""
    begun = threading.Event()

    def first() -> object:
        begun.set()
        return work()

    found: list[Future[object]] = []
    try:
        with threads(1, "test") as pool:
            found += [pool.submit(first), pool.submit(work)]
            begun.wait(PATIENCE)
            raise error
    except type(error):
        return found


def test_an_error_waits_too() -> None:
    assert [one.done() for one in _ended_by(ValueError("wrong"), lambda: None)] == [True, True]


def test_who_presses_ctrl_c_does_not_wait() -> None:
    answers = threading.Event()
    asked, never = _ended_by(KeyboardInterrupt(), lambda: answers.wait(PATIENCE))
    assert not asked.done()
    assert never.cancelled()
    answers.set()
    assert asked.result()


def test_the_command_leaves_though_a_thread_is_at_work() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stdout) == (ExitCode.INTERRUPTED, "said before\n")
