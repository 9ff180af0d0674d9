"""What is said once, and not again until it says something else or is over."""

from __future__ import annotations

import threading

_MOST_TEXTS = 8
"""Of one topic, before it is over: an error that says something else each time must not fill the log."""


class Sayings:
    """What was said so far, by topic. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, set[str]] = {}

    def is_news(self, topic: str, text: str) -> bool:
        """Whether it is to be said: nobody has said it since the topic came up.

        Args:
            topic: what it is about, such as `engine`.
            text: what would be said.
        """
        with self._lock:
            said = self._said.setdefault(topic, set())
            if text in said or len(said) >= _MOST_TEXTS:
                return False
            said.add(text)
            return True

    def is_over(self, topic: str) -> bool:
        """Close a topic; whether anything had been said of it, so that its end is news too."""
        with self._lock:
            return bool(self._said.pop(topic, None))

    def is_open(self, topic: str) -> bool:
        """Whether something was said of it, and it is not over."""
        with self._lock:
            return bool(self._said.get(topic))
