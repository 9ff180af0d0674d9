from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.planning.plan import Conflict, FieldChange, Lost, Notice, Operation
from reconciler.report.json_form import plan_dict
from reconciler.report.layout import cells
from reconciler.report.plan_text import plan_text
from reconciler.report.style import Style
from reconciler.report.words import PAST, SIGN
from tests.unit.report.scenes import NOT_OURS, TZ, change, every_operation, field, hello, key, plan

OFF, ON = Style(False), Style(True)
NOTHING = "Nothing has been changed."


def lines(text: str) -> list[str]:
    assert not text.endswith("\n")
    return text.split("\n")


def test_the_plan_of_the_readme() -> None:
    rows = [
        "hello on Docker 28.5.2",
        "",
        "  + image      hello-web:1  import   from one",
        "  + container  hello-web-1  create   hello-web:1, 8080→80",
        '  ~ container  hello-db-1   replace  environment.TZ: "UTC" → "Europe/Berlin"',
        "  ~ container  hello-job-1  start    state: exited (0) → running",
        "  - container  hello-old-1  remove   no longer declared",
        "",
    ]
    assert lines(plan_text(hello(), OFF, 80, closing=NOTHING)) == [
        *rows,
        "1 to import, 1 to create, 1 to replace, 1 to start, 1 to remove. Nothing has",
        "been changed.",
    ]
    assert lines(plan_text(hello(), OFF, 200, closing=NOTHING)) == [
        *rows,
        "1 to import, 1 to create, 1 to replace, 1 to start, 1 to remove. Nothing has been changed.",
    ]
    assert lines(plan_text(hello(), OFF, 200))[-1] == (
        "1 to import, 1 to create, 1 to replace, 1 to start, 1 to remove."
    )


def test_every_operation() -> None:
    assert lines(plan_text(every_operation(), OFF, 80)) == [
        "hello on Docker 28.5.2",
        "",
        "  + image      nginx:1.27     pull",
        "  + image      hello-web:1    import   from one",
        "  + network    hello_default  create",
        "  + volume     hello_pages    create",
        "  + container  hello-web-1    create   nginx:1.27, 8080→80",
        '  ~ container  hello-db-1     replace  environment.TZ: "UTC" → "Europe/Berlin"',
        "                                       user: none → postgres",
        "  ~ container  hello-cache-1  update   restart: no → unless-stopped",
        "  ~ container  hello-job-1    start    state: exited (0) → running",
        "  ~ container  hello-idle-1   stop     state: running → stopped",
        "  = container  hello-bad-1    hold     failed before, not tried again",
        '                                       environment.TZ: "UTC" → "Europe/Berlin"',
        "  - container  hello-old-1    remove   no longer declared",
        "  - network    hello_back     remove   no longer declared",
        "    volumes that stay: hello_data, hello_uploads",
        "",
        "1 to pull, 1 to import, 3 to create, 1 to replace, 1 to update, 1 to start, 1 to",
        "stop, 2 to remove, 1 held back.",
    ]


def test_colours_change_nothing_else() -> None:
    painted = plan_text(hello(kept_volumes=("hello_data",)), ON, 80)
    tz = 'environment.TZ: "UTC" → "Europe/Berlin"'
    assert lines(painted)[:7] == [
        "\x1b[1mhello\x1b[0m on Docker 28.5.2",
        "",
        "  \x1b[32m+\x1b[0m image      \x1b[1mhello-web:1\x1b[0m  \x1b[32mimport\x1b[0m   from one",
        "  \x1b[32m+\x1b[0m container  \x1b[1mhello-web-1\x1b[0m  \x1b[32mcreate\x1b[0m   hello-web:1, 8080→80",
        f"  \x1b[33m~\x1b[0m container  \x1b[1mhello-db-1\x1b[0m   \x1b[33mreplace\x1b[0m  {tz}",
        "  \x1b[33m~\x1b[0m container  \x1b[1mhello-job-1\x1b[0m  \x1b[33mstart\x1b[0m    state: exited (0) → running",
        "  \x1b[31m-\x1b[0m container  \x1b[1mhello-old-1\x1b[0m  \x1b[31mremove\x1b[0m   no longer declared",
    ]
    for scene in (hello(kept_volumes=("hello_data",)), every_operation(), plan(conflicts=(NOT_OURS,)), plan()):
        painted = plan_text(scene, ON, 80, closing=NOTHING)
        assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plan_text(scene, OFF, 80, closing=NOTHING)


def test_in_sync_is_one_line() -> None:
    in_sync = "hello is in sync on Docker 28.5.2: nothing to do."
    assert plan_text(plan(), OFF, 80, closing=NOTHING) == in_sync
    assert lines(plan_text(plan(kept_volumes=("hello_data",)), OFF, 80)) == [
        in_sync,
        "    volumes that stay: hello_data",
    ]
    assert plan_text(plan(), ON, 80) == "\x1b[32mhello is in sync\x1b[0m on Docker 28.5.2: nothing to do."


