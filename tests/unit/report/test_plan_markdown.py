from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.planning.plan import Conflict, Notice
from reconciler.report.markdown import code, prose
from reconciler.report.plan_markdown import LIMIT, plan_markdown
from tests.unit.report.scenes import NOT_OURS, change, create, field, hello, key, plan, replacement


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello-web-1", "`hello-web-1`"),
        ("a*b_c<d>[e](f)@g#1", "`a*b_c<d>[e](f)@g#1`"),
        ("a|b", "<code>a&#124;b</code>"),
        ("`", "<code>&#96;</code>"),
        ("a\\", "<code>a&#92;</code>"),
        ("a\nb", "<code>a&#92;nb</code>"),
        ("", "<code></code>"),
        (" ", "<code> </code>"),
        ("</code><b>`", "<code>&#60;&#47;code&#62;&#60;b&#62;&#96;</code>"),
    ],
)
def test_code(text: str, shown: str) -> None:
    assert code(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello-web:1, 8080→80", "hello-web:1, 8080→80"),
        ("20.10.24", "20.10.24"),
        ("`restart` is read", "`restart` is read"),
        ("*a* _b_ [c](d) ~e~ $f$", "\\*a\\* \\_b\\_ \\[c\\](d) &#126;e&#126; \\$f\\$".replace("&#126;", "\\~")),
        ("<b> & a|b", "&#60;b&#62; &#38; a&#124;b"),
        ("tell @me of #1", "tell @\u200bme of #\u200b1"),
        ("# no heading", "\\# no heading"),
        ("12. no item", "12\\. no item"),
        ("- no item", "\\- no item"),
        ("one ` alone", "one &#96; alone"),
        ("two\nlines", "two lines"),
    ],
)
def test_prose(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_conflicts_and_notices_stand_before_changes() -> None:
    notice = Notice(key("volume", "hello_data"), "labels stay | as they are")
    text = plan_markdown(hello(conflicts=(NOT_OURS,), notices=(notice,), kept_volumes=("hello_data",)))
    assert text.startswith("### `hello`: 1 to import, 1 to create, 1 to replace, 1 to start, 1 to remove\n")
    assert "**This plan can't be applied: 1 conflict to settle first.**" in text
    places = [text.index(what) for what in ("**Conflicts**", "**Notices**", "| resource |", "<details>", "that stay**")]
    assert places == sorted(places)
    assert "<br>remove or rename it, or give yours another `container_name`" in text
    assert "labels stay &#124; as they are" in text


def test_in_sync() -> None:
    assert plan_markdown(plan()) == "### `hello`: in sync, nothing to do\n\nOn Docker 28.5.2."


def test_secrets_are_not_shown() -> None:
    secret = field("environment.PASSWORD", '"hunter2"', '"hunter3"', sensitive=True)
    text = plan_markdown(plan(change("container", "a", "replace", "", secret), actions=tuple(replacement("a"))))
    assert "`environment.PASSWORD`: (sensitive) changed" in text
    assert "hunter" not in text


def test_many_changes_are_folded_and_a_long_value_is_cut_where_it_differs() -> None:
    long = field("environment.A", f'"{"x" * 500}1"', f'"{"x" * 500}2"')
    text = plan_markdown(plan(*(change("container", f"a-{number}", "replace", "", long) for number in range(26))))
    assert "<details><summary>26 changes</summary>\n\n| | resource" in text
    assert 'x1"` → `…' in text
    assert len(text) < 26 * 400


@pytest.mark.parametrize("count", [200, 400, 3000])
@pytest.mark.parametrize("limit", [3000, LIMIT])
def test_it_is_never_longer_than_a_comment_may_be(count: int, limit: int) -> None:
    note = "日本語|`" * 12
    names = [f"a-{number}" for number in range(count)]
    scene = plan(
        *(change("container", name, "create", note) for name in names),
        actions=tuple(action for name in names for action in create(name)),
        conflicts=(Conflict(key("container", "b"), "x" * 1000, "y"),),
    )
    text = plan_markdown(scene, limit=limit)
    assert len(text.encode()) <= limit
    assert text.count("<details>") == text.count("</details>")
    shown = text.count("| create |")
    assert f"_{count - shown} more changes: too long" in text or shown == count
    assert "b:" not in text
    assert "xxx" in text


def test_what_does_not_fit_is_counted_even_where_nothing_fits() -> None:
    conflict = Conflict(key("container", "b"), "x" * 5000, "y")
    text = plan_markdown(replace(hello(), conflicts=(conflict, conflict)), limit=2000)
    assert "_2 more conflicts: too long for a comment" in text
    assert "_5 more changes: too long" in text
    assert len(text.encode()) <= 2000
