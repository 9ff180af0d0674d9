"""A process that was asked to end does so in time, whatever hangs: a call, a webhook, an output that nobody reads."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.cli.wiring import Interruption

SECONDS = 9.0
"""After the first signal. `watch` promises 10; what it waits for in order, each for a while, may add up to more."""


def leave_in_time(interruption: Interruption, seconds: float = SECONDS) -> None:
    """Leave so long after the end was asked for, unless the process has ended by then; for the rest of its life.

    What is left at work then is as after the second signal: the next look mends it.

    Args:
        interruption: tells when the end was asked for, and the exit code.
        seconds: how long the end may take.
    """

    def leave() -> None:
        interruption.stop.wait()
        time.sleep(seconds)
        os._exit(interruption.exit_code)

    # Begun beforehand: in a signal handler a thread can't safely be started.
    threading.Thread(target=leave, name="leave", daemon=True).start()
