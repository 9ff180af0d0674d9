"""What a program reads while a plan is carried out."""

from __future__ import annotations

import io
import json
from typing import Any

from reconciler.execution.outcome import Advance, Started
from reconciler.report.json_form import outcome_dict
from reconciler.report.progress_ndjson import ProgressNdjson
from tests.support.simulated import FakeClock
from tests.unit.report.scenes import change, create, done, failed, outcome, plan, pull, skipped, undone

SECRET = "hunter2"


def test_one_event_a_line_and_the_outcome_at_the_end() -> None:
    out, clock = io.StringIO(), FakeClock()
    lines = ProgressNdjson(out, clock)
    image, (made, start) = pull("nginx:1"), create("web-1", SECRET)
    events = [done(image, 4.25), done(made), failed(start, "no such command", "write another", ("a line",))]
    lines(Started(image))
    for got in (1, 2, 3):
        lines(Advance(image, "", got, 3, "bytes"))
        clock.sleep(0.6)
    for event in (*events, skipped(start), undone(made)):
        lines(event)
    ended = outcome(plan(change("container", "web-1", "create"), actions=(image, made, start)), *events)
    lines.close(ended)

    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [one["type"] for one in told] == [
        *("started", "progress", "progress", "done", "done", "failed", "skipped", "undone", "summary")
    ]
    name = {"id": "image/nginx:1:pull", "kind": "pull", "resource": {"kind": "image", "name": "nginx:1"}}
    assert told[0] == {"type": "started", **name}
    assert [one["done"] for one in told[1:3]] == [1, 3], "at most one a second"
    assert told[1] == {"type": "progress", **name, "text": "", "done": 1, "total": 3, "unit": "bytes"}
    assert told[3] == {"type": "done", **name, "seconds": 4.25, "error": None, "log": []}
    assert told[5]["error"] == {"message": "no such command", "hint": "write another"}
    assert told[-1] == {"type": "summary", **outcome_dict(ended)}
    assert SECRET not in out.getvalue()


class Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_reader_that_goes_ends_nothing() -> None:
    lines: Any = ProgressNdjson(Closed(), FakeClock())
    lines(Started(pull("nginx:1")))
    lines(done(pull("nginx:1")))
