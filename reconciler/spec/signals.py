"""Signals: by name, or by number."""

from __future__ import annotations

import re

from reconciler.spec.diagnostics import closest
from reconciler.spec.invalid import Invalid

_IN_ORDER = re.findall(
    r"\w+",
    """HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG
    XCPU XFSZ VTALRM PROF WINCH IO PWR SYS""",
)
_NAMES = {
    **dict(enumerate(_IN_ORDER, 1)),
    **{34 + over: f"RTMIN+{over}" if over else "RTMIN" for over in range(16)},
    **{64 - under: f"RTMAX-{under}" if under else "RTMAX" for under in range(15)},
}
"""By number. Linux's, whatever this machine has: they mean something in a container."""

_ALSO = {"CLD": "CHLD", "IOT": "ABRT", "POLL": "IO"}
_NUMBER = re.compile("[1-9]|[1-5][0-9]|6[0-4]")


def signal_name(text: str) -> str:
    """The one name of a signal: "INT", "SIGINT", "sigint" and "2" are the same one, and "SIGIOT" is SIGABRT."""
    name = _NAMES.get(int(text), "") if text.isdecimal() else text.upper().removeprefix("SIG")
    return f"SIG{_ALSO.get(name, name)}" if name else text


def check_signal(text: str) -> None:
    """Says what is wrong with a signal: Linux's names, with or without SIG, and numbers."""
    name = text.upper().removeprefix("SIG")
    known = {*_NAMES.values(), *_ALSO}
    if name in known or _NUMBER.fullmatch(text):
        return
    guess = closest(name, sorted(known))
    hint = f'did you mean "SIG{guess}"?' if guess else "write SIGTERM, SIGINT, SIGQUIT or another, or its number"
    raise Invalid(f'"{text}" is not a signal', hint)
