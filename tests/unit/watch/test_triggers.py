"""Many triggers make one cycle."""

from __future__ import annotations

import threading

from reconciler.execution.clock import SystemClock
from reconciler.watch.triggers import Triggers


def test_ten_thousand_events_are_one_trigger() -> None:
    triggers = Triggers(SystemClock())
    for _ in range(10_000):
        triggers.ask("event")
    triggers.ask("file")
    assert triggers.wait(0.0) == ["event", "file"]
    assert triggers.wait(0.0) == []


def test_what_is_asked_for_after_the_look_has_begun_asks_again() -> None:
    triggers = Triggers(SystemClock())
    triggers.ask("event")
    assert triggers.wait(None) == ["event"]
    triggers.ask("event")
    assert triggers.wait(None) == ["event"]


def test_a_burst_from_many_threads_is_not_lost_and_comes_to_an_end() -> None:
    triggers = Triggers(SystemClock())

    def burst() -> None:
        for _ in range(1000):
            triggers.ask("event")

    threads = [threading.Thread(target=burst) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert triggers.wait(60.0) == ["event"]
    for thread in threads:
        thread.join()
    while triggers.wait(0.0):
        pass
    assert triggers.wait(0.0) == []
