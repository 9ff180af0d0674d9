from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ExitCode
from reconciler.spec.diagnostics import Diagnostic, closest, printable, spec_error


def test_renders_place_line_caret_and_hint() -> None:
    diagnostic = Diagnostic(
        "shop.yaml",
        12,
        7,
        10,
        'unknown attribute "enviroment" in container "web"',
        'did you mean "environment"?',
        excerpt="      enviroment:",
    )
    assert diagnostic.render() == (
        'shop.yaml:12:7: error: unknown attribute "enviroment" in container "web"\n'
        "   12 |       enviroment:\n"
        '      |       ^^^^^^^^^^ did you mean "environment"?'
    )


def test_without_a_line_it_speaks_of_the_file() -> None:
    assert Diagnostic("a.yaml", 0, 0, 1, "gone", "look").render() == "a.yaml: error: gone\n  look"
    assert Diagnostic("a.yaml", 1, 1, 1, "empty").render() == "a.yaml:1:1: error: empty"


def test_tabs_wide_and_control_characters_keep_the_caret_in_place() -> None:
    rendered = Diagnostic("a", 1, 7, 1, "m", excerpt="\t日本\x1b\x07:x", severity="warning").render()
    assert rendered == "a:1:7: warning: m\n    1 |  日本��:x\n      |         ^"
    combining = Diagnostic("a", 1, 3, 1, "m", excerpt="e\u0301x").render()
    assert combining.endswith("e\u0301x\n      |  ^")


def test_a_long_line_is_cut_around_the_caret() -> None:
    line = "x" * 5000 + "HERE" + "y" * 5000
    _, shown, carets = Diagnostic("a", 1, 5001, 4, "m", "h", excerpt=line).render().split("\n")
    assert len(shown) < 120
    assert shown[carets.index("^") :].startswith("HERE")
    assert carets.endswith(" ^^^^ h")
    assert shown.endswith("…")
    assert "| …x" in shown


def test_messages_can_neither_break_the_line_nor_the_terminal() -> None:
    rendered = Diagnostic("a\x1b", 1, 1, 1, "m\n\x1b[2J", "h\r\u202e", excerpt="x").render()
    assert rendered.count("\n") == 2
    assert not any(char in rendered for char in "\x1b\r\u202e")


@given(st.text(), st.integers(1, 400), st.integers(1, 400))
def test_any_excerpt_renders_on_three_lines(line: str, column: int, length: int) -> None:
    diagnostic = Diagnostic("f", 3, column, length, line, line, excerpt=line)
    rendered = diagnostic.render()
    assert rendered.count("\n") <= 2
    assert len(rendered.splitlines()) <= 3
    rendered.encode()  # no lone surrogate reaches the terminal
    json.dumps(diagnostic.as_dict())


@given(st.text(st.characters()))
def test_printable_keeps_the_length(text: str) -> None:
    assert len(printable(text)) == len(text)


def test_as_dict_holds_everything() -> None:
    assert Diagnostic("f", 1, 2, 3, "m", "h", excerpt="line").as_dict() == {
        "file": "f",
        "line": 1,
        "column": 2,
        "length": 3,
        "severity": "error",
        "message": "m",
        "hint": "h",
        "excerpt": "line",
    }


def test_closest() -> None:
    names = ["environment", "env_file", "image"]
    assert closest("enviroment", names) == "environment"
    assert closest("IMAGE", names) == "image"
    assert closest("zzz", names) is None
    assert closest("x" * 10_000, names) is None


def test_spec_error_is_sorted_and_names_the_first_error() -> None:
    late = Diagnostic("b", 9, 1, 1, "late", "later")
    early = Diagnostic("b", 2, 1, 1, "early", "sooner")
    note = Diagnostic("a", 1, 1, 1, "note", severity="warning")
    error = spec_error([late, early, note])
    assert error.diagnostics == (note, early, late)
    assert str(error) == "b:2:1: early (and 1 more error)\n  sooner"
    assert error.exit_code is ExitCode.SPEC_INVALID
    assert str(spec_error([note])) == "a:1:1: note"
