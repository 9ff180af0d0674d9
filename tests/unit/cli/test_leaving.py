"""A process that was asked to end does so, whatever hangs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from reconciler.cli import leaving
from reconciler.notify import notifier
from reconciler.watch import daemon, log_output

HANGS = """
import sys, threading, time
from reconciler.cli.leaving import leave_in_time
from reconciler.cli.wiring import interruptible
with interruptible("stopping") as interruption:
    leave_in_time(interruption, 0.2)
    print("begun", flush=True)
    where = sys.argv[1]
    if where == "inside":
        time.sleep(3600)
    interruption.stop.wait()
if where == "after":
    time.sleep(3600)
threading.Thread(target=time.sleep, args=(3600,)).start()  # the interpreter waits for it at its end
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("where", ["inside", "after", "at the end"])
def test_it_leaves_in_time(where: str, number: signal.Signals, code: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGS, where], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "begun\n"
            # Python heeds a signal that comes right before a call that waits only after that call.
            time.sleep(0.5)
            process.send_signal(number)
            assert process.wait(60) == code
        finally:
            process.kill()


def test_what_the_end_waits_for_has_its_time_within_ten_seconds() -> None:
    assert daemon.LEAVE_SECONDS + 1 < leaving.SECONDS < 10, "who is told of calls left at work has a moment, too"
    assert notifier.LEAVE_SECONDS + log_output.FLUSH_SECONDS < leaving.SECONDS
