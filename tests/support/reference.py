"""The generated parts of docs/spec.md and docs/compose.md: from the model, the table of Compose's attributes, the field
table, and what its samples do on real Engines.

`scripts/reference` writes them; each stands between `<!-- reference: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.fields.table import NOT_ON_THE_ENGINE, ROW
from reconciler.report.plan_schema import plan_schema
from reconciler.spec import loaded_attributes
from reconciler.spec.attributes import TABLES
from reconciler.spec.model.descriptions import CONTAINER
from reconciler.spec.model.examples import EXAMPLES
from reconciler.spec.schema import PATTERNS, spec_schema
from tests.support.samples import SAMPLES, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs" / "spec.md", ROOT / "docs" / "compose.md")
SCHEMAS = {ROOT / "specs" / "schema.json": spec_schema, ROOT / "specs" / "plan.schema.json": plan_schema}

_PART = re.compile(r"(<!-- reference: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

SINCE = {
    "annotations": "1.43",
    "devices": "1.44 (CDI names)",
    "healthcheck": "1.44 (`start_interval`)",
    "networks": "1.48 (`gw_priority`, `interface_name`), 1.44 (`mac_address`)",
    "volumes": "1.48 (type `image`), 1.45 (`volume.subpath`), 1.44 (`bind.recursive`)",
}

_NUMBERS = {
    PATTERNS["integer"]: "whole number",
    PATTERNS["duration"]: "duration",
    PATTERNS["size"]: "size",
    PATTERNS["size_or_unlimited"]: "size, or -1",
    PATTERNS["cpus"]: "number",
    PATTERNS["microseconds"]: "microseconds, or duration",
}


def changes() -> str:
    """What happens when an attribute of a container that exists is declared, changed, or no longer declared."""
    lines = ["| attribute | declared | changed | no longer declared | Engine API |", "| --- | --- | --- | --- | --- |"]
    for name in CONTAINER:
        if name in ROW:
            sample = SAMPLES[name][0]
            steps = [_mend(sample, step) for step in ("added", "changed", "removed")]
            lines.append(f"| `{name}` | {' | '.join(steps)} | {SINCE.get(name, '')} |")
        else:
            lines.append(f"| `{name}` | {NOT_ON_THE_ENGINE[name]} | | | |")
    return "\n".join(lines)


def _mend(sample: Sample, step: str) -> str:
    # A sample whose second value is the default has nothing to undo: what changed it would.
    operation = getattr(sample, step)[0] or sample.changed[0]
    return "replaced" if operation == "replace" else "in place"


def attributes() -> str:
    """Every attribute of a container, with what it is for and an example."""
    lines = ["| attribute | meaning | example |", "| --- | --- | --- |"]
    for name, (meaning, example) in CONTAINER.items():
        lines.append(f"| `{name}` | {_cell(meaning)} | `{name}: {_cell(example)}` |")
    return "\n".join(lines)


def loaded() -> str:
    """The attributes that the loader carries out."""
    lines = ["| attribute | meaning | example |", "| --- | --- | --- |"]
    for name, one in {**loaded_attributes.CONTAINER, **loaded_attributes.SPEC}.items():
        lines.append(f"| `{name}` | {_cell(one.meaning)} | `{name}: {_cell(one.example)}` |")
    return "\n".join(lines)


@cache
def schema() -> dict[str, Any]:
    """The schema of a spec, which takes a tenth of a second to make."""
    return spec_schema()


def part(name: str) -> str:
    """The attributes of a mapping in a spec, such as a port in the long syntax."""
    root = schema()
    found = root["$defs"][name]
    lines = ["| attribute | value | meaning | example |", "| --- | --- | --- | --- |"]
    for key, one in found["properties"].items():
        needed = " (required)" if key in found.get("required", ()) else ""
        example = f"`{key}: {_cell(EXAMPLES[name][key])}`"
        lines.append(f"| `{key}`{needed} | {_cell(form(one, root))} | {_cell(one['description'])} | {example} |")
    return "\n".join(lines)


_PLACES = {
    (): "The top level",
    ("containers", "*"): "A service",
    ("containers", "*", "build"): "`build` of a service",
    ("containers", "*", "depends_on", "*"): "An entry of `depends_on`",
    ("containers", "*", "deploy"): "`deploy` of a service",
    ("containers", "*", "networks", "*"): "An entry of a service's `networks`",
    ("containers", "*", "ports", "*"): "An entry of `ports`",
    ("containers", "*", "volumes", "*"): "An entry of a service's `volumes`",
    ("containers", "*", "volumes", "*", "bind"): "`bind` of such an entry",
    ("containers", "*", "volumes", "*", "volume"): "`volume` of such an entry",
    ("networks", "*"): "A network",
    ("volumes", "*"): "A volume",
    ("configs", "*"): "A config",
    ("secrets", "*"): "A secret",
}


def compose() -> str:
    """What becomes of each attribute of the Compose specification."""
    lines: list[str] = []
    for place, title in _PLACES.items():
        lines += [f"### {title}", "", "| attribute | what becomes of it | note |", "| --- | --- | --- |"]
        for name, one in sorted(TABLES[place].items()):
            lines.append(f"| `{name}` | {one.standing} | {_cell(one.note)} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def form(schema: dict[str, Any], root: dict[str, Any]) -> str:
    """What a value looks like, in few words."""
    if words := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return ", ".join(f"`{word}`" for word in words)
    if schema.get("pattern") in _NUMBERS:
        return _NUMBERS[schema["pattern"]]
    if "$ref" in schema:
        return "mapping"
    if "anyOf" in schema:
        with_unit = any(one.get("pattern") in _NUMBERS for one in schema["anyOf"])
        return _any(
            form(one, root)
            for one in schema["anyOf"]
            if one.get("pattern") != r"\$"
            and not (with_unit and one.get("type") in {"integer", "number"})
            and not isinstance(one.get("const"), int)
        )
    kind = schema.get("type")
    if kind == "array":
        return "list"
    names = {"object": "mapping", "string": "text", "integer": "whole number", "null": "", "boolean": "true or false"}
    return "text" if isinstance(kind, list) else names[str(kind)]


def _any(forms: Iterable[str]) -> str:
    # Every boolean may also be text, and every number: that is said once, and not here.
    found = [one for one in dict.fromkeys(forms) if one and not one.startswith("`true`, `false`")]
    return ", or ".join(found)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def page(text: str) -> str:
    """The page, with its generated parts made anew."""

    def made(match: re.Match[str]) -> str:
        name = match[2]
        made_by = {"changes": changes, "attributes": attributes, "compose": compose, "loaded": loaded}
        body = made_by[name]() if name.islower() else part(name)
        return f"{match[1]}\n{body}\n\n{match[3]}"

    return _PART.sub(made, text)


def main() -> None:
    """Write the pages, and the published schema."""
    for path in PAGES:
        path.write_text(page(path.read_text()))
    for path, make in SCHEMAS.items():
        path.write_text(json.dumps(make(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