def test_conflicts_come_last_and_say_that_the_plan_can_not_be_applied() -> None:
    external = Conflict(
        key("volume", "shared"),
        'volume "shared" is declared external, but does not exist',
        "create it (docker volume create shared), or leave `external` out of its declaration in the spec",
    )
    scene = plan(
        change("container", "hello-web-1", "create", "nginx:1"),
        conflicts=(NOT_OURS, external),
        kept_volumes=("hello_data",),
    )
    assert lines(plan_text(scene, OFF, 80, closing=NOTHING)) == [
        "hello on Docker 28.5.2",
        "",
        "  + container  hello-web-1  create  nginx:1",
        "    volumes that stay: hello_data",
        "",
        '  ! container "hello-api-1" exists and belongs to project "other"',
        "    remove or rename it, or give yours another `container_name`",
        '  ! volume "shared" is declared external, but does not exist',
        "    create it (docker volume create shared), or leave `external` out of its",
        "    declaration in the spec",
        "",
        "1 to create. This plan can't be applied: 2 conflicts to settle first. Nothing",
        "has been changed.",
    ]
    assert lines(plan_text(plan(conflicts=(NOT_OURS,), kept_volumes=("a",)), OFF, 80)) == [
        "hello on Docker 28.5.2",
        "",
        '  ! container "hello-api-1" exists and belongs to project "other"',
        "    remove or rename it, or give yours another `container_name`",
        "    volumes that stay: a",
        "",
        "This plan can't be applied: 1 conflict to settle first.",
    ]


def test_secrets_are_not_shown() -> None:
    scene = plan(
        change(
            "container",
            "hello-db-1",
            "replace",
            "",
            field("environment.PASSWORD", '"hunter2"', '"hunter3"', sensitive=True),
            field("environment.TOKEN", "not set", '"hunter2"', sensitive=True),
            field("environment.API_KEY", '"hunter2"', "not set", sensitive=True),
        )
    )
    text = plan_text(scene, OFF, 80)
    assert lines(text)[2:5] == [
        "  ~ container  hello-db-1  replace  environment.PASSWORD: (sensitive) changed",
        "                                    environment.TOKEN: (sensitive) added",
        "                                    environment.API_KEY: (sensitive) removed",
    ]
    assert "hunter" not in text


OPTIONS = '"-Xms512m -Xmx512m -XX:+UseG1GC -Dfile.encoding=UTF-8 -Dcom.example.toggles=a,b,c,d -Duser.timezone=UTC"'
NASTY = plan(
    change("image", "registry.example.com:5000/a/very/long/path/to/an/image/repository/called/it:2026-03-01", "pull"),
    change("container", "hello-日本語-1", "create", "日本語/イメージ:1, 8080→80"),
    change("container", "hello-\x1b[31mweb\n-1", "create", "x\ty\u202ez"),
    change(
        "container",
        "hello-a-quite-long-container-name-1",
        "replace",
        "",
        field("environment.OPTIONS", OPTIONS, OPTIONS.replace("UTC", "Europe/Berlin")),
        field("environment.A_VERY_LONG_NAME_OF_A_VARIABLE_THAT_SOMEBODY_MADE_UP", "not set", '"1"'),
        field("environment.TEXT", '"a\nb"', '"a\rb"'),
    ),
    change("container", "hello-db-1", "replace", "", TZ),
)


def test_nasty_names_and_long_values_at_80_columns() -> None:
    assert lines(plan_text(NASTY, OFF, 80))[2:-2] == [
        "  + image      registry.example.com:5000/a/very/long/path/to/an/image/repository",
        "               /called/it:2026-03-01",
        "                                    pull",
        "  + container  hello-日本語-1       create   日本語/イメージ:1, 8080→80",
        "  + container  hello-\\e[31mweb\\n-1  create   x\\ty�z",
        "  ~ container  hello-a-quite-long-container-name-1",
        "                                    replace",
        "               environment.OPTIONS:",
        '                   …-Dcom.example.toggles=a,b,c,d -Duser.timezone=UTC"',
        '                 → …-Dcom.example.toggles=a,b,c,d -Duser.timezone=Europe/Berlin"',
        "               environment.A_VERY_LONG_NAME_OF_A_VARIABLE_THAT_SOMEBODY_MADE_UP:",
        "                   not set",
        '                 → "1"',
        '               environment.TEXT: "a\\nb" → "a\\rb"',
        "  ~ container  hello-db-1           replace",
        '               environment.TZ: "UTC" → "Europe/Berlin"',
    ]


def test_nasty_names_and_long_values_at_200_columns() -> None:
    longer = OPTIONS.replace("UTC", "Europe/Berlin")
    assert lines(plan_text(NASTY, OFF, 200))[2:-2] == [
        "  + image      registry.example.com:5000/a/very/long/path/to/an/image/repository/called/it:2026-03-01",
        "                                                    pull",
        "  + container  hello-日本語-1                       create   日本語/イメージ:1, 8080→80",
        "  + container  hello-\\e[31mweb\\n-1                  create   x\\ty�z",
        "  ~ container  hello-a-quite-long-container-name-1  replace",
        "               environment.OPTIONS:",
        f"                   {OPTIONS}",
        f"                 → {longer}",
        '               environment.A_VERY_LONG_NAME_OF_A_VARIABLE_THAT_SOMEBODY_MADE_UP: not set → "1"',
        '               environment.TEXT: "a\\nb" → "a\\rb"',
        '  ~ container  hello-db-1                           replace  environment.TZ: "UTC" → "Europe/Berlin"',
    ]


