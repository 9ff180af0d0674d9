"""The log of `watch`: readable on a terminal, JSON lines elsewhere."""

from __future__ import annotations

import sys
from typing import Any

import structlog

Log = Any
"""A structlog logger: its methods are made at run time."""


def configure(*, colours: bool) -> Log:
    """Set structlog up for standard error, and return its logger.

    Args:
        colours: whether a terminal gets them.
    """
    terminal = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=colours, sort_keys=False)
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger()
