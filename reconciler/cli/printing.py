"""What commands print: on standard output for a person or for a program, on standard error what ends no command."""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.report.style import Style
    from reconciler.spec.diagnostics import Diagnostic


def print_json(value: dict[str, Any], *, lines: bool = False) -> None:
    """Print a value for a program; as one line where it reads lines."""
    sys.stdout.write(json.dumps(value, indent=None if lines else 2, ensure_ascii=False) + "\n")


def style() -> Style:
    """How standard output is written to."""
    from reconciler.report.style import Style

    return Style.for_stream(sys.stdout, os.environ)


def width() -> int:
    """The columns of the terminal; a good width where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


def show(diagnostic: Diagnostic) -> None:
    """Tell of a problem on standard error."""
    from reconciler.report.error_text import diagnostic_text  # only where there is something to say
    from reconciler.report.style import Style

    complain(diagnostic_text(diagnostic, Style.for_stream(sys.stderr, os.environ)))


def note(message: str, hint: str) -> None:
    """Tell of something on standard error that does not end the command."""
    from reconciler.report.error_text import warning_text  # only where there is something to say
    from reconciler.report.style import Style

    complain(warning_text(message, hint, Style.for_stream(sys.stderr, os.environ)))


def complain(text: str) -> None:
    """Write a line to standard error. Where that can't be, nothing ends because of it: the exit code tells."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
