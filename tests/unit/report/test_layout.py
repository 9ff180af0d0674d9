from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.layout import Cell, Row, cells, excerpts, head, shorten, table, tail, wrap

TEXT = st.text(st.characters(exclude_categories=["C"]), max_size=80)


def test_breaks_between_words_and_inside_only_where_it_must() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("0123456789abc x", 5) == ["01234", "56789", "abc x"]
    assert wrap("日本語", 4) == ["日本", "語"]
    assert wrap("a  b", 10) == ["a  b"]
    assert wrap("", 10) == [""]


@given(TEXT, st.integers(2, 40))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, room: int) -> None:
    lines = wrap(text, room)
    assert all(cells(line) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(TEXT, TEXT, TEXT, st.integers(6, 40))
def test_excerpts_fit_and_show_the_difference(alike: str, one: str, other: str, room: int) -> None:
    before, after = f"{alike}X{one}", f"{alike}Y{other}"
    shown = excerpts([before, after], room)
    assert all(cells(text) <= room for text in shown)
    assert shown[0] != shown[1]


@given(TEXT, st.integers(5, 40))
def test_shortened_text_keeps_both_ends(text: str, room: int) -> None:
    shown = shorten(text, room)
    assert cells(shown) <= room
    assert shown == text or shown.startswith(head(text, 1))


def test_heads_and_tails() -> None:
    assert (head("日本語", 5), tail("日本語", 5)) == ("日本", "本語")
    assert (head("日", 1), head("", 3), tail("", 3)) == ("日", "", "")
    assert shorten("0123456789", 7) == "012…789"
    assert excerpts(["0123456789aXc", "0123456789aYcdef"], 9) == ["…89aXc", "…89aYcdef"]
    assert excerpts(["0X23456789abcdef", "0Y"], 9) == ["0X234567…", "0Y"]
    assert excerpts(["0123456789X1234567", "0123456789Y1234567"], 9) == ["…789X123…", "…789Y123…"]
    assert excerpts(["0123456789", "0123456789abc"], 9) == ["…56789", "…56789abc"]


def row(name: str, *flow: str) -> Row:
    return Row(
        Cell("+"),
        [Cell("container"), Cell(name), Cell("create")],
        lambda room: [Cell(line) for text in flow for line in wrap(text, room)],
    )


def test_one_long_name_does_not_push_the_others_apart() -> None:
    rows = [row("web", "one"), row("a" * 60, "two"), row("b" * 100, "three"), row("db")]
    assert table(rows, 80, 20) == [
        "  + container  web  create  one",
        f"  + container  {'a' * 60}",
        "                    create  two",
        f"  + container  {'b' * 65}",
        f"               {'b' * 35}",
        "                    create  three",
        "  + container  db   create",
    ]


def test_what_does_not_fit_beside_stands_below() -> None:
    assert table([row("web", "some words " * 7, "more"), row("db", "short", "lines")], 80, 20) == [
        "  + container  web  create",
        "               some words some words some words some words some words some words",
        "               some words",
        "               more",
        "  + container  db   create  short",
        "                            lines",
    ]


def test_a_tiny_terminal_gets_long_lines_rather_than_one_letter_a_line() -> None:
    assert table([row("hello-web-1", "hello-web:1, 8080→80")], 10, 20) == [
        "  + container  hello-web-1  create",
        "               hello-web:1, 8080→80",
    ]
