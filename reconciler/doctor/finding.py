"""What was looked at, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it is."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: what: `engine`, `disk`, …; several findings may be of one.
        verdict: ok; a note, where it works but somebody may want to know; or wrong.
        message: what was found.
        hint: what to do; empty where nothing is to be done.
    """

    check: str
    verdict: Verdict
    message: str
    hint: str = ""
