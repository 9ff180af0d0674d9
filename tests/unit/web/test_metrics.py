"""The metrics: what each counts, and that all of them are described."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from reconciler.web.site import Request
from tests.unit.report import scenes
from tests.unit.watch.test_overview import AWAY, BROKEN, DONE, FAILED, ROLLED_BACK, cycle, held
from tests.unit.web.conftest import Watched

PAGE = Path(__file__).parents[3] / "docs" / "monitoring.md"

Found = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(watched: Watched) -> Found:
    reply = watched.site.answer(Request("GET", "/metrics", headers={"Host": "localhost"}))
    assert reply.content_type.startswith("text/plain")
    return {
        (sample.name.removeprefix("reconciler_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


def value(found: Found, name: str, **labels: str) -> float | None:
    return found.get((name, tuple(sorted(labels.items()))))


def test_what_cycles_leave_behind(watched: Watched) -> None:
    watched.told.began("hello", ["start"])
    assert value(scraped(watched), "cycle_running", project="hello") == 1
    watched.told.ended(cycle(plan=scenes.plan()))
    watched.told.ended(cycle(plan=DONE.plan, outcome=DONE, seconds=2.0))
    watched.now += 60
    watched.told.ended(cycle(plan=FAILED.plan, outcome=FAILED))
    watched.told.ended(cycle(plan=ROLLED_BACK.plan, outcome=ROLLED_BACK))
    watched.told.ended(cycle(plan=held()))
    watched.told.ended(cycle(plan=scenes.plan(conflicts=(scenes.NOT_OURS,))))
    watched.told.ended(cycle(plan=held()))
    watched.told.ended(cycle(error=AWAY))
    found = scraped(watched)
    results = {
        result: value(found, "cycles_total", project="hello", result=result)
        for result in ("in_sync", "done", "failed", "rolled_back", "held", "refused", "error", "skipped")
    }
    assert results == {
        "in_sync": 1,
        "done": 1,
        "failed": 1,
        "rolled_back": 1,
        "held": 2,
        "refused": 1,
        "error": 1,
        "skipped": 0,
    }
    assert value(found, "cycle_duration_seconds_count", project="hello") == 8
    assert value(found, "cycle_duration_seconds_sum", project="hello") == 5.5
    assert value(found, "cycle_running", project="hello") == 0
    assert value(found, "drift_total", project="hello", kind="container", operation="start") == 2
    assert value(found, "drift_total", project="hello", kind="container", operation="replace") == 1
    assert value(found, "drift_total", project="hello", kind="container", operation="hold") is None
    assert value(found, "actions_total", project="hello", action="start", result="done") == 2
    assert value(found, "actions_total", project="hello", action="start", result="failed") == 1
    assert value(found, "actions_total", project="hello", action="create", result="undone") == 1
    assert value(found, "pending", project="hello", kind="container") == 1
    assert value(found, "pending", project="hello", kind="image") == 0
    assert value(found, "conflicts", project="hello") == 0
    assert value(found, "left_alone", project="hello") == 0
    assert value(found, "last_success_timestamp_seconds", project="hello") == 1_700_000_000
    assert value(found, "last_cycle_timestamp_seconds", project="hello") == 1_700_000_060


def test_the_engine_the_specs_and_the_rest(watched: Watched) -> None:
    watched.told.engine(AWAY)
    watched.told.read("a.yaml", "", BROKEN)
    watched.told.missed(3)
    found = scraped(watched)
    assert value(found, "engine_up") == 0
    assert value(found, "spec_valid", file="a.yaml", project="") == 0
    assert value(found, "resync_misses_total") == 3
    assert value(found, "log_dropped_total") == 7
    watched.told.engine(None)
    watched.told.read("a.yaml", "hello", None)
    watched.told.read("a.yaml", "hello", None)
    found = scraped(watched)
    assert value(found, "engine_up") == 1
    assert value(found, "spec_valid", file="a.yaml", project="") is None
    assert value(found, "spec_valid", file="a.yaml", project="hello") == 1


def test_a_project_that_is_gone_has_no_state_any_more(watched: Watched) -> None:
    watched.told.read("a.yaml", "hello", None)
    watched.told.began("hello", ["start"])
    watched.told.ended(cycle(plan=DONE.plan, outcome=DONE))
    watched.told.gone("hello")
    found = scraped(watched)
    for name, labels in found:
        assert ("project", "hello") not in labels or name.startswith(("cycles", "cycle_duration", "actions", "drift"))
    assert value(found, "cycles_total", project="hello", result="done") == 1


def test_each_metric_is_described(watched: Watched) -> None:
    body = watched.site.answer(Request("GET", "/metrics", headers={"Host": "localhost"})).body.decode()
    named = set(re.findall(r"^# TYPE (reconciler_\w+)", body, re.M))
    described = set(re.findall(r"^\| `(reconciler_\w+)`", PAGE.read_text(), re.M))
    assert named == described
