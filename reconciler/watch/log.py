"""The log of `watch`: one event a line; readable on a terminal, JSON elsewhere."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import structlog

from reconciler.watch.log_output import LogOutput

if TYPE_CHECKING:
    from collections.abc import MutableMapping

Log = Any
"""A structlog logger: its methods are made at run time."""

Level = Literal["debug", "info", "warning", "error"]

LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
"""From the most talkative on."""


@dataclass(frozen=True, slots=True)
class Logging:
    """A log, and where it goes.

    Attributes:
        log: what is told.
        output: what writes it.
    """

    log: Log
    output: LogOutput


def configure(*, colours: bool, level: Level = "info", descriptor: int = 2, terminal: bool | None = None) -> Logging:
    """Set structlog up, and return its logger.

    Args:
        colours: whether a terminal gets them.
        level: what is less grave is not logged.
        descriptor: what it is written to; standard error.
        terminal: whether a person reads it; None to look.
    """
    if terminal is None:
        terminal = sys.stderr.isatty()
    stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal)
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=colours, sort_keys=False)
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )

    def lost(count: int) -> str:
        said: MutableMapping[str, Any] = {"event": "log_dropped", "level": "warning", "count": count}
        return f"{renderer(None, 'warning', stamp(None, 'warning', said))}\n"

    output = LogOutput(descriptor, lost)
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", output)),  # it asks for `write` and `flush` alone
        cache_logger_on_first_use=True,
    )
    return Logging(structlog.get_logger(), output)
