"""The published JSON Schema: fresh, open to all that the model reads, and closed to what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler.spec.model import Container
from reconciler.spec.model.descriptions import CONTAINER
from reconciler.spec.schema import spec_schema
from tests.support.samples import SAMPLES

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "specs" / "schema.json"
SPECS = [*sorted(ROOT.glob("specs/*.yaml")), *sorted(ROOT.glob("examples/*/reconciler.yaml"))]
VALIDATOR = Draft202012Validator(spec_schema())


NEEDS: dict[str, dict[str, str]] = {
    "memswap_limit": {"mem_limit": "512m"},
    "pull_refresh_after": {"pull_policy": "refresh"},
}
"""What an attribute can't stand without."""


def errors(spec: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(spec)]


def with_container(**attributes: Any) -> dict[str, Any]:
    return {"name": "p", "containers": {"c": {"image": "a:1", **attributes}}}


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(spec_schema())


def test_the_published_one_is_fresh() -> None:
    assert json.loads(PUBLISHED.read_text()) == spec_schema(), "run: scripts/reference"


def test_every_attribute_of_a_container_is_described_with_an_example() -> None:
    assert set(CONTAINER) == set(Container.model_fields)
    for name, (_, example) in CONTAINER.items():
        value = yaml.safe_load(example)
        assert errors(with_container(**{name: value})) == []
        Container.model_validate({"image": "a:1", name: value, **NEEDS.get(name, {})})


@pytest.mark.parametrize("path", SPECS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_spec_of_this_repository_passes_and_names_it(path: Path) -> None:
    text = path.read_text()
    assert errors(yaml.safe_load(text)) == []
    modeline = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / modeline).resolve() == PUBLISHED


@pytest.mark.parametrize("row", SAMPLES)
def test_it_takes_every_sample_in_every_spelling(row: str) -> None:
    for sample in SAMPLES[row]:
        for value in filter(None, (sample.first, sample.again, sample.second)):
            assert errors(with_container(**value)) == []


@pytest.mark.parametrize(
    "right",
    [
        {"name": "p", "volumes": {"pages": None}, "networks": None},
        {"images": {"a:1": {"import": "./a"}, "b": None}},
        with_container(state="${STATE}", cpus="${CPUS:-1}", ports=["${PORT}:80"], tty="${TTY}"),
        with_container(depends_on=["a"], networks={"front": None}),
        with_container(restart="no", environment={"A": 1.10, "B": True}),
    ],
)
def test_it_takes(right: Any) -> None:
    assert errors(right) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "p", "container": {}},
        {"spec": "v2", "name": "p"},
        {"name": "p", "containers": {"c": {}}},
        with_container(enviroment={}),
        with_container(mem_limit="64 megabytes"),
        with_container(stop_grace_period="10"),
        with_container(state="up"),
        with_container(restart="sometimes"),
        with_container(ports="8080:80"),
        with_container(ports=[{"published": 80}]),
        with_container(ports=[{"target": 80, "proto": "tcp"}]),
        with_container(volumes=[{"type": "npipe", "target": "/a"}]),
        with_container(environment="A=b"),
        with_container(tty="yes"),
        with_container(healthcheck={"tests": "true"}),
        with_container(ulimits={"nofile": {"soft": 1}}),
        with_container(cpus="half"),
        with_container(oom_score_adj=2000),
        {"name": "p", "volumes": {"a b": {}}},
    ],
    ids=lambda wrong: json.dumps(wrong)[:60],
)
def test_it_refuses(wrong: Any) -> None:
    assert errors(wrong)
