"""Whatever is loaded: either a spec, or a SpecError that says where; and the order of keys never matters."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import SpecError
from reconciler.spec.document import parse
from reconciler.spec.loader import load
from reconciler.spec.model import Container, Endpoint, Image, Mount, Network, Port, Spec, Volume
from reconciler.spec.model.lifecycle import Dependency
from reconciler.spec.model.runtime import Blkio, Device, DeviceRequest, Healthcheck, Logging, Ulimit

ROOT = Path(__file__).parents[3]
HELLO = (ROOT / "specs" / "hello.yaml").read_text()
VARIABLES = {"A": "80", "B": "x\0y", "C": "", "SECRET": "hunter2-secret"}
MODELS = (Spec, Container, Network, Volume, Image, Port, Mount, Endpoint, Blkio, Dependency, Device, DeviceRequest)
MANY = settings(
    max_examples=int(os.environ.get("EXAMPLES", "200")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)


def loaded(text: str | bytes) -> Spec | None:
    """The spec that this text is; None where a SpecError says properly what is wrong."""
    file = Path("spec.yaml")
    file.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
    try:
        return load(file, environ=VARIABLES)
    except SpecError as error:
        check(error)
    return None


def check(error: SpecError) -> None:
    """An error says what is wrong, in our words, and no secret."""
    assert error.diagnostics
    for diagnostic in error.diagnostics:
        said = diagnostic.message + diagnostic.hint
        assert diagnostic.message
        assert VARIABLES["SECRET"] not in said
        for word in ("Input should", "pydantic", "NoneType", "object at 0x"):
            assert word not in said
        assert len(diagnostic.render().splitlines()) <= 3


@MANY
@given(st.text())
def test_any_text(text: str) -> None:
    loaded(text)


@MANY
@given(st.binary())
def test_any_bytes(content: bytes) -> None:
    loaded(content)


@MANY
@given(st.data())
def test_hello_with_a_piece_replaced(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(HELLO)))
    length = data.draw(st.integers(0, 12))
    piece = data.draw(st.sampled_from(WORDS) | st.text(max_size=6))
    loaded(HELLO[:start] + piece + HELLO[start + length :])


WORDS = [
    *("", "0", "-1", "80", "8080:80", "1-99999", "[::1]:80:80", "99999999999999999999", "1e999", "0x1F", ".nan"),
    *("true", "no", "null", "~", "30s", "1h", "512m", "0.5", "x:y:z", "/a", "./a", "a/b", "a b", "\0", "\u202e"),
    *("${A}", "${B}", "${C}", "${SECRET}", "${NONE}", "${NONE:-x}", "$", "NONE", "CMD", "web", "db", "data", "default"),
    *(
        "10.0.0.2",
        "::1",
        "host",
        "host-gateway",
        "service:web",
        "A=b",
        "=",
        "a=",
        "on-failure:3",
        "nginx:1",
        "sh -c 'x",
    ),
    *("{", "}", "[", "]", ": ", "- ", "\n", "&a ", "*a", "<<", "!reset ", "!override ", "#", "'", '"', "\t"),
]
NAMES = sorted(
    {
        field.alias or name
        for model in (*MODELS, Healthcheck, Logging, Ulimit)
        for name, field in model.model_fields.items()
    }
    | {"services", "configs", "secrets", "include", "extends", "build", "deploy", "env_file", "label_file", "profiles"}
    | {"x-a", "<<", "provider", "version"}
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 70000) | st.floats() | st.sampled_from(WORDS) | st.text(max_size=5)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, *WORDS]), inner, max_size=3),
    max_leaves=8,
)
CONTAINERS = st.fixed_dictionaries(
    {"image": st.just("a") | VALUES},
    optional={name: VALUES for name in Container.model_fields if name != "image"} | {"deploy": VALUES, "build": VALUES},
)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "containers": st.dictionaries(st.sampled_from(["web", "db", "a b"]), CONTAINERS | VALUES, max_size=2),
        "services": st.dictionaries(st.sampled_from(["web", "db", "a b"]), CONTAINERS | VALUES, max_size=2),
        "networks": VALUES,
        "volumes": VALUES | st.dictionaries(st.sampled_from(["data", "x"]), VALUES, max_size=2),
        "images": VALUES,
        "name": VALUES,
    },
)


@MANY
@given(SPECS)
def test_any_structure(data: dict[str, Any]) -> None:
    loaded(json.dumps(data))


@MANY
@given(st.sampled_from([*Container.model_fields, "deploy", "build", "env_file", "extends"]), VALUES, st.booleans())
def test_any_value_of_each_attribute(name: str, value: Any, compose: bool) -> None:
    section = "services" if compose else "containers"
    loaded(json.dumps({section: {"web": {"image": "a", name: value}}, "volumes": {"data": {}}, "networks": {"db": {}}}))


def plain(value: Any) -> Any:
    """JSON's values of what the YAML parser read."""
    return parse(value, "hello.yaml").data


FULL = {
    **plain(HELLO),
    "containers": {
        **plain(HELLO)["containers"],
        "api": {
            "image": "hello-web:1",
            "environment": {"A": "1", "B": "2", "C": "3"},
            "labels": {"x": "1", "y": "2"},
            "networks": {"back": {"aliases": ["b", "a"], "priority": 2}, "default": {"priority": 1}},
            "depends_on": {"web": {"condition": "service_started"}},
            "ports": [{"target": 90, "published": "9090", "protocol": "udp"}, "8081:81"],
            "healthcheck": {"test": ["CMD", "true"], "interval": "30s", "retries": 3},
            "mem_limit": "1g",
            "mem_reservation": "64m",
            "ulimits": {"nofile": {"soft": 1, "hard": 2}, "nproc": 5},
            "volumes": [{"type": "tmpfs", "target": "/run", "tmpfs": {"size": "1m", "mode": "1777"}}],
        },
    },
    "networks": {"back": {"external": True}, "other": {"name": "else"}},
}


def shuffled(value: Any, draw: st.DataObject) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key], draw) for key in draw.draw(st.permutations(list(value)))}
    return [shuffled(item, draw) for item in value] if isinstance(value, list) else value


@MANY
@given(st.data())
def test_the_order_of_keys_never_matters(data: st.DataObject) -> None:
    one = loaded(json.dumps(FULL))
    assert one is not None
    assert loaded(json.dumps(shuffled(FULL, data))) == one


@MANY
@given(st.data())
def test_the_order_of_keys_does_not_change_what_is_said(data: st.DataObject) -> None:
    wrong = json.loads(json.dumps(FULL))
    wrong["containers"]["web"]["depends_on"] = ["api"]
    wrong["containers"]["api"]["ports"].append("8080:82")
    wrong["containers"]["api"]["networks"]["nowhere"] = {}

    def said(spec: Any) -> list[str]:
        Path("spec.yaml").write_text(json.dumps(spec, indent=1))
        with pytest.raises(SpecError) as caught:
            load("spec.yaml")
        return sorted(diagnostic.message for diagnostic in caught.value.diagnostics)

    one, other = said(wrong), said(shuffled(wrong, data))
    # Which of two containers has a port already is the order of the file.
    assert [word.replace('"api"', "it").replace('"web"', "it") for word in one] == [
        word.replace('"api"', "it").replace('"web"', "it") for word in other
    ]
