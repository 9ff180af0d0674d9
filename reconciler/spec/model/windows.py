"""Settings of a project: its maintenance windows."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from reconciler.spec.invalid import Invalid
from reconciler.spec.model.values import Duration, Text, Value


def _schedule(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    from cronsim import CronSim, CronSimError  # only where there are windows

    try:
        CronSim(value, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        hint = 'write minute, hour, day of the month, month and day of the week: "0 3 * * sat"'
        raise Invalid(f'"{value}" is no cron expression: {str(error).lower()}', hint) from None
    return value


def _duration(value: Any) -> Any:
    if value == 0:
        raise Invalid("a window of no length never opens", "write how long it is open: 2h")
    return value


def _time_zone(value: Any) -> Any:
    if isinstance(value, str):
        try:
            _zone(value)
        except (ValueError, OSError, LookupError):
            hint = "write one as Europe/Berlin, or leave it out for UTC; some systems have none without `tzdata`"
            raise Invalid(f'there is no time zone "{value}"', hint) from None
    return value


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo  # only where one is named

    return ZoneInfo(name)


class Window(Value):
    """When `watch` may replace and remove.

    Attributes:
        schedule: when it opens: a cron expression, such as `0 3 * * sat`.
        duration: how long it stays open.
        time_zone: whose time the schedule means, such as `Europe/Berlin`.
    """

    schedule: Annotated[Text, BeforeValidator(_schedule)]
    duration: Annotated[Duration, AfterValidator(_duration)]
    time_zone: Annotated[Text, BeforeValidator(_time_zone)] = "UTC"

    @cached_property
    def zone(self) -> tzinfo:
        """That time zone."""
        return _zone(self.time_zone)
