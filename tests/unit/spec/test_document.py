from __future__ import annotations

import copy
import json
import os
import pickle
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from reconciler.errors import SpecError
from reconciler.spec.diagnostics import Span
from reconciler.spec.document import MAX_BYTES, parse, read
from reconciler.spec.scalar import Scalar, core_kind

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs the test with libyaml and without: positions and messages must not depend on it."""
    if request.param == "pure":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return str(request.param)


def kinds(value: Any) -> Any:
    return None if value is None else (str(value), value.kind)


def failure(text: str | bytes) -> SpecError:
    with pytest.raises(SpecError) as caught:
        parse(text, "f.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("no", ("no", "str")),
        ("on", ("on", "str")),
        ("off", ("off", "str")),
        ("yes", ("yes", "str")),
        ("y", ("y", "str")),
        ("22:22", ("22:22", "str")),
        ("0777", ("0777", "int")),
        ("0o777", ("0o777", "int")),
        ("0x1F", ("0x1F", "int")),
        ("-12", ("-12", "int")),
        ("1_000", ("1_000", "str")),
        ("1.10", ("1.10", "float")),
        ("1e3", ("1e3", "float")),
        (".5", (".5", "float")),
        ("-.inf", ("-.inf", "float")),
        (".nan", (".nan", "float")),
        (".", (".", "str")),
        ("1.2.3", ("1.2.3", "str")),
        ("2024-01-01", ("2024-01-01", "str")),
        ("true", ("true", "bool")),
        ("False", ("False", "bool")),
        ("tRUE", ("tRUE", "str")),
        ("٣", ("٣", "str")),
        ("=", ("=", "str")),
        ("'1'", ("1", "str")),
        ('"true"', ("true", "str")),
        ('""', ("", "str")),
        ("'null'", ("null", "str")),
        ("|-\n  1", ("1", "str")),
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("nULL", ("nULL", "str")),
        ("!!str 1", ("1", "str")),
        ("!!str", ("", "str")),
        ('!!int "1"', ("1", "int")),
        ("!!float 1", ("1", "float")),
        ("!!bool true", ("true", "bool")),
        ("!!null ~", None),
    ],
)
def test_core_schema(parser: str, written: str, expected: Any) -> None:
    assert kinds(parse(f"a: {written}\n", "f").data["a"]) == expected


def test_scalar_is_a_str() -> None:
    class Model(BaseModel):
        name: str

    scalar = Scalar("1.10", "float", plain=True)
    assert scalar == "1.10"
    assert hash(scalar) == hash("1.10")
    assert json.dumps({"a": scalar}) == '{"a": "1.10"}'
    assert Model(name=scalar).name == "1.10"
    for copied in (copy.deepcopy(scalar), pickle.loads(pickle.dumps(scalar))):
        assert (copied, copied.kind, copied.plain) == (scalar, "float", True)
    assert Scalar("x").kind == "str"


def test_collections_keep_order_and_raw_keys(parser: str) -> None:
    data = parse("b: [1, {c: ~}]\na: {}\n1.0: x\nnull: y\n!!str z: z\n", "f").data
    assert data == {"b": ["1", {"c": None}], "a": {}, "1.0": "x", "null": "y", "z": "z"}
    assert list(data) == ["b", "a", "1.0", "null", "z"]
    assert all(type(key) is str for key in data)


def test_merge_keys(parser: str) -> None:
    text = """\
