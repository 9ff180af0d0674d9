"""Whom to tell, and what is sent there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import UsageError
from reconciler.notify.limiting import Told
from reconciler.notify.news import News, NewsKind
from reconciler.notify.targets import Form, Target, bodies, parse_target

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "https://hooks.example/services/T0/B0/hunter2?key=hunter3"
AT = "2026-03-01T12:00:00.000Z"


def test_a_target_is_named_without_its_secret(tmp_path: Path) -> None:
    target = parse_target(f"slack={SECRET}")
    assert (target.form, target.url, target.name) == (Form.SLACK, SECRET, "slack hooks.example")
    assert "hunter" not in repr(target)
    file = tmp_path / "url"
    file.write_text(f"{SECRET}\n")
    assert parse_target(f"webhook=@{file}") == Target(Form.WEBHOOK, SECRET)


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"mail={SECRET}",
        "slack=",
        "slack=hunter2",
        "slack=ftp://a/hunter2",
        "webhook=https://",
        "webhook=http://[hunter2",
        "webhook=http://a:99999999/hunter2",
        "webhook=https://a/hunter2\nX: y",
    ],
)
def test_what_is_no_target_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_target(text)
    assert "hunter" not in str(refused.value)


def test_a_file_that_is_not_there_or_has_no_url(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        parse_target(f"slack=@{tmp_path / 'none'}")
    (tmp_path / "url").write_text("hunter2")
    with pytest.raises(UsageError, match="has no URL") as refused:
        parse_target(f"slack=@{tmp_path / 'url'}")
    assert "hunter" not in str(refused.value)


def told(resource: str, text: str, count: int = 1, kind: NewsKind = NewsKind.MENDED) -> Told:
    return Told(News(kind, "shop", resource, text), count)


def test_the_body_of_a_webhook() -> None:
    target = Target(Form.WEBHOOK, SECRET)
    [(body, _)] = bodies(
        target, [told("container web-1", "start: x → y"), told("network n", "create")], AT, summary=False
    )
    assert body == {
        "notification": "v1",
        "kind": "mended",
        "project": "shop",
        "at": AT,
        "summary": False,
        "text": "shop: mended:\n• container web-1: start: x → y\n• network n: create",
        "resources": [
            {"resource": "container web-1", "text": "start: x → y", "count": 1},
            {"resource": "network n", "text": "create", "count": 1},
        ],
    }


def test_a_body_for_each_project_and_kind() -> None:
    engine = Told(News(NewsKind.FAILURE, "", "the Engine", "it is away"))
    found = bodies(Target(Form.WEBHOOK, SECRET), [told("a", "x"), engine, told("b", "y")], AT, summary=False)
    assert [(body["project"], body["kind"], len(group)) for body, group in found] == [
        ("shop", "mended", 2),
        (None, "failure", 1),
    ]
    assert found[1][0]["text"] == "reconciler: failed: the Engine: it is away"


def test_slack_gets_a_text_that_it_shows_as_it_is() -> None:
    target = Target(Form.SLACK, SECRET)
    [(body, _)] = bodies(target, [told("container web-1", "a <!channel> & b")], AT, summary=False)
    assert body == {"text": "shop: mended: container web-1: a &lt;!channel&gt; &amp; b"}
    [(body, _)] = bodies(target, [told("container web-1", "start", 14)], AT, summary=True)
    assert body == {"text": "shop: mended again: container web-1: 14 times, at last start"}
    [(body, _)] = bodies(target, [told(f"container {number}", "start") for number in range(50)], AT, summary=False)
    assert body["text"].endswith("• container 19: start\n• and 30 more")