def test_where_two_long_values_differ_can_be_seen() -> None:
    before, after = '"' + "a" * 500 + "X" + "b" * 500 + '"', '"' + "a" * 500 + "Y" + "b" * 500 + '"'
    text = plan_text(plan(change("container", "x-1", "replace", "", field("command", before, after))), OFF, 80)
    _, old, new = (line.strip() for line in lines(text)[3:6])
    assert old == "…" + "a" * 20 + "X" + "b" * 38 + "…"
    assert new == "→ …" + "a" * 20 + "Y" + "b" * 38 + "…"


def test_a_value_with_an_arrow_of_its_own_can_be_told_from_the_change() -> None:
    ports = field("ports", "8080→80", "8080→80, 8081→81")
    first = field("ports", "none", "→80")
    text = plan_text(plan(change("container", "x-1", "replace", "", ports, first)), OFF, 80)
    assert lines(text)[2:4] == [
        "  ~ container  x-1  replace  ports: [8080→80] → [8080→80, 8081→81]",
        "                             ports: none → [→80]",
    ]


def test_every_operation_has_its_words_and_sign() -> None:
    assert set(PAST) == set(SIGN) == set(Operation)


ANY = st.text(max_size=120)


@given(ANY, ANY, ANY, ANY, st.sampled_from([80, 200]), st.booleans())
def test_nothing_breaks_a_terminal(name: str, note: str, path: str, value: str, width: int, colours: bool) -> None:
    fields: Any = (FieldChange(path, value, None, value, "not set"), FieldChange(path, value, value, value, note, True))
    scene = plan(
        change("container", name, "replace", note, *fields),
        change("image", note, "pull"),
        project="hello",
        conflicts=(Conflict(key("network", name), note, value),),
        kept_volumes=(name, path),
    )
    text = plan_text(scene, Style(colours), width, closing=NOTHING)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", text) if colours else text
    assert all(char.isprintable() or char.isspace() for char in bare.replace("\n", ""))
    assert "\r" not in bare
    assert "\t" not in bare
    assert all(cells(line) <= width for line in bare.split("\n"))


def test_a_notice_keeps_nothing_from_being_done() -> None:
    notice = Notice(key("image", "app:1"), 'image "app:1": nobody answers', "what is here stays")
    assert lines(plan_text(plan(notices=(notice,)), OFF, 80)) == [
        "hello is in sync on Docker 28.5.2: nothing to do.",
        '  ! image "app:1": nobody answers',
        "    what is here stays",
    ]
    assert plan(notices=(notice,)).in_sync
    assert plan_dict(plan(notices=(notice,)))["notices"] == [
        {"kind": "image", "name": "app:1", "message": notice.message, "hint": notice.hint}
    ]


# --- what would be lost, and what needs a person ---------------------------------------------------------------------

WEB = key("container", "hello-web-1")
LOSES = change("container", "hello-web-1", "replace", "", TZ)


def test_what_would_be_lost_is_said_below_the_differences() -> None:
    lost = Lost(WEB, 12, ("/etc/app.conf", "/srv/a\x1b"))
    told = lines(plan_text(replace(plan(LOSES), lost=(lost,)), OFF, 100))
    assert told[3].strip() == "loses 12 files: /etc/app.conf, /srv/a\\e, …"
    assert plan_dict(replace(plan(LOSES), lost=(lost,)))["changes"][0]["lost"] == {
        "count": 12,
        "paths": ["/etc/app.conf", "/srv/a\x1b"],
        "unknown": None,
    }


def test_one_file() -> None:
    told = plan_text(replace(plan(LOSES), lost=(Lost(WEB, 1, ("/a",)),)), OFF, 100)
    assert "loses 1 file: /a\n" in told


def test_what_nobody_knows() -> None:
    found = replace(plan(LOSES), lost=(Lost(WEB, unknown="the Engine did not say it in time"),))
    assert "what it would lose is not known: the Engine did not say it in time" in plan_text(found, OFF, 120)
    assert plan_dict(found)["changes"][0]["lost"] == {
        "count": None,
        "paths": [],
        "unknown": "the Engine did not say it in time",
    }


def test_what_needs_a_person_stands_with_the_notices() -> None:
    guard = Notice(WEB, "4 of 6 would be removed", "look at it")
    told = lines(plan_text(replace(plan(LOSES), needs_person=guard), OFF, 100))
    assert told[3:5] == ["  ! 4 of 6 would be removed", "    look at it"]
    assert plan_dict(replace(plan(LOSES), needs_person=guard))["needs_person"]["message"] == "4 of 6 would be removed"
