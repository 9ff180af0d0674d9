"""Threads that ask an Engine side by side, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def threads(count: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """A pool, whose work is waited for at the end; but not where somebody has pressed Ctrl-C.

    An Engine that does not answer would keep the command for as long as its calls may take.

    Args:
        count: how many there are at most.
        name: what their names begin with.
    """
    pool, waits = ThreadPoolExecutor(count, thread_name_prefix=name), True
    try:
        yield pool
    except KeyboardInterrupt:
        waits = False
        raise
    finally:
        pool.shutdown(wait=waits, cancel_futures=not waits)
