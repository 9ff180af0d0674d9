"""Sending: over HTTP, and with another side that fails, hangs, or comes back."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.notify.limiting import Limiter
from reconciler.notify.news import News, NewsKind
from reconciler.notify.notifier import Notifier
from reconciler.notify.sending import Sender, SendError, post
from reconciler.notify.targets import Form, Target
from tests.support.engine import wait_for
from tests.unit.watch.test_overview import AWAY, BROKEN, DONE, cycle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE = 60.0
TARGET = Target(Form.WEBHOOK, "http://hooks.example/hunter2")
ALL = frozenset(NewsKind)


class Told:
    """A log."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def warning(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})


class Other:
    """The other side; `fails` says what it does with the nth body."""

    def __init__(self, fails: Callable[[int], SendError | None] = lambda _: None) -> None:
        self.bodies: list[Any] = []
        self.tries = 0
        self._fails = fails

    def __call__(self, url: str, body: bytes) -> None:
        assert url == TARGET.url
        self.tries += 1
        if error := self._fails(self.tries):
            raise error
        self.bodies.append(json.loads(body))


def sender(other: Callable[[str, bytes], None], log: Told | None = None, **more: Any) -> Sender:
    kinds = more.pop("kinds", ALL)
    return Sender(TARGET, kinds, log or Told(), lambda: "now", send=other, pauses=(0.01, 0.01), **more)


def news(text: str, kind: NewsKind = NewsKind.FAILURE) -> list[News]:
    return [News(kind, "shop", "container web-1", text)]


def test_what_is_held_back_is_summed_up_when_the_time_is_over() -> None:
    other = Other()
    sends = sender(other, limiter=Limiter(0.3))
    sends.tell([one for number in range(5) for one in news(str(number))])
    wait_for(lambda: sum(one["resources"][0]["count"] for one in other.bodies) == 5, "all are told", DEADLINE)
    assert [one["summary"] for one in other.bodies][:2] == [False, True]
    assert other.bodies[0]["text"] == "shop: failed: container web-1: 0"
    sends.end()
    sends.join(DEADLINE)


def test_only_the_kinds_that_were_asked_for() -> None:
    other = Other()
    sends = sender(other, kinds=frozenset({NewsKind.ROLLBACK}))
    sends.tell(news("no"))
    sends.tell(news("yes", NewsKind.ROLLBACK))
    sends.end()
    sends.join(DEADLINE)
    assert [one["kind"] for one in other.bodies] == ["rollback"]


def test_a_failure_is_tried_again_and_one_that_lasts_is_logged_and_comes_with_the_next() -> None:
    other, log = Other(lambda tries: SendError("it answered with status 500") if tries <= 4 else None), Told()
    sends = sender(other, log)
    sends.tell(news("1"))  # three tries fail
    wait_for(lambda: log.lines, "it is logged", DEADLINE)
    assert log.lines == [
        {"event": "notification_failed", "target": "webhook hooks.example", "error": "it answered with status 500"}
    ]
    sends.tell([News(NewsKind.MENDED, "shop", "container db-1", "2")])  # the first try fails, the second does not
    wait_for(lambda: other.bodies, "it is told", DEADLINE)
    sends.end()
    sends.join(DEADLINE)
    assert [one["text"] for one in other.bodies] == [
        "shop: mended: container db-1: 2",
        "shop: failed again: container web-1: 1",
    ]


def test_what_is_refused_for_good_is_not_tried_again() -> None:
    other, log = Other(lambda _: SendError("it answered with status 404", is_final=True)), Told()
    sends = sender(other, log)
    sends.tell(news("1"))
    wait_for(lambda: log.lines, "it is logged", DEADLINE)
    assert other.tries == 1


def test_another_side_that_hangs_delays_nobody() -> None:
    """Neither who tells, nor another target, nor the end."""
    goes_on, begun = threading.Event(), threading.Event()

    def hangs(_url: str, _body: bytes) -> None:
        begun.set()
        goes_on.wait(DEADLINE)

    log, other = Told(), Other()
    stuck, free = sender(hangs, log), sender(other)
    notifier = Notifier([stuck, free])
    notifier.read("a.yaml", "hello", BROKEN)
    assert begun.wait(DEADLINE)
    for number in range(1500):
        stuck.tell(news(str(number)))
    assert log.lines, "no more than some are kept"
    notifier.engine(AWAY)
    notifier.ended(cycle(plan=DONE.plan, outcome=DONE))
    wait_for(lambda: len(other.bodies) == 3, "the other target is told", DEADLINE)
    assert {one["kind"] for one in other.bodies} == {"failure", "mended"}
    stuck.end()
    stuck.join(0.05)
    assert stuck._thread.is_alive()
    goes_on.set()
    stuck.join(DEADLINE)
    free.end()
    free.join(DEADLINE)
    assert not stuck._thread.is_alive()


@contextmanager
def listening(status: int) -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """A URL, and what was sent there."""
    found: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.append((self.path, {name.title(): value for name, value in self.headers.items()}, body))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://me:hunter1@127.0.0.1:{server.server_address[1]}/hook?key=hunter2", found
        server.shutdown()
        thread.join()


def test_over_http() -> None:
    with listening(204) as (url, found):
        post(url, b"{}")
    [(path, headers, body)] = found
    assert (path, body, headers["Content-Type"]) == ("/hook?key=hunter2", b"{}", "application/json")
    assert headers["Authorization"] == "Basic bWU6aHVudGVyMQ=="


@pytest.mark.parametrize(
    ("status", "is_final"), [(302, True), (400, True), (404, True), (408, False), (429, False), (500, False)]
)
def test_what_is_answered_over_http(status: int, is_final: bool) -> None:
    with listening(status) as (url, found), pytest.raises(SendError, match=f"status {status}") as refused:
        post(url, b"{}")
    assert refused.value.is_final == is_final
    assert len(found) == 1, "no other address is gone to"


def test_where_nobody_is() -> None:
    with listening(204) as (url, _):
        pass
    with pytest.raises(SendError) as refused:
        post(url, b"{}")
    assert not refused.value.is_final
    assert "hunter" not in str(refused.value)
    assert refused.value.__cause__ is None