one: &one {a: 1, b: 1}
two: &two {b: 2, c: 2}
own: {b: own, <<: *one}
list: {<<: [*one, *two]}
deep: &deep {<<: *two, d: 4}
deeper: {<<: *deep}
quoted: {"<<": *one}
"""
    data = parse(text, "f").data
    assert data["own"] == {"b": "own", "a": "1"}
    assert data["list"] == {"a": "1", "b": "1", "c": "2"}
    assert data["deeper"] == {"d": "4", "b": "2", "c": "2"}
    assert data["quoted"] == {"<<": {"a": "1", "b": "1"}}


def test_an_anchor_can_be_used_again(parser: str) -> None:
    assert parse("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", "f").data == {"a": "1", "b": "1", "c": "2", "d": "2"}


def test_aliases_are_copies() -> None:
    data = parse("a: &x {k: []}\nb: *x\n", "f").data
    assert data["a"] is not data["b"]


@pytest.mark.parametrize("text", ["\ufeffa: 1\r\nb: 2\r\n", b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "a: 1\rb: 2\r"])
def test_bom_and_line_ends(parser: str, text: str | bytes) -> None:
    document = parse(text, "f")
    assert document.data == {"a": "1", "b": "2"}
    assert document.locate(("b",)) == Span(2, 4, 1)
    assert document.diagnostic(("b",), "m").excerpt == "b: 2"


TOO_MANY = "the file holds more than 100,000 values"
TOO_DEEP = "nested more than 64 levels deep"
SELF = 'the alias "*a" stands inside of what it refers to'
SECOND = "a second document starts here; a spec is one document"
NOT_UTF_8 = "the file is UTF-16 or UTF-32, not UTF-8"
MISFIT = "this line fits neither the lines above nor a new key"
TAB = "a tab can't indent in YAML"
NO_TEXT = "a key must be text, not a list or mapping"
AGAIN = 'the key "a" stands here a second time; first at '
PYTHON = "!!python/object:os.system"
ALIAS_BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
)
MERGE_BOMB = "a0: &a0 {k: v}\n" + "".join(
    f"a{i}: &a{i} {{<<: [{','.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", (3, 1, 1), AGAIN + "1:1", id="dup"),
        pytest.param("x: {a: 1, a: 2}", (1, 11, 1), AGAIN + "1:5", id="flow"),
        pytest.param('a: 1\n"a": 2\n', (2, 1, 3), AGAIN + "1:1", id="quoted"),
        pytest.param(
            "b: &b {}\nx:\n  <<: *b\n  <<: *b\n",
            (4, 3, 2),
            'the key "<<" stands here a second time; first at 3:3',
            id="merges",
        ),
        pytest.param(ALIAS_BOMB, (6, 10, 3), TOO_MANY, id="alias bomb"),
        pytest.param(MERGE_BOMB, (6, 35, 3), TOO_MANY, id="merge bomb"),
        pytest.param("a: [" + "1," * 120_000 + "]", (1, 200_001, 1), TOO_MANY, id="nodes"),
        pytest.param("&a [*a]", (1, 5, 2), SELF, id="self"),
        pytest.param("x: &a {<<: *a}", (1, 12, 2), SELF, id="self merge"),
        pytest.param("[" * 100_000, (1, 65, 1), TOO_DEEP, id="100,000 levels"),
        pytest.param("a: " + "[" * 64, (1, 67, 1), TOO_DEEP, id="65 levels"),
        pytest.param("- " * 100_000, (1, 129, 1), TOO_DEEP, id="block levels"),
        pytest.param(
            "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30,
            (2, 34, 2),
            TOO_DEEP,
            id="levels through an alias",
        ),
        pytest.param("", (1, 1, 1), "the file is empty", id="empty"),
        pytest.param("# only\n\n", (1, 1, 1), "the file is empty", id="comment"),
        pytest.param("---\n", (1, 1, 1), "the file is empty", id="empty document"),
        pytest.param("~\n", (1, 1, 1), "the file is empty", id="null"),
        pytest.param("a: 1\n---\nb: 2\n", (2, 1, 3), SECOND, id="two"),
        pytest.param("- a\n", (1, 1, 3), "the file holds a list, not a mapping", id="list"),
        pytest.param("just text\n", (1, 1, 9), "the file holds text, not a mapping", id="text"),
        pytest.param(b"a: 1\nb: \xff\n", (2, 4, 1), "byte 0xff is not valid UTF-8", id="UTF-8"),
        pytest.param("a: \ud800", (1, 4, 1), "this character is half of a surrogate pair", id="surrogate"),
        pytest.param("a: 1".encode("utf-16"), (1, 1, 1), NOT_UTF_8, id="UTF-16"),
        pytest.param("a: 1".encode("utf-16-le"), (1, 2, 1), "a NUL character", id="UTF-16 without BOM"),
        pytest.param("a: b\0c", (1, 5, 1), "a NUL character", id="NUL"),
        pytest.param("a: b\x1bc", (1, 5, 1), "the control character U+001B", id="escape character"),
        pytest.param("a:\n\tb: 1\n", (2, 1, 1), TAB, id="tab"),
        pytest.param("a: 1\n\tb: 2\n", (2, 1, 1), TAB, id="tab after a value"),
        pytest.param("a:\n  b: 1\n  \tc: 2\n", (3, 3, 1), TAB, id="tab after spaces"),
        pytest.param("[a]: 1", (1, 1, 3), NO_TEXT, id="list key"),
        pytest.param("? {a: 1}\n: 1", (1, 3, 6), NO_TEXT, id="mapping key"),
        pytest.param("a: 1\n: 2", (2, 1, 1), 'the key before ":" is missing', id="no key"),
        pytest.param("a: {: 2}", (1, 5, 1), 'the key before ":" is missing', id="no key in braces"),
        pytest.param("?\n: 2", (1, 2, 1), 'the key before ":" is missing', id="empty key"),
        pytest.param("a: [,]", (1, 5, 1), "a value is missing before this", id="lonely comma"),
        pytest.param("a: *b", (1, 4, 2), 'the alias "*b" has no anchor', id="alias"),
        pytest.param("a: {<<: 1}", (1, 9, 1), '"<<" merges mappings only', id="merge of text"),
        pytest.param(f"a: {PYTHON} x", (1, 4, 27), f'the tag "{PYTHON}" is not known', id="python tag"),
        pytest.param("a: !secret []", (1, 4, 10), 'the tag "!secret" is not known', id="custom tag"),
        pytest.param("a: [!reset 1]", (1, 5, 8), '"!reset" can\'t stand in a list', id="mark in a list"),
        pytest.param("a: !!set {b}", (1, 4, 9), 'the tag "!!set" is not known', id="set"),
        pytest.param("a: !!binary aGk=", (1, 4, 13), 'the tag "!!binary" is not known', id="binary"),
        pytest.param("!x a: 1", (1, 1, 4), 'the tag "!x" is not known', id="tagged key"),
        pytest.param("a: !!int x", (1, 4, 7), 'this value is no "int", as its tag says', id="wrong tag"),
        pytest.param("a: b: c", (1, 5, 1), 'a ":" that can\'t stand here', id="two colons"),
        pytest.param("a: 1\nb\n", (2, 1, 1), 'a key without ":"', id="no colon"),
        pytest.param("a: 'b\nc: 1\n", (1, 4, 1), "this quote is never closed", id="quote"),
        pytest.param('a: "\\q"\n', (1, 5, 1), "an escape that YAML does not know", id="escape"),
        pytest.param("a: @b", (1, 4, 1), "text can't start with this character", id="reserved"),
        pytest.param("a: [1, 2\nb: 3\n", (2, 2, 1), 'a "," is missing, or the closing bracket', id="bracket"),
        pytest.param("a:\n    b: 1\n  c: 2\n", (3, 3, 1), MISFIT, id="dedent"),
        pytest.param("a: - b", (1, 4, 1), 'the "-" of a list can\'t stand here', id="dash"),
    ],
)
def test_traps(parser: str, text: str | bytes, place: tuple[int, int, int], message: str) -> None:
    error = failure(text)
    (diagnostic,) = error.diagnostics
    assert diagnostic.message == message
    assert (diagnostic.line, diagnostic.column, diagnostic.length) == place
    assert diagnostic.hint
    assert diagnostic.file == "f.yaml"
    assert diagnostic.render().count("\n") <= 2


def test_too_large() -> None:
    assert failure("#" * (MAX_BYTES + 1)).diagnostics[0].message == "the file is larger than 1 MiB"
    assert failure("é" * MAX_BYTES).diagnostics[0].message == "the file is larger than 1 MiB"
    assert failure(b"#" * MAX_BYTES).diagnostics[0].message == "the file is empty"


def test_64_levels_and_100_000_values_are_allowed() -> None:
    parse("a: " + "[" * 63 + "]" * 63, "f")
    assert len(parse("a: [" + "1," * 99_998 + "]", "f").data["a"]) == 99_998
    assert failure("a: [" + "1," * 99_999 + "]")


def test_all_problems_of_the_data_are_told_once_and_up_to_a_bound() -> None:
    text = "x: &x {a: 1, a: 2}\ny: *x\nz: !no 1\n"
    assert [(d.line, d.column) for d in failure(text).diagnostics] == [(1, 14), (3, 4)]
    many = "".join(f"k{i}: 1\n" for i in range(40_000)) + "k39999: 1\n" * 40_000
    assert len(failure(many).diagnostics) == 100


def test_undefined_alias_suggests_a_near_one() -> None:
    assert failure("a: &default 1\nb: *defualt").diagnostics[0].hint == 'did you mean "*default"?'


LOCATED = """\
base: &base
  image: nginx
  env: {A: "1"}
