"""The documentation says what is so: its specs are valid, what it names exists, and what exists is named."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from reconciler import load
from reconciler.cli.main import command as cli
from reconciler.errors import ExitCode
from reconciler.spec.model import State

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
VARIABLES = {"DB_PASSWORD": "x", "TZ": "UTC"}

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.M | re.S)
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", read(page))


def blocks(page: Path, language: str) -> list[str]:
    return [text for found, text in _FENCE.findall(read(page)) if found == language]


def relative(page: Path) -> str:
    return str(page.relative_to(ROOT))


YAML_BLOCKS = [
    pytest.param(text, id=f"{relative(page)}-{number}")
    for page in PAGES
    for number, text in enumerate(blocks(page, "yaml"), start=1)
]


# --- specs -------------------------------------------------------------------------------------------------


def as_spec(data: dict[str, Any]) -> dict[str, Any]:
    """A block is a whole spec, or the attributes of one container."""
    if data.keys() & {"name", "spec", "containers", "images"}:
        return data
    return {
        "name": "shop",
        "containers": {"web": {"image": "nginx:1.27", **data}, "db": {"image": "postgres:16"}},
        "networks": {"front": {}, "back": {}},
        "volumes": {"pages": {}, "data": {}},
        "configs": {"site": {"content": "x"}},
        "secrets": {"db_password": {"environment": "DB_PASSWORD"}},
    }


@pytest.mark.parametrize("text", YAML_BLOCKS)
def test_every_spec_is_valid(text: str, tmp_path: Path) -> None:
    # As it is written: a loader that guessed at types would make other text of it.
    data = as_spec(yaml.load(text, Loader=yaml.BaseLoader) or {})
    for image in data.get("images", {}).values():
        if "import" in image:
            (tmp_path / image["import"]).mkdir(parents=True)
    whole = text if data == yaml.load(text, Loader=yaml.BaseLoader) else yaml.safe_dump(data)
    (tmp_path / "reconciler.yaml").write_text(whole)
    load(tmp_path, environ=VARIABLES)


def test_the_specs_of_the_documentation_are_found() -> None:
    assert len(YAML_BLOCKS) > 10


def test_the_readme_shows_the_spec_that_the_demo_applies() -> None:
    shown = yaml.safe_load(blocks(ROOT / "README.md", "yaml")[0])
    applied = yaml.safe_load((ROOT / "specs" / "hello.yaml").read_text())
    applied.pop("networks")  # empty there, to be explained
    assert shown == applied


def test_what_the_table_of_docker_commands_declares_is_valid(tmp_path: Path) -> None:
    table = prose(ROOT / "README.md").partition("## docker command")[2].partition("\n## ")[0]
    found = 0
    for row in re.findall(r"^\| `docker.* \| (.+) \|$|^\| `-.* \| (.+) \|$", table, re.M):
        declared = "".join(row)
        spec = as_spec({})
        for snippet, section in re.findall(r"`([^`]*: [^`]*)`(?: under the spec's `(\w+)`)?", declared):
            data = yaml.load(snippet, Loader=yaml.BaseLoader)
            place = spec if "containers" in data else spec["containers"]["web"]
            (spec.setdefault(section, {}) if section else place).update(data)
            found += 1
        for image in spec.get("images", {}).values():
            if "import" in image:
                (tmp_path / image["import"]).touch()
        (tmp_path / "reconciler.yaml").write_text(yaml.safe_dump(spec))
        load(tmp_path)
    assert found > 20


def test_the_reference_has_every_state() -> None:
    text = read(ROOT / "docs" / "spec.md")
    assert all(f"- `{state.value}`: " in text for state in State)


# --- commands ----------------------------------------------------------------------------------------------


@cache
def commands() -> dict[str, click.Command]:
    assert isinstance(cli, click.Group)
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {name: command for name, command in found.items() if command}


def options(name: str) -> set[str]:
    return {flag for parameter in commands()[name].params for flag in parameter.opts if flag.startswith("--")}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    code = "\n".join(text for _, text in _FENCE.findall(read(page))) + "\n"
    code += "\n".join(re.findall(r"`([^`\n]+)`", prose(page))) + "\n"
    code += "\n".join(re.findall(r"^ {4}(.+)$", prose(page), re.M))
    for line in re.findall(r"^(?:\$ )?(?:\w+=\S+ )?(?:\S*/)?reconciler ([^#\n]+)", code, re.M):
        words = (
            line.partition("docker ")[0].removesuffix("-- ").split()
        )  # what `convert` is given has options of its own
        if not re.fullmatch("[a-z]+", words[0]):
            continue  # COMMAND, an output's own words
        assert words[0] in commands(), line
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options(words[0]) | {"--help"}


def test_the_readme_names_every_command() -> None:
    rows = re.findall(r"^\| `reconciler (\w+)` \|", read(ROOT / "README.md"), re.M)
    assert {*rows, "diff"} == set(commands())


def test_the_reference_has_every_option_of_every_command() -> None:
    text = read(ROOT / "docs" / "commands.md")
    shared, *sections = re.split(r"^## ", text.partition("## Options")[2], flags=re.M)
    by_name = {section.split()[1]: section for section in sections if section.startswith("reconciler ")}
    for name in commands():
        section = by_name["plan" if name == "diff" else name]
        missing = {option for option in options(name) if f"`{option}" not in section and f", `{option}" not in shared}
        missing -= {option for option in missing if f"`{option} " in shared}
        assert not missing, f"{name}: {missing}"


@pytest.mark.parametrize("page", ["README.md", "docs/commands.md"])
def test_the_exit_codes_are_those_of_the_program(page: str) -> None:
    table = prose(ROOT / page).partition("## Exit codes")[2].partition("\n## ")[0]
    codes = {int(code) for cell in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for code in cell.split(",")}
    assert codes == set(map(int, ExitCode))


# --- the log -----------------------------------------------------------------------------------------------


def test_every_event_of_the_log_is_described() -> None:
    code = ROOT / "reconciler"
    files = [file for room in ("watch", "web", "notify") for file in (code / room).glob("*.py")]
    files += [*(code / "cli").glob("watch*.py"), code / "cli" / "outside.py"]
    source = "".join(path.read_text() for path in files)
    logged = set(re.findall(r'log\.(?:info|warning|error)\(\s*"(\w+)"', source))
    logged |= set(re.findall(r'"event": "(\w+)"', source))
    logged |= set(re.findall(r'"(spec_invalid\w*)"', source))
    described = set(re.findall(r"^\| `(\w+)` \| (?:info|warning|error) \|", read(ROOT / "docs" / "watch.md"), re.M))
    assert described == logged | {"action_done", "action_undone"}  # whose names are made of the result


# --- links -------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub spells their anchors."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(page)))
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_found_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in reached:
            continue
        reached.add(page)
        targets = (page.parent / link.partition("#")[0] for link in _LINK.findall(prose(page)))
        waiting += [target for target in targets if target.suffix == ".md" and target.exists()]
    assert reached >= {page.resolve() for page in PAGES}


def test_dependencies_are_all_explained() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[<>=]", text)[0] for text in declared}
    cells = re.findall(r"^\| ([\w, -]+) \|", prose(ROOT / "docs" / "dependencies.md"), re.M)
    assert names <= {name for cell in cells for name in cell.split(", ")}
