from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import SpecError
from reconciler.spec.document import parse
from reconciler.spec.interpolation import MAX_TOTAL, interpolate
from reconciler.spec.scalar import Placeholder, Scalar

if TYPE_CHECKING:
    from reconciler.spec.diagnostics import Diagnostic

VARIABLES = {"SET": "value", "EMPTY": "", "N": "8080", "DOLLAR": "$SET", "_x1": "x", "NULLISH": "null"}
Problems = list[tuple[tuple[str | int, ...], int, int, str, str]]


def run(data: Any, variables: dict[str, str] = VARIABLES) -> tuple[Any, Problems]:
    problems: Problems = []
    return interpolate(data, variables, lambda *problem: problems.append(problem)), problems


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("$SET", "value"),
        ("${SET}", "value"),
        ("a${SET}b$SET.c", "avaluebvalue.c"),
        ("$SET-1", "value-1"),
        ("$_x1", "x"),
        ("$EMPTY|${EMPTY}", "|"),
        ("${SET:-d}|${EMPTY:-d}|${NO:-d}", "value|d|d"),
        ("${SET-d}|${EMPTY-d}|${NO-d}", "value||d"),
        ("${SET:?e}|${SET?e}|${EMPTY?e}", "value|value|"),
        ("${SET:+r}|${EMPTY:+r}|${NO:+r}", "r||"),
        ("${SET+r}|${EMPTY+r}|${NO+r}", "r|r|"),
        ("${NO:-}", ""),
        ("${NO:-${SET}}", "value"),
        ("${NO:-${NO:-${EMPTY:-deep}}}", "deep"),
        ("${NO:-a${SET}b$SET}c", "avaluebvaluec"),
        ("${SET:+${N}}", "8080"),
        ("${SET:-$NO}", "value"),
        ("${NO:+$NO}", ""),
        ("${NO:-a:-b?c}", "a:-b?c"),
        ("${NO:--1}", "-1"),
        ('${NO:-{"a": {"b": 1}}}', '{"a": {"b": 1}}'),
        ("${NO:-a$$b}", "a$b"),
        ("${NO:-$${x}}", "${x}"),
        ("${NO:-two\nlines}", "two\nlines"),
        ("$$", "$"),
        ("$$SET $$$SET $$$$", "$SET $value $$"),
        ("a } b { $SET", "a } b { value"),
        ("$DOLLAR", "$SET"),
    ],
)
def test_forms(template: str, expected: str) -> None:
    assert run(template) == (expected, [])


@pytest.mark.parametrize(
    ("template", "place", "message"),
    [
        ("a $NO", (2, 3), 'the variable "NO" is not set'),
        ("a ${NO}", (2, 5), 'the variable "NO" is not set'),
        ("${NO:-$ALSO}", (6, 5), 'the variable "ALSO" is not set'),
        ("${NO:?say why}", (0, 14), 'the variable "NO" is not set: say why'),
        ("${EMPTY:?say $SET}", (0, 18), 'the variable "EMPTY" is empty: say $SET'),
        ("${NO?}", (0, 6), 'the variable "NO" is not set'),
        ("100$", (3, 1), 'a "$" without the name of a variable'),
        ("$1", (0, 1), 'a "$" without the name of a variable'),
        ("a $ b", (2, 1), 'a "$" without the name of a variable'),
        ("$é", (0, 1), 'a "$" without the name of a variable'),
        ("${}", (0, 2), 'the name after "${" is missing'),
        ("${", (0, 2), 'the name after "${" is missing'),
        ("${:-x}", (0, 2), 'the name after "${" is missing'),
        (
            "${ SET}",
            (0, 2),
            'the name after "${" must start with a letter or _, and stand right after the brace',
        ),
        (
            "${1}",
            (0, 2),
            'the name after "${" must start with a letter or _, and stand right after the brace',
        ),
        ("x ${SET", (2, 5), 'the "${" before "SET" is not closed'),
        ("${SET:-a", (0, 5), 'the "${" before "SET" is not closed'),
        ("${NO:-${SET:-a}", (0, 4), 'the "${" before "NO" is not closed'),
        ("${SET!x}", (0, 6), '"!" can\'t follow the name in "${SET"'),
        ("${SET:x}", (0, 6), '":" can\'t follow the name in "${SET"'),
        (
            "${SET:-${1}}",
            (7, 2),
            'the name after "${" must start with a letter or _, and stand right after the brace',
        ),
        ("${A:-" * 65 + "}" * 65, (64 * 5, 2), "variables nested more than 64 deep"),
        ("${A:-" * 100_000, (64 * 5, 2), "variables nested more than 64 deep"),
    ],
)
def test_problems(template: str, place: tuple[int, int], message: str) -> None:
    _, problems = run({"a": [template]})
    ((path, offset, length, said, hint),) = problems
    assert (path, (offset, length), said) == (("a", 0), place, message)
    assert hint


