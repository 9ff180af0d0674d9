"""What is written back: each type of value, and the YAML that all readers read alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.spec import quantities
from reconciler.spec.document import parse
from reconciler.spec.interpolation import interpolate
from reconciler.spec.model import Image, Spec
from reconciler.spec.writing import native, spec_json, spec_yaml
from tests.support.written import same

SECOND = 10**9


def written(attribute: str, value: Any) -> Any:
    """What an attribute of a container is written as."""
    container = {"image": "a:1", attribute: value} | ({"mem_limit": "1g"} if attribute == "memswap_limit" else {})
    spec = Spec.model_validate({"name": "p", "containers": {"c": container}}, context={"folder": Path("/srv")})
    data = native(spec)
    put_in = interpolate(data, {}, lambda *place: pytest.fail(str(place)))
    again = Spec.model_validate(put_in, context={"folder": Path("/elsewhere")})
    assert same(again, spec)
    return data["containers"]["c"][attribute]


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1500, "1.5us"),
        (500 * 10**6, "500ms"),
        (1_234_567, "1.234567ms"),
        (90 * SECOND, "1m30s"),
        (120 * SECOND, "2m"),
        (3600 * SECOND, "1h"),
        (25 * 3600 * SECOND + 1, "25h1ns"),
        (61 * SECOND + 10**8, "1m1.1s"),
        ((1 << 63) - 1, "2562047h47m16.854775807s"),
    ],
)
def test_durations(nanoseconds: int, text: str) -> None:
    assert quantities.duration_text(nanoseconds) == text
    assert quantities.duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, 0), (-1, -1), (1, 1), (1023, 1023), (1024, "1k"), (1536 << 20, "1536m"), (1 << 30, "1g"), (1 << 62, "4096p")],
)
def test_sizes(value: int, written: int | str) -> None:
    assert quantities.size_text(value) == written
    assert quantities.size_or_unlimited(str(written)) == value


@pytest.mark.parametrize(("value", "text"), [(5 * 10**8, "0.5"), (2 * 10**9, "2"), (0, "0"), (1, "0.000000001")])
def test_cpus(value: int, text: str) -> None:
    assert quantities.cpus_text(value) == text
    assert quantities.cpus(text) == value


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("stop_grace_period", "90s", "1m30s"),
        ("mem_limit", 67108864, "64m"),
        ("memswap_limit", "-1", -1),
        ("shm_size", "100000", 100000),
        ("cpus", 1.50, "1.5"),
        ("cpu_quota", "50ms", 50000),
        ("pids_limit", "100", 100),
        ("tty", "True", True),
        ("restart", "no", "no"),
        ("restart", {"name": "always"}, "always"),
        ("restart", "on-failure:3", "on-failure:3"),
        ("restart", {"name": "always", "retries": 3}, {"name": "always", "retries": 3}),
        ("state", "stopped", "stopped"),
        (
            "ulimits",
            {"nofile": 1024, "nproc": {"soft": 1, "hard": 2}},
            {"nofile": 1024, "nproc": {"soft": 1, "hard": 2}},
        ),
        ("extra_hosts", ["a=192.0.2.1", "a=::1"], {"a": ["192.0.2.1", "::1"]}),
        ("tmpfs", ["/run:size=1m", "/x"], ["/run:size=1m", "/x"]),
        ("tmpfs", {"/a:b": "size=1m"}, {"/a:b": "size=1m"}),
        ("command", "echo 'a  b'", ["echo", "a  b"]),
        ("entrypoint", [], []),
        ("hostname", None, None),
        ("hostname", "", None),
        ("environment", ["A=$x", "B="], {"A": "$$x", "B": ""}),
        ("ports", ["8080:80"], [{"target": 80, "published": "8080", "protocol": "tcp"}]),
        ("ports", [{"target": 80}], [{"target": 80}]),
        ("volumes", ["/cache"], [{"type": "volume", "target": "/cache"}]),
        ("volumes", ["./a:/a:ro"], [{"type": "bind", "source": "/srv/a", "target": "/a", "read_only": True}]),
        ("devices", ["/dev/null"], [{"source": "/dev/null", "target": "/dev/null", "permissions": "rwm"}]),
        ("gpus", "all", [{"count": -1}]),
        ("networks", ["default"], {"default": {}}),
        ("healthcheck", {"test": "true", "interval": "0"}, {"test": ["CMD-SHELL", "true"], "interval": "0s"}),
        ("healthcheck", {"disable": True}, {"test": ["NONE"]}),
    ],
)
def test_attributes(attribute: str, value: Any, expected: Any) -> None:
    assert written(attribute, value) == expected


def test_only_what_is_declared_is_written_in_the_order_of_the_model() -> None:
    spec = Spec.model_validate(
        {
            "volumes": {},
            "compose_labels": True,
            "images": {"a:1": {"import": "one"}},
            "containers": {"c": {"user": "x", "image": "a:1", "command": ["b"]}},
            "name": "p",
        },
        context={"folder": Path("/srv")},
    )
    data = native(spec)
    assert list(data) == ["name", "images", "containers", "compose_labels"]
    assert data["images"] == {"a:1": {"import": "/srv/one"}}
    assert list(data["containers"]["c"]) == ["image", "command", "user"]


def test_a_spec_without_containers_is_native_too() -> None:
    assert native(Spec(name="p", images={"a:1": Image()})) == {"name": "p", "images": {"a:1": {}}, "containers": {}}


TEXTS = [
    *("", "~", "null", "Null", "true", "FALSE", "yes", "No", "on", "OFF", "y", "N", "=", "<<"),
    *("0", "-1", "+1", "0777", "0o17", "0x1F", "0b11", "1_000", "1.10", "1e3", ".5", "-.inf", ".NaN", "1.", "12e03"),
    *("22:22", "190:20:30", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5"),
    *("- a", "-", "?", "? a", ":", "a:", "a: b", "a :b", "a #b", "#a", "a,b", "[a", "{a}", "]", "*a", "&a", "!a", "%a"),
    *("@a", "`a", "|", ">", "'a'", '"a"', " a", "a ", "a\\b", "--- a", "---", "...", "\t", "a\tb", "é", "日本", "😀"),
    *("\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\xa0", "\u2028", "\ufeff", "\ufffe", "a\r\nb", "a\rb"),
    *(
        "a\nb",
        "a\nb\n",
        "a\nb\n\n",
        "\n",
        "\na",
        "a\n\nb",
        " a\nb",
        "a\n b\n",
        "a \nb",
        "a\n\t\nb",
        "#a\n#b",
        "a\n---\n",
    ),
    *("http://x", "nginx:1.27", "/a/b", "./a", "a b", "CMD-SHELL", "1m30s", "512m", "x" * 2000, "a b " * 500 + "."),
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:40]))
def test_any_text_is_read_back_as_text(text: str) -> None:
    data = {"key": text, "list": [text], "nested": [{"a": [text], text or "b": {"c": text}}, "x" * 200], text: text}
    for out in (
        spec_yaml(data),
        spec_json(data),
        spec_yaml(data, {("key",): "said: 'x' # of\n \"it\"", ("list", 0): "\x85"}),
    ):
        # PyYAML guesses by YAML 1.1, our own reader by 1.2. Neither takes long keys in JSON.
        if len(text) < 1000 or not out.startswith("{"):
            assert yaml.safe_load(out) == data
            assert parse(out, "x").data == data
    assert json.loads(spec_json(data)) == data


def test_the_yaml_is_as_a_person_writes_it() -> None:
    data = {
        "name": "shop",
        "containers": {
            "web": {
                "image": "nginx:1.27",
                "command": ["sh", "-c", "exit 0"],
                "tty": True,
                "hostname": None,
                "pids_limit": 10,
                "ports": [{"target": 80, "published": "8080"}, {"target": 81}],
                "labels": {"a.b/c": "1", "on": "no"},
                "dns": [f"192.0.2.{number}" for number in range(10)],
                "networks": {"default": {}},
                "script": "one\n  two\n",
            }
        },
    }
    assert spec_yaml(data) == (
        "name: shop\n"
        "containers:\n"
        "  web:\n"
        "    image: nginx:1.27\n"
        '    command: [sh, "-c", exit 0]\n'
        "    tty: true\n"
        "    hostname: null\n"
        "    pids_limit: 10\n"
        "    ports:\n"
        "      - target: 80\n"
        '        published: "8080"\n'
        "      - target: 81\n"
        "    labels:\n"
        '      a.b/c: "1"\n'
        '      "on": "no"\n'
        "    dns:\n" + "".join(f'      - "192.0.2.{number}"\n' for number in range(10)) + "    networks:\n"
        "      default: {}\n"
        "    script: |\n"
        "      one\n"
        "        two\n"
    )


def test_comments_stand_behind_values() -> None:
    paths = [("a", "b", 0), ("a", "b", 1, "c"), ("a", "d"), ("e",), ("f",), ("g",), ("g", 0)]
    comments = {path: ".".join(map(str, path)) for path in paths}
    data = {"a": {"b": [1, {"c": "x\ny"}], "d": {}}, "e": [], "f": ["x"], "g": [{"x": 1, "z": 2}]}
    assert spec_yaml(data, comments) == (
        "a:\n"
        "  b:\n"
        "    - 1  # a.b.0\n"
        "    - c: |-  # a.b.1.c\n"
        "        x\n"
        "        y\n"
        "  d: {}  # a.d\n"
        "e: []  # e\n"
        "f: [x]  # f\n"
        "g:  # g\n"
        "  - x: 1  # g.0\n"
        "    z: 2\n"
    )
