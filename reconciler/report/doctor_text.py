"""What was found, for a person and for a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reconciler.doctor.finding import Finding, Verdict
from reconciler.report.layout import paragraph
from reconciler.report.style import Style, one_line
from reconciler.report.words import counted

if TYPE_CHECKING:
    from reconciler.report.layout import Paint

_COLUMN = 18
"""Where messages begin: the longest name of a check, and what stands around it."""


def finding_text(finding: Finding, style: Style, width: int) -> str:
    """One finding: its sign, what was looked at, what was found; below it what to do."""
    signs: dict[Verdict, tuple[str, Paint]] = {
        Verdict.OK: ("✓", style.good),
        Verdict.NOTE: ("·", style.changed),
        Verdict.WRONG: ("✗", style.bad),
    }
    sign, paint = signs[finding.verdict]
    first, *more = paragraph(one_line(finding.message), width, indent=_COLUMN) or [" " * _COLUMN]
    head = f"  {paint(sign)} {style.bold(finding.check)}" + " " * (_COLUMN - 4 - len(finding.check))
    hint = [style.dim(line) for line in paragraph(one_line(finding.hint), width, indent=_COLUMN)]
    return "\n".join([head + first[_COLUMN:], *more, *hint])


def verdict_text(findings: Sequence[Finding], style: Style) -> str:
    """How it is, all in all."""
    wrong = sum(finding.verdict is Verdict.WRONG for finding in findings)
    if wrong:
        return style.bad(f"{counted(wrong, 'thing')} to mend.")
    return style.good("All is well.")


def doctor_dict(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as data for `-o json`."""
    return {
        "ok": all(finding.verdict is not Verdict.WRONG for finding in findings),
        "findings": [
            {
                "check": finding.check,
                "verdict": finding.verdict.value,
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in findings
        ],
    }