def test_what_has_a_problem_keeps_its_text_and_is_known_by_its_type() -> None:
    for template in ("a ${SET", "a${NO}b", "${NO:?}"):
        value = run(template)[0]
        assert (value, type(value)) == (template, Placeholder)
    assert run("${A:-" * 64 + "x" + "}" * 64) == ("x", [])


def test_hint_of_an_undefined_variable() -> None:
    (problem,) = run("$NO")[1]
    assert problem[4] == "set it, write ${NO:-default}, or $$ for a literal dollar"


def test_undefined_variables_can_be_told_apart() -> None:
    problems: Problems = []
    undefined: Problems = []
    data = ["$NO", "${", "${NO:?}"]
    interpolate(data, {}, lambda *p: problems.append(p), undefined=lambda *p: undefined.append(p))
    assert [p[0] for p in undefined] == [(0,)]
    assert [p[0] for p in problems] == [(1,), (2,)]


def test_kinds_follow_the_text_of_plain_scalars_only() -> None:
    data = parse("""\
port: ${N}
quoted: "${N}"
block: |-
  ${N}
half: ${N}0
text: $SET
empty: ${EMPTY}
null: $NULLISH
flag: ${NO:-true}
""", "f").data  # fmt: skip
    result, problems = run(data)
    assert problems == []
    assert {key: (str(value), value.kind) for key, value in result.items()} == {
        "port": ("8080", "int"),
        "quoted": ("8080", "str"),
        "block": ("8080", "str"),
        "half": ("80800", "int"),
        "text": ("value", "str"),
        "empty": ("", "str"),
        "null": ("null", "str"),
        "flag": ("true", "bool"),
    }
    assert data["port"] == "${N}"


def test_nothing_to_do_returns_the_same_objects() -> None:
    data = {"a": [Scalar("1", "int"), {"b": None}], "$SET": "x", "n": 5}
    assert run(data)[0] is data
    changed, _ = run({"same": (same := ["a"]), "other": ["$SET"]})
    assert changed["same"] is same
    assert changed["other"] == ["value"]


def test_keys_stay() -> None:
    assert run({"$SET": "$SET"})[0] == {"$SET": "value"}


def test_values_are_never_in_a_message() -> None:
    secret = {"SECRET": "hunter2", "E": ""}
    for template in ("${NO:?$SECRET}", "$SECRET$", "${E:?${SECRET}}", "${SECRET}${"):
        _, problems = run(template, secret)
        assert problems
        assert "hunter2" not in repr(problems)


def test_what_is_put_in_is_bounded() -> None:
    big = {"A": "x" * 1_000_000}
    _, problems = run(["$A" * 10, "$A" * 10, "$A"], big)
    ((path, *_, message, _hint),) = problems
    assert path == (1,)
    assert message == f"the variables of this file add more than {MAX_TOTAL >> 20} MiB"


def test_positions_reach_the_file() -> None:
    document = parse('web:\n  image: "nginx:${TAG}"\n', "f.yaml")
    found: list[Diagnostic] = []
    interpolate(document.data, {}, lambda *problem: found.append(document.diagnostic_in(*problem)))
    (diagnostic,) = found
    assert diagnostic.render() == (
        'f.yaml:2:17: error: the variable "TAG" is not set\n'
        '    2 |   image: "nginx:${TAG}"\n'
        "      |                 ^^^^^^ set it, write ${TAG:-default}, or $$ for a literal dollar"
    )


TEMPLATE = st.lists(
    st.sampled_from(["$", "${", "}", "{", ":-", "-", ":?", "?", "+", ":", "A", "B", "1", " ", "$$"])
).map("".join)


@given(TEMPLATE | st.text(), st.dictionaries(st.sampled_from("AB"), st.text()))
def test_any_text_gives_a_text_or_a_problem_inside_of_it(template: str, variables: dict[str, str]) -> None:
    result, problems = run([template], variables)
    assert isinstance(result[0], str)
    for path, offset, length, message, hint in problems:
        assert path == (0,)
        assert 0 <= offset < offset + length <= len(template)
        assert message
        assert hint


@given(st.text())
def test_doubled_dollars_are_literal(text: str) -> None:
    assert run(text.replace("$", "$$")) == (text, [])


@given(st.text(st.sampled_from("ab: \n-[]{}$&*'\"")))
def test_any_document(text: str) -> None:
    try:
        document = parse(text, "f")
    except SpecError:
        return
    found: list[Diagnostic] = []
    interpolate(document.data, {"a": "1"}, lambda *problem: found.append(document.diagnostic_in(*problem)))
    assert all(one.render() for one in found)
