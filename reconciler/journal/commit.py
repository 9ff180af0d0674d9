"""The Git commit that a spec was read from."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_DEADLINE = 2.0
"""Seconds for each question to Git: a history without a commit is better than an apply that waits."""


def commit_of(file: Path) -> str:
    """The commit that is checked out where a file lies, `+` behind it where the file is not as in it; or nothing.

    Args:
        file: absolute.
    """
    if not shutil.which("git"):
        return ""
    commit = _git(file.parent, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return ""
    return f"{commit}+" if _git(file.parent, "status", "--porcelain", "--", file.name) != "" else commit


def _git(folder: Path, *arguments: str) -> str | None:
    """What Git says; None where it fails."""
    command = ["git", "-C", str(folder), "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_DEADLINE, check=True
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return done.stdout.strip()
