"""The published JSON Schema: fresh, open to all that the model reads, and closed to what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler.spec import loaded_attributes
from reconciler.spec.loader import load
from reconciler.spec.model import Container
from reconciler.spec.model.descriptions import CONTAINER
from reconciler.spec.schema import spec_schema
from reconciler.spec.writing import native
from tests.support.record_compose import ENVIRON, files
from tests.support.record_compose import cases as corpus
from tests.support.samples import SAMPLES
from tests.unit.spec.test_wrong_specs import FILES as WRONG
from tests.unit.spec.test_wrong_specs import cases

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


@pytest.mark.parametrize("name", loaded_attributes.CONTAINER)
def test_it_takes_what_the_loader_carries_out(name: str, tmp_path: Path) -> None:
    value = yaml.safe_load(loaded_attributes.CONTAINER[name].example)
    assert errors(with_container(**{name: value})) == []
    assert errors(with_container(**{name: {"nonsense": 1}}))
    for file in ("web.env", "web.labels"):
        (tmp_path / file).touch()
    (tmp_path / "common.yaml").write_text("containers: {base: {image: a}}")
    (tmp_path / "reconciler.yaml").write_text(yaml.safe_dump(with_container(**{name: value})))
    load(tmp_path, profiles=["debug"])


def test_it_takes_include(tmp_path: Path) -> None:
    value = yaml.safe_load(loaded_attributes.SPEC["include"].example)
    assert errors({"include": value}) == []
    assert errors({"include": [{"file": "db.yaml"}]})
    (tmp_path / "web").mkdir()
    (tmp_path / "web.env").touch()
    (tmp_path / "db.yaml").write_text("containers: {db: {image: a}}")
    (tmp_path / "web/reconciler.yaml").write_text("containers: {web: {image: a}}")
    (tmp_path / "reconciler.yaml").write_text(yaml.safe_dump({"include": value, "containers": {"c": {"image": "a"}}}))
    assert list(load(tmp_path).containers) == ["c", "db", "web"]


@pytest.mark.parametrize("way", [{"build": "."}, {"extends": "base"}, {"image": "a"}])
def test_it_wants_some_way_to_an_image(way: Any) -> None:
    assert errors({"containers": {"c": way}}) == []
    assert errors({"containers": {"c": {"command": "x"}}})
    assert errors({"containers": {"c": None}})


@pytest.mark.parametrize("case", corpus())
def test_it_takes_all_that_config_prints(case: str) -> None:
    assert errors(native(load(files(case), environ=ENVIRON))) == []


MEANING = {"types: an empty image", "types: labels that are no pairs"}
"""Wrong by what a text means, of which a schema knows nothing."""


@pytest.mark.parametrize("file", ["types", "unknown"])
def test_it_refuses_every_wrong_shape_and_name(file: str) -> None:
    taken = {
        f"{file}: {case.title}"
        for path in WRONG
        if path.stem == file
        for case in cases(path)
        if not errors(yaml.safe_load(case.spec))
    }
    assert taken == {title for title in MEANING if title.startswith(file)}


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