web:
  <<: *base
  ports:
    - 80:80
    - {target: 1,
       published: 2}
  empty:
  text: |
    one
    two $X and $X
  again: *base
"""


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        (("base", "image"), False, Span(2, 10, 5)),
        (("base", "image"), True, Span(2, 3, 5)),
        (("web", "image"), False, Span(2, 10, 5)),
        (("web", "env", "A"), False, Span(3, 12, 3)),
        (("web", "env"), False, Span(3, 8, 8)),
        (("web", "ports"), False, Span(6, 3, 5)),
        (("web", "ports", 0), False, Span(7, 7, 5)),
        (("web", "ports", 0), True, Span(7, 7, 5)),
        (("web", "ports", 1), False, Span(8, 7, 11)),
        (("web", "ports", 1, "published"), True, Span(9, 8, 9)),
        (("web", "ports", 9), False, Span(6, 3, 5)),
        (("web", "ports", "x"), False, Span(6, 3, 5)),
        (("web", "empty"), False, Span(10, 3, 5)),
        (("web", "text"), False, Span(11, 9, 1)),
        (("web", "again", "env", "A"), False, Span(3, 12, 3)),
        (("web", "missing", "more"), False, Span(4, 1, 3)),
        (("web", "image", "more"), False, Span(2, 10, 5)),
        (("web", 0), False, Span(4, 1, 3)),
        (("nothing",), False, Span(1, 1, 11)),
    ],
)
def test_locate(parser: str, path: tuple[str | int, ...], key: bool, expected: Span) -> None:
    assert parse(LOCATED, "f").locate(path, key=key) == expected


@pytest.mark.parametrize(
    ("written", "part", "occurrence", "expected"),
    [
        ("x $A y", "$A", 0, Span(1, 6, 2)),
        ("'x ''$A'", "$A", 0, Span(1, 9, 2)),
        ('"\\t${A}"', "${A}", 0, Span(1, 7, 4)),
        ("$A $A", "$A", 1, Span(1, 7, 2)),
        ("&anchor $A", "$A", 0, Span(1, 12, 2)),
        ("!!str '$A'", "$A", 0, Span(1, 11, 2)),
        ("|\n  one\n  two $A", "$A", 0, Span(3, 7, 2)),
        (">\n  one\n  two $A", "$A", 0, Span(3, 7, 2)),
        ('"\\x24A"', "$A", 0, Span(1, 4, 7)),
    ],
)
def test_locate_in(parser: str, written: str, part: str, occurrence: int, expected: Span) -> None:
    document = parse(f"a: {written}\n", "f")
    value = document.data["a"]
    offset = -1
    for _ in range(occurrence + 1):
        offset = value.index(part, offset + 1)
    assert document.locate_in(("a",), offset, len(part)) == expected


def test_locate_in_nothing_is_the_whole() -> None:
    document = parse("a: text\nb: [1]\n", "f")
    assert document.locate_in(("a",), 99, 2) == Span(1, 4, 4)
    assert document.locate_in(("b",), 0, 1) == document.locate(("b",))


def test_diagnostic_has_its_line() -> None:
    document = parse(LOCATED, "shop.yaml")
    diagnostic = document.diagnostic(("base", "image"), "wrong", "right", key=True, severity="warning")
    assert diagnostic.render() == ("shop.yaml:2:3: warning: wrong\n    2 |   image: nginx\n      |   ^^^^^ right")
    offset = document.data["web"]["text"].rindex("$X")
    assert document.diagnostic_in(("web", "text"), offset, 2, "m").render() == (
        "f:13:16: error: m\n   13 |     two $X and $X\n      |                ^^".replace("f:", "shop.yaml:")
    )


def test_read(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: 1\n")
    link = tmp_path / "link"
    link.symlink_to(file)
    assert read(file).data == {"a": "1"}
    assert read(file).name == str(file)
    assert read(link, "shown").name == "shown"


def test_read_refuses_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()  # noqa: PTH109 - a socket's path is short
        os.chdir(tmp_path)
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        (tmp_path / "large").write_bytes(b"#" * (MAX_BYTES + 1))
        for name, message in {
            "fifo": "not a regular file but a FIFO",
            "socket": "not a regular file but a socket",
            ".": "not a regular file but a folder",
            "/dev/zero": "not a regular file but a device",
            "missing": "there is no such file",
            "loop": "can't be read: too many levels of symbolic links",
            "a" * 300: "can't be read: file name too long",
            "nul\0": "can't be read: no file can have this name",
            "large": "the file is larger than 1 MiB",
        }.items():
            with pytest.raises(SpecError) as caught:
                read(tmp_path / name, "f")
            assert caught.value.diagnostics[0].message.startswith(message)
            assert caught.value.diagnostics[0].hint


def test_read_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.yaml"
    file.touch()

    def refuse(*_: object) -> int:  # the tests may run as root, who may read all
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SpecError, match="no permission to read this file"):
        read(file)


def test_importing_costs_neither_yaml_nor_pydantic() -> None:
    dear = {"yaml", "pydantic", "difflib"}
    code = f"import sys, reconciler.spec.interpolation; assert not {dear} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


ALPHABET = st.sampled_from([*"ab1 :-[]{},&*!?|>'\"%@`#\n\t\r\\~<.$\0é", "<<: ", "&a ", "*a", "\n  ", "- ", "---\n"])


@given(st.lists(ALPHABET).map("".join) | st.text(st.characters()) | st.binary())
def test_parse_raises_nothing_but_spec_error(text: str | bytes) -> None:
    try:
        document = parse(text, "f")
    except SpecError as error:
        rendered = [diagnostic.render().encode() for diagnostic in error.diagnostics]
    else:
        walk(document.data, (), document.locate)
        return
    assert rendered


def walk(value: Any, path: tuple[str | int, ...], locate: Any) -> None:
    assert locate(path).length >= 1
    assert locate(path, key=True).column >= 1
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in steps:
        walk(child, (*path, step), locate)


PLAIN = st.recursive(
    st.none() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(min_size=1), PLAIN, max_size=4))
def test_what_pyyaml_dumps_is_read_back(data: dict[str, Any]) -> None:
    text = yaml.safe_dump(data)
    assert parse(text, "f").data == data


@given(st.text(st.sampled_from("0123456789+-.eExoinfINFnatrueTRUE_:"), max_size=8))
def test_core_kind_agrees_with_python(text: str) -> None:
    kind = core_kind(text)
    if kind == "int":
        int(text, 0 if text[:2] in {"0x", "0o"} else 10)
    elif kind == "float":
        float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
