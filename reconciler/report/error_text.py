"""An error, as a person reads it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, SpecError
from reconciler.report.style import Style, one_line
from reconciler.report.words import counted
from reconciler.spec.diagnostics import printable

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic


def error_text(error: ReconcilerError, style: Style) -> str:
    """What is wrong and where, then what to do; of a spec everything that is wrong with it, and how much that is.

    Without a line break at the end.
    """
    if isinstance(error, SpecError) and error.diagnostics:
        severities = Counter(diagnostic.severity for diagnostic in error.diagnostics)
        # The sum says whether one has scrolled past something: a single problem needs none.
        total = ", ".join(counted(count, severity) for severity, count in sorted(severities.items()))
        closing = ["", f"{total}."] if len(error.diagnostics) > 1 else []
        return "\n".join([*(diagnostic_text(one, style) for one in error.diagnostics), *closing])
    lines = [f"{style.bad('error:')} {one_line(error.message)}"]
    if error.hint:
        lines.append(f"  {one_line(error.hint)}")
    return "\n".join(lines)


def warning_text(message: str, hint: str, style: Style) -> str:
    """What is not as it should be, while the command goes on."""
    lines = [f"{style.changed('warning:')} {one_line(message)}"]
    return "\n".join([*lines, f"  {one_line(hint)}"] if hint else lines)


def diagnostic_text(diagnostic: Diagnostic, style: Style) -> str:
    """One problem: `Diagnostic.render()`, in colours."""
    rendered = diagnostic.render()
    if not style.colours:
        return rendered
    headline, *below = rendered.split("\n")
    place = diagnostic.headline.removesuffix(f": {printable(diagnostic.message)}")
    paint = style.bad if diagnostic.severity == "error" else style.changed
    message = headline.removeprefix(f"{place}: {diagnostic.severity}: ")
    lines = [f"{style.bold(place)}: {paint(diagnostic.severity)}: {message}"]
    if len(below) == 2:
        excerpt, marked = below
        gutter, bar, line = excerpt.partition("|")
        carets = marked.index("^")
        between = marked[len(gutter + bar) : carets]
        lines.append(f"{style.dim(gutter + bar)}{line}")
        lines.append(f"{style.dim(marked[: len(gutter + bar)])}{between}{paint(marked[carets:])}")
    else:
        lines += below
    return "\n".join(lines)
