"""Sends to one target, in a thread of its own: whatever the other side does, nobody waits for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING

from reconciler.notify.limiting import Limiter
from reconciler.notify.targets import bodies
from reconciler.version import __version__

if TYPE_CHECKING:
    from reconciler.notify.limiting import Told
    from reconciler.notify.news import News, NewsKind
    from reconciler.notify.targets import Target
    from reconciler.watch.log import Log

SECONDS = 5.0
"""For each answer."""

PAUSES = (1.0, 4.0)
"""Seconds between tries."""

_MOST_WAITING = 1000


class SendError(Exception):
    """It was not taken. Its text shows nothing of the URL.

    Attributes:
        is_final: whether another try is useless.
    """

    def __init__(self, text: str, *, is_final: bool = False) -> None:
        super().__init__(text)
        self.is_final = is_final


def post(url: str, body: bytes) -> None:
    """Send a body.

    Raises:
        SendError: it was not taken.
    """
    import urllib3  # only where something is told

    headers = {"Content-Type": "application/json", "User-Agent": f"docker-reconciler/{__version__}"}
    try:
        if credentials := urllib3.util.parse_url(url).auth:
            headers |= urllib3.util.make_headers(basic_auth=credentials)
        with urllib3.PoolManager(timeout=SECONDS, retries=False) as pool:
            reply = pool.request("POST", url, body=body, headers=headers, redirect=False, preload_content=False)
            status = reply.status
            reply.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        # Its text would show the URL.
        raise SendError(f"it can't be reached ({type(error).__name__})") from None
    if not 200 <= status < 300:
        raise SendError(f"it answered with status {status}", is_final=300 <= status < 500 and status not in {408, 429})


class Sender:
    """What is to be told to one target."""

    def __init__(
        self,
        target: Target,
        kinds: frozenset[NewsKind],
        log: Log,
        moment: Callable[[], str],
        send: Callable[[str, bytes], None] = post,
        limiter: Limiter | None = None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        """Begin.

        Args:
            target: whom to tell.
            kinds: of what.
            log: told of what could not be sent.
            moment: now, as RFC 3339 writes it.
            send: sends a body to a URL.
            limiter: says what is told when.
            pauses: seconds between tries.
        """
        self._target = target
        self._kinds = kinds
        self._log = log
        self._moment = moment
        self._send = send
        self._limiter = limiter or Limiter()
        self._pauses = pauses
        self._waiting: Queue[Sequence[News]] = Queue(_MOST_WAITING)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"notify {target.form}", daemon=True)
        self._thread.start()

    def tell(self, news: Sequence[News]) -> None:
        """Take something to be told; returns at once."""
        chosen = [one for one in news if one.kind in self._kinds]
        if chosen:
            try:
                self._waiting.put_nowait(chosen)
            except Full:
                self._log.warning("notification_lost", target=self._target.name, error="too many wait to be sent")

    def end(self) -> None:
        """Send what is left soon, and then end; returns at once."""
        self._ends.set()
        with suppress(Full):  # then it does not wait for more
            self._waiting.put_nowait(())

    def join(self, seconds: float) -> None:
        """Wait for the end, but not for long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._ends.is_set():
            due = self._limiter.next_due
            seconds = None if due is None else max(0.0, due - time.monotonic())
            try:
                news = self._waiting.get(timeout=seconds)
            except Empty:
                news = ()
            now = time.monotonic()
            self._say(self._limiter.due(now), summary=True)
            self._say(self._limiter.admit(news, now), summary=False)
        while not self._waiting.empty():
            self._say(self._limiter.admit(self._waiting.get(), time.monotonic()), summary=False)
        self._say(self._limiter.due(time.monotonic(), everything=True), summary=True)

    def _say(self, told: Sequence[Told], *, summary: bool) -> None:
        for body, group in bodies(self._target, told, self._moment(), summary=summary):
            try:
                self._deliver(json.dumps(body, ensure_ascii=False).encode(errors="backslashreplace"))
            except SendError as error:
                self._log.warning("notification_failed", target=self._target.name, error=str(error))
                self._limiter.hold(group)

    def _deliver(self, body: bytes) -> None:
        for pause in (*self._pauses, None):
            try:
                self._send(self._target.url, body)
                return
            except SendError as error:
                if error.is_final or pause is None or self._ends.is_set():
                    raise
            self._ends.wait(pause)
