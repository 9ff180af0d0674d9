"""Moments as a person writes them: how long ago, or when."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_HOW = "write how long ago (10m, 1h30m), a time (2026-01-31T08:00:00), or seconds since 1970"


def unix_moment(text: str, now: float, option: str) -> str:
    """Seconds since 1970, with nine digits after the point, as the Engine takes them.

    Args:
        text: a duration before now, RFC 3339 with or without a zone (then it is the local one), or seconds since 1970.
        now: the time, in seconds since 1970.
        option: what it was given for.

    Raises:
        UsageError: it is none of them.
    """
    try:
        seconds = Decimal(text)
    except InvalidOperation:
        seconds = _moment(text, now, option)
    if not seconds.is_finite() or not 0 <= seconds < 1 << 40:
        raise UsageError(f"{option} {text}: there is no such time", _HOW)
    return f"{seconds:.9f}"


def _moment(text: str, now: float, option: str) -> Decimal:
    from reconciler.spec.invalid import Invalid  # where a number does not say it all
    from reconciler.spec.quantities import duration

    try:
        return Decimal(repr(now)) - Decimal(duration(text)) / 10**9
    except Invalid:
        pass
    try:
        return Decimal(repr(datetime.fromisoformat(text).timestamp()))
    except (ValueError, OverflowError):
        raise UsageError(f'{option}: "{text}" is no time', _HOW) from None


class Period(click.ParamType[float]):
    """A duration: `90`, `90s`, `5m`; in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it."""
        from reconciler.spec.invalid import Invalid  # only where one is given
        from reconciler.spec.quantities import duration

        text = f"{value}s" if str(value).isdecimal() else str(value)
        try:
            return duration(text) / 10**9
        except Invalid:
            self.fail(f'"{value}" is no time. Write seconds, or 90s, 5m, 1h30m.', param, ctx)


def period_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--since and --until: for commands that tell of the past."""
    since = click.option("--since", metavar="WHEN", help="From then on: 10m ago, or 2026-01-31T08:00:00.")
    until = click.option("--until", metavar="WHEN", help="Until then.")
    return since(until(command))
