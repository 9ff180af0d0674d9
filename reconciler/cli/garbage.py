"""When Python looks for circles of objects that nobody holds any more: hardly any are made here."""

from __future__ import annotations

import gc

_SELDOM = 100_000
_STEADILY = 2_000
"""Objects made and not given back, after which Python looks: by itself, after 700."""


def collect_seldom() -> None:
    """For a command that ends soon: of planning, a seventh was to go through a spec and a snapshot of thousands."""
    gc.set_threshold(_SELDOM)


def collect_steadily() -> None:
    """For a command that stays for months: only what it has loaded by now is not looked at again."""
    gc.freeze()
    gc.set_threshold(_STEADILY)
