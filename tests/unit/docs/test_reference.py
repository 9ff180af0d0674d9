"""docs/spec.md says what the model says; its generated parts are fresh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler.fields.base import OLDEST, Instance
from reconciler.fields.table import ROW
from reconciler.spec.attributes import TABLES
from reconciler.spec.model import Container, Spec
from reconciler.spec.model.examples import EXAMPLES
from tests.support import reference
from tests.support.samples import SAMPLES

PAGE = reference.PAGES[0].read_text()
SCHEMA = reference.schema()
VALIDATOR = Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("path", reference.PAGES, ids=lambda path: path.name)
def test_a_page_is_fresh(path: Path) -> None:
    text = path.read_text()
    assert reference.page(text) == text, "run: scripts/reference"


def test_every_attribute_of_compose_is_told() -> None:
    told = re.findall(r"^\| `(\w+)` \| (supported|ignored|refused) \|", reference.compose(), re.MULTILINE)
    assert len(told) == sum(len(table) for table in TABLES.values())


@pytest.mark.parametrize(
    ("part", "name"), [pytest.param(part, name, id=f"{part}.{name}") for part in EXAMPLES for name in EXAMPLES[part]]
)
def test_every_example_of_a_part_is_right(part: str, name: str) -> None:
    schema = {"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{part}/properties/{name}"}
    Draft202012Validator(schema).validate(yaml.safe_load(EXAMPLES[part][name]))


def test_it_has_every_attribute_of_a_container() -> None:
    told = re.findall(r"^\| `(\w+)` \|", reference.attributes(), re.MULTILINE)
    assert sorted(told) == sorted(Container.model_fields)
    assert {"changes", "attributes"} <= set(re.findall("<!-- reference: ([a-z]+) -->", PAGE))


@pytest.mark.parametrize("name", sorted(SCHEMA["$defs"]))
def test_every_part_is_on_the_page_and_all_of_it_is_described(name: str) -> None:
    if name == "Container":
        return
    assert f"<!-- reference: {name} -->" in PAGE
    assert "||" not in reference.part(name).replace(" ", "")


@pytest.mark.parametrize("block", re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
def test_every_example_on_the_page_is_right(block: str) -> None:
    found = yaml.safe_load(block)
    whole = "name" in found
    VALIDATOR.validate(found if whole else {"containers": {"c": {"image": "a:1", **found}}})


@pytest.mark.parametrize("path", ROW)
def test_it_says_since_when(path: str) -> None:
    wanted: list[tuple[int, int]] = []
    for sample in SAMPLES[path]:
        container = {"image": "a:1", **sample.base, **sample.first}
        spec = Spec.model_validate(
            {"name": "p", "containers": {"c": container}, "volumes": {"pages": {}}}, context={"folder": None}
        )
        wanted += ROW[path].since(ROW[path].wanted(Instance(spec, "c", image_id="i"))).values()
    newest = max(wanted, default=OLDEST)
    said = reference.SINCE.get(path, "").split(" ")[0]
    assert said == ("" if newest == OLDEST else ".".join(map(str, newest)))
