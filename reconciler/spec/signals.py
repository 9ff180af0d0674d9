"""Signals: by name, or by number."""

from __future__ import annotations

import re

from reconciler.spec.diagnostics import closest
from reconciler.spec.invalid import Invalid

_NAMES = frozenset(
    re.findall(
        r"\w+",
        """ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM
        TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ""",
    )
)
_NUMBER = re.compile("[1-9]|[1-5][0-9]|6[0-4]")
_REAL_TIME = re.compile(r"RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?")


def check_signal(text: str) -> None:
    """Says what is wrong with a signal: Linux's names, with or without SIG, and numbers."""
    name = text.upper().removeprefix("SIG")
    if name in _NAMES or _NUMBER.fullmatch(text) or _REAL_TIME.fullmatch(name):
        return
    guess = closest(name, sorted(_NAMES))
    hint = f'did you mean "SIG{guess}"?' if guess else "write SIGTERM, SIGINT, SIGQUIT or another, or its number"
    raise Invalid(f'"{text}" is not a signal', hint)
