from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from reconciler.fields import ownership
from reconciler.report.event_text import EventText, event_dict
from reconciler.report.style import Style
from reconciler.state.output import Event

AT = 1772359200_123456789
ID = "f" * 64


def line(kind: str, action: str, id_: str = ID, style: Style = Style(), **attributes: str) -> str:  # noqa: B008
    return EventText(style, UTC, {ID: "hello-web-1"}).lines(Event(AT, kind, action, id_, attributes))[-1]


@pytest.mark.parametrize(
    ("shown", "kind", "action", "id_", "attributes"),
    [
        ("container  hello-web-1  start", "container", "start", ID, {"name": "hello-web-1"}),
        ("container  w  create (nginx:1)", "container", "create", ID, {"name": "w", "image": "nginx:1"}),
        ("container  w  die (exit code 137)", "container", "die", ID, {"name": "w", "exitCode": "137"}),
        ("container  w  kill (signal 9)", "container", "kill", ID, {"name": "w", "signal": "9"}),
        ("container  w  rename (was v)", "container", "rename", ID, {"name": "w", "oldName": "/v"}),
        ("container  w\\e[2J  start", "container", "start", ID, {"name": "w\x1b[2J"}),
        ("network    net  connect hello-web-1", "network", "connect", "1", {"name": "net", "container": ID}),
        (
            "network    net  disconnect eeeeeeeeeeee",
            "network",
            "disconnect",
            "1",
            {"name": "net", "container": "e" * 64},
        ),
        ("image      nginx:1.27  pull", "image", "pull", "nginx:1.27", {"name": "nginx"}),
        ("image      nginx:1.27  tag", "image", "tag", f"sha256:{ID}", {"name": "nginx:1.27"}),
        ("image      ffffffffffff  delete", "image", "delete", f"sha256:{ID}", {"name": f"sha256:{ID}"}),
        ("volume     data  destroy", "volume", "destroy", "data", {}),
        (
            "run        hello  apply 12: 3 created (by me on here)",
            "run",
            "apply",
            "12",
            {"name": "hello", "summary": "3 created", "result": "done", "by": "by me on here"},
        ),
        (
            "run        hello  apply 13: nothing done; failed (by me on here)",
            "run",
            "apply",
            "13",
            {"name": "hello", "summary": "nothing done", "result": "failed", "by": "by me on here"},
        ),
    ],
)
def test_a_line_each(shown: str, kind: str, action: str, id_: str, attributes: dict[str, str]) -> None:
    assert line(kind, action, id_, Style(), **attributes) == f"10:00:00  {shown}"


def test_colours_say_what_is_good_and_bad() -> None:
    on = Style(True)
    assert "\x1b[1;31mdie\x1b[0m" in line("container", "die", style=on, exitCode="1")
    assert "\x1b[33mdie\x1b[0m" in line("container", "die", style=on, exitCode="0")
    assert "\x1b[32mstart\x1b[0m" in line("container", "start", style=on)
    assert "\x1b[1;31mhealth_status: unhealthy\x1b[0m" in line("container", "health_status: unhealthy", style=on)
    assert "\x1b[31mdestroy\x1b[0m" in line("volume", "destroy", style=on)


def test_each_day_is_said_once() -> None:
    text = EventText(Style(), timezone(timedelta(hours=2)))
    first = text.lines(Event(AT, "volume", "create", "v"))
    assert first == ["2026-03-01", "12:00:00  volume     v  create"]
    assert len(text.lines(Event(AT + 10**9, "volume", "create", "v"))) == 1
    assert text.lines(Event(AT + 86400 * 10**9, "volume", "create", "v"))[0] == "2026-03-02"


def test_as_data() -> None:
    labels = {"name": "hello-web-1", "exitCode": "137", "image": "nginx", ownership.PROJECT: "hello"}
    assert event_dict(Event(AT, "container", "die", ID, labels | {ownership.RESOURCE: "web"})) == {
        "time": "2026-03-01T10:00:00.123456789Z",
        "kind": "container",
        "action": "die",
        "id": ID,
        "name": "hello-web-1",
        "project": "hello",
        "resource": "web",
        "exit_code": 137,
        "signal": None,
        "container": None,
        "image": "nginx",
        "result": None,
        "summary": None,
    }
