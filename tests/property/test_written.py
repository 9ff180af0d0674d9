"""What `config` prints, loaded again, gives the same values and declares the same; in whatever order its keys stand."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reconciler.errors import SpecError
from reconciler.spec.loader import load
from reconciler.spec.model import Container, Spec
from reconciler.spec.model.descriptions import CONTAINER
from reconciler.spec.writing import native, spec_json, spec_yaml
from tests.support.record_compose import ENVIRON, cases, files
from tests.support.samples import OWNER, SAMPLES
from tests.support.written import same

ROOT = Path(__file__).parents[2]
SPECS = [*sorted(ROOT.glob("specs/*.yaml")), *sorted(ROOT.glob("examples/*/reconciler.yaml"))]
WRITERS: tuple[Callable[[Any], str], ...] = (spec_yaml, spec_json)
PLACES: dict[str, Any] = {
    "networks": {
        "front": {},
        "back": {"internal": True, "labels": ["a=$$b"], "was": "old"},
        "static": {"ipam": {"config": [{"subnet": "10.77.0.1/16"}, {"subnet": "fd77::/64"}]}, "driver_opts": {"a": 1}},
    },
    "volumes": {"pages": None, "data": {"driver_opts": {"o": "bind"}, "protect": "true"}, "other": {"external": True}},
    "configs": {"site": {"content": "one\n  two\n"}, "variable": {"environment": "A"}, "extra": {"content": ""}},
    "secrets": {"db_password": {"file": "key.txt"}, "key": {"file": "key.txt"}, "extra": {"environment": "B"}},
    "images": {
        "made:1": {"build": {"context": ".", "args": ["A=1"], "shm_size": "64m", "ssh": {"default": None}}},
        "loaded:1": {"load": "a.tar", "tags": ["b:1"], "platform": "linux/arm64"},
        "x-y:1": {"pull": "every_12h"},
    },
    "settings": {"interval": "90s", "on_failure": "stop", "sensitive": "*KEY*"},
}
"""Something of each kind, in short and in long syntaxes."""

checked = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str, folder: str = "here") -> Spec:
    """The spec of this text, which stands in a folder of this name."""
    file = Path(folder) / "compose.yaml"  # a name that says nothing of the form
    file.parent.mkdir(exist_ok=True)
    (file.parent / "a.tar").touch()
    file.write_text(text, newline="")
    return load(file, warn=lambda _warning: None)


def expect_the_same(spec: Spec) -> None:
    """Written back and read again, in another folder."""
    for write in WRITERS:
        again = read(write(native(spec)), "elsewhere")
        assert same(again, spec)
        assert native(again) == native(spec)


def shuffled(value: Any, order: random.Random) -> Any:
    """The same with the keys of each mapping in another order."""
    if isinstance(value, dict):
        keys = order.sample(list(value), len(value))
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


def source(containers: dict[str, Any]) -> str:
    """A whole spec, as JSON."""
    return spec_json(
        {"name": "p", **PLACES, "containers": {"db": {"image": "a:1"}, OWNER: {"image": "a:1"}, **containers}}
    )


# --- each attribute ----------------------------------------------------------------------------------------

VALUES: list[tuple[str, dict[str, Any]]] = [
    (f"{row}-{number}-{spelling}", {"image": "a:1", **sample.base, **value})
    for row, samples in SAMPLES.items()
    for number, sample in enumerate(samples, 1)
    for spelling, value in (("first", sample.first), ("again", sample.again), ("second", sample.second))
    if value
]
NEEDED: dict[str, dict[str, Any]] = {
    "memswap_limit": {"mem_limit": "512m"},
    "pull_refresh_after": {"pull_policy": "refresh"},
}
EXAMPLES = {
    name: {"image": "a:1", name: yaml.safe_load(example), **NEEDED.get(name, {})}
    for name, (_, example) in CONTAINER.items()
}


@pytest.mark.parametrize("attributes", [value for _, value in VALUES], ids=[name for name, _ in VALUES])
def test_each_sample(attributes: dict[str, Any]) -> None:
    spec = read(source({"c": attributes}))
    assert set(native(spec)["containers"]["c"]) == set(attributes)
    expect_the_same(spec)


@pytest.mark.parametrize("name", Container.model_fields)
def test_each_attribute_by_its_example(name: str) -> None:
    spec = read(source({"c": EXAMPLES[name]}))
    assert name in native(spec)["containers"]["c"]
    expect_the_same(spec)


# --- specs of every kind -----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases())
def test_the_corpus_of_compose_files(case: str) -> None:
    expect_the_same(load(files(case), environ=ENVIRON))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_specs_of_this_repository(path: Path) -> None:
    expect_the_same(load(path))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0="), min_size=1, max_size=8)
FREE = {
    "environment": st.dictionaries(NAMES, TEXT),
    "labels": st.dictionaries(NAMES, TEXT),
    "annotations": st.dictionaries(NAMES, TEXT),
    "command": st.lists(TEXT, min_size=1),
    "entrypoint": st.lists(TEXT),
    "user": TEXT,
    "domainname": st.none() | TEXT,
    "security_opt": st.lists(TEXT),
    "mem_limit": st.integers(6 << 20, 1 << 50),
    "cpus": st.integers(0, 10**12).map(lambda value: f"{value // 10**9}.{value % 10**9:09}"),
    "stop_grace_period": st.integers(0, 1 << 60).map(lambda value: f"{value}ns"),
    "tmpfs": st.dictionaries(TEXT.map(lambda text: f"/{text}"), TEXT),
    "logging": st.fixed_dictionaries({}, optional={"driver": TEXT, "options": st.dictionaries(NAMES, TEXT)}),
}


@st.composite
def containers(draw: st.DrawFn) -> dict[str, Any]:
    """Some samples, some examples, and some attributes with any text; not all go together."""
    found: dict[str, Any] = {"image": "a:1"}
    for value in draw(st.lists(st.sampled_from([*(value for _, value in VALUES), *EXAMPLES.values()]), max_size=3)):
        found |= value
    for name in draw(st.lists(st.sampled_from(sorted(FREE)), max_size=3, unique=True)):
        found[name] = draw(FREE[name].map(_dollars_twice))
    return found


def _dollars_twice(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _dollars_twice(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dollars_twice(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


@checked
@given(containers(), containers(), st.randoms(use_true_random=False))
def test_any_spec(one: dict[str, Any], other: dict[str, Any], order: random.Random) -> None:
    try:
        spec = read(source({"c": one, "d-2": other}))
    except SpecError:
        assume(False)
    expect_the_same(spec)
    for write in WRITERS:
        assert read(write(shuffled(native(spec), order)), "shuffled") == spec
