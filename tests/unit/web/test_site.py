"""What is answered to which request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.watch.overview import STILL
from reconciler.web.site import Request
from tests.unit.report import scenes
from tests.unit.watch.test_overview import AWAY, BROKEN, DONE, cycle
from tests.unit.web.conftest import TOKEN, Watched

if TYPE_CHECKING:
    from reconciler.web.site import Reply

LOCAL = {"Host": "127.0.0.1:9180"}
BEARER = {"Host": "box.example", "Authorization": f"Bearer {TOKEN}"}


def ask(watched: Watched, target: str, method: str = "GET", headers: dict[str, str] | None = None) -> Reply:
    path, _, query = target.partition("?")
    return watched.site.answer(Request(method, path, query, LOCAL if headers is None else headers))


def data(reply: Reply) -> Any:
    return json.loads(reply.body)


def test_healthz_says_whether_the_loop_goes_round(watched: Watched) -> None:
    assert (ask(watched, "/healthz").status, data(ask(watched, "/healthz"))) == (200, {"healthy": True})
    watched.clock.now += STILL
    assert (ask(watched, "/healthz").status, data(ask(watched, "/healthz"))) == (503, {"healthy": False})


def test_readyz_says_what_is_in_the_way(watched: Watched) -> None:
    watched.told.engine(AWAY)
    watched.told.read("a.yaml", "hello", BROKEN)
    reply = ask(watched, "/readyz")
    assert reply.status == 503
    assert data(reply) == {
        "ready": False,
        "in_the_way": [
            "the Engine is away: no Docker Engine at unix:///nope.sock",
            "the spec of hello is broken: a.yaml:3: no such attribute",
        ],
    }
    watched.told.engine(None)
    watched.told.read("a.yaml", "hello", None)
    assert (ask(watched, "/readyz").status, data(ask(watched, "/readyz"))) == (200, {"ready": True, "in_the_way": []})


def test_with_a_token_only_the_probes_answer_without_it_and_say_no_more_than_yes_or_no() -> None:
    watched = Watched(TOKEN)
    watched.told.engine(AWAY)
    assert ask(watched, "/healthz", headers={}).status == 200
    assert data(ask(watched, "/readyz", headers={})) == {"ready": False}
    assert data(ask(watched, "/readyz", headers=BEARER))["in_the_way"]
    for target, method in [("/metrics", "GET"), ("/api/v1/status", "GET"), ("/api/v1/plan", "GET")]:
        refused = ask(watched, target, method, {"Authorization": "Bearer nonsense"})
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="reconciler"')
        assert ask(watched, target, method, BEARER).status == 200
    assert ask(watched, "/api/v1/reconcile", "POST", {}).status == 401
    assert watched.asked == []


def test_the_status_of_everything(watched: Watched) -> None:
    watched.told.engine(None)
    watched.told.read("a.yaml", "hello", None)
    watched.told.read("b.yaml", "", BROKEN)
    watched.told.missed(2)
    watched.told.began("hello", ["start"])
    assert data(ask(watched, "/api/v1/status"))["projects"][0]["running_because"] == ["start"]
    watched.told.ended(cycle(plan=DONE.plan, outcome=DONE))
    found = data(ask(watched, "/api/v1/status"))
    assert found["projects"] == [
        {
            "name": "hello",
            "running": False,
            "running_because": [],
            "last_success_at": "2023-11-14T22:13:20.000Z",
            "pending": 0,
            "left_alone": None,
            "cycle": {
                "number": 1,
                "result": "done",
                "reasons": ["start"],
                "seconds": 0.5,
                "ended_at": "2023-11-14T22:13:20.000Z",
                "error": None,
            },
            "summary": {"start": 1},
        }
    ]
    assert found["specs"][1] == {
        "file": "b.yaml",
        "project": None,
        "valid": False,
        "error": {"message": BROKEN.message, "hint": BROKEN.hint},
    }
    assert (found["status"], found["engine"]["up"], found["ready"], found["resync_misses"]) == ("v1", True, False, 2)


def test_the_status_says_why_nothing_is_done(watched: Watched) -> None:
    watched.told.read("a.yaml", "hello", None)
    watched.told.ended(cycle(plan=scenes.plan(), left_alone="the project is paused"))
    assert data(ask(watched, "/api/v1/status"))["projects"][0]["left_alone"] == "the project is paused"
    watched.told.ended(cycle(plan=scenes.plan()))
    assert data(ask(watched, "/api/v1/status"))["projects"][0]["left_alone"] is None


def test_plans_are_shown_without_secrets_and_payloads(watched: Watched) -> None:
    secret = scenes.field("environment.DB_PASSWORD", '"old-hunter"', '"new-hunter"', sensitive=True)
    plan = scenes.plan(
        scenes.change("container", "hello-db-1", "replace", "", secret), actions=scenes.replacement("hello-db-1")
    )
    watched.told.ended(cycle(plan=plan, outcome=scenes.outcome(plan, *scenes.rolled_back())))
    watched.told.read("b.yaml", "shop", None)
    reply = ask(watched, "/api/v1/plan")
    assert b"hunter" not in reply.body
    hello, shop = data(reply)["plans"]
    assert hello["plan"]["changes"][0]["fields"][0] == {
        "path": "environment.DB_PASSWORD",
        "wanted": None,
        "actual": None,
        "sensitive": True,
    }
    assert (hello["result"], hello["outcome"]["rolled_back"]) == ("rolled_back", True)
    assert shop == {
        "project": "shop",
        "cycle": None,
        "ended_at": None,
        "result": None,
        "error": None,
        "plan": None,
        "outcome": None,
    }
    assert [one["project"] for one in data(ask(watched, "/api/v1/plan?project=shop"))["plans"]] == ["shop"]
    assert ask(watched, "/api/v1/plan?project=nope").status == 404


def test_a_cycle_is_asked_for(watched: Watched) -> None:
    assert data(ask(watched, "/api/v1/reconcile", "POST")) == {"asked": []}
    assert watched.asked == []
    watched.told.read("a.yaml", "hello", None)
    watched.told.read("b.yaml", "shop", None)
    reply = ask(watched, "/api/v1/reconcile", "POST")
    assert (reply.status, data(reply), watched.asked) == (202, {"asked": ["hello", "shop"]}, [""])
    assert data(ask(watched, "/api/v1/reconcile?project=shop", "POST")) == {"asked": ["shop"]}
    assert watched.asked == ["", "shop"]
    unknown = ask(watched, "/api/v1/reconcile?project=no%0Apé", "POST")
    assert unknown.status == 404
    assert "hello, shop" in data(unknown)["error"]["hint"]


@pytest.mark.parametrize(
    ("method", "target", "status", "allow"),
    [
        ("GET", "/", 404, None),
        ("GET", "/healthz/", 404, None),
        ("GET", "/metrics/../healthz", 404, None),
        ("POST", "/healthz", 405, "GET, HEAD"),
        ("DELETE", "/api/v1/status", 405, "GET, HEAD"),
        ("GET", "/api/v1/reconcile", 405, "POST"),
    ],
)
def test_what_is_not_there_is_said(watched: Watched, method: str, target: str, status: int, allow: str | None) -> None:
    reply = ask(watched, target, method)
    assert (reply.status, reply.headers.get("Allow")) == (status, allow)
    assert data(reply)["error"]["hint"]


def test_a_browser_can_be_used_by_nobody_to_ask(watched: Watched) -> None:
    watched.told.read("a.yaml", "hello", None)
    assert ask(watched, "/api/v1/status", headers={"Host": "evil.example:9180"}).status == 421
    for origin in ("http://evil.example", "null", "http://[", "http://127.0.0.1:1"):
        assert ask(watched, "/api/v1/reconcile", "POST", {**LOCAL, "Origin": origin}).status == 403
    assert watched.asked == []
    assert ask(watched, "/api/v1/reconcile", "POST", {**LOCAL, "Origin": "http://127.0.0.1:9180"}).status == 202
