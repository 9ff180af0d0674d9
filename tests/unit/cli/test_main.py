"""How the process ends."""

from __future__ import annotations

import subprocess
import sys


def ended(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A process that does something, and then is the command."""
    whole = f"import atexit, sys, threading, time\n{code}\nfrom reconciler.cli.main import main\nmain()\n"
    return subprocess.run([sys.executable, "-c", whole, *arguments], capture_output=True, text=True, check=False)


def test_python_s_own_end_is_left_out_since_threads_may_be_at_work_then() -> None:
    done = ended(
        "atexit.register(print, 'the end')\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        "version",
    )

    assert done.returncode == 0
    assert done.stdout.startswith("reconciler ")
    assert "the end" not in done.stdout


def test_a_thread_that_must_end_is_waited_for() -> None:
    done = ended("threading.Thread(target=lambda: (time.sleep(0.5), print('done'))).start()", "no-such-command")

    assert (done.returncode, done.stdout) == (64, "done\n")
    assert "There is no command" in done.stderr
