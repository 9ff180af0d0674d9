"""The examples, and what the documentation shows, on a real Engine: filled, applied, looked at, taken down."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.engine import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.engine import Engine

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/reconciler.yaml"))
DEADLINE = 120


@dataclass
class Example:
    """A copy of an example, with its image filled as its README says."""

    engine: Engine
    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def run(self, *arguments: str, code: int = 0, **variables: str) -> str:
        """Run the command in the folder, as a reader would; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=self.folder,
            env=self.engine.environment | {"PYTHONPATH": str(ROOT)} | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def apply(self) -> None:
        self.run("apply", "--yes")
        self.expect_in_sync()

    def expect_in_sync(self) -> None:
        assert "is in sync" in self.run("plan", "--detailed-exitcode")

    def mend(self, expected: str) -> None:
        """Apply must show the difference, as the README does, and mend it."""
        assert squeezed(expected) in squeezed(self.run("apply", "--yes"))

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text()
        assert old in text
        (self.folder / path).write_text(text.replace(old, new))

    def networks(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.engine.inspect(f"{self.name}-{key}-1")["NetworkSettings"]["Networks"]
        return found

    def take_down(self) -> None:
        self.run("down", "--yes")
        label = json.dumps({"label": [f"io.reconciler.project={self.name}"]})
        assert not self.engine.call("GET", "/containers/json", query={"all": "true", "filters": label})
        assert not self.engine.call("GET", "/networks", query={"filters": label})


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def block(page: Path, language: str) -> str:
    """The first code block of that language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    assert found, f"{page.name} has no {language} block"
    return found[1]


@pytest.fixture
def example(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Example]:
    def copy(name: str) -> Example:
        folder = tmp_path / name
        shutil.copytree(ROOT / "examples" / name, folder, ignore=shutil.ignore_patterns("bin"))
        request.addfinalizer(lambda: engine.remove_project(name))
        subprocess.run(["sh", "-ec", block(folder / "README.md", "sh")], cwd=folder, check=True)
        return Example(engine, folder)

    return copy


def test_there_is_a_test_for_every_example() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert len(EXAMPLES) >= 3
    for path in EXAMPLES:
        assert f'example("{path.name}")' in source
        assert f"]({path.name}/README.md)" in (ROOT / "examples" / "README.md").read_text(encoding="utf-8")


def test_static_site(example: Callable[[str], Example]) -> None:
    site = example("static-site")
    site.apply()
    assert "Served from a folder" in site.engine.fetch("http://localhost:8081/")

    site.edit("image/www/index.html", "Served from a folder", "Another heading")
    site.mend("~ container static-site-web-1 replace image: static-site:1")
    site.expect_in_sync()
    assert "Another heading" in site.engine.fetch("http://localhost:8081/")
    site.take_down()


def test_two_tier(example: Callable[[str], Example]) -> None:
    tiers = example("two-tier")
    tiers.apply()
    visit = "http://localhost:{}/cgi-bin/visit"
    assert tiers.engine.fetch(visit.format(8082)) == "<h1>Visit number 1</h1>\n"
    assert tiers.engine.fetch(visit.format(8082)) == "<h1>Visit number 2</h1>\n"
    assert set(tiers.networks("counter")) == {"two-tier_back"}
    assert set(tiers.networks("web")) == {"two-tier_back", "two-tier_front"}
    assert {"counter", "api"} <= set(tiers.networks("counter")["two-tier_back"]["Aliases"])

    planned = tiers.run("plan", PORT="9000")
    assert "~ container two-tier-web-1 replace ports: [8082→80] → [9000→80] 1 to replace." in squeezed(planned)
    tiers.run("apply", "--yes", PORT="9000")
    assert tiers.engine.fetch(visit.format(9000)) == "<h1>Visit number 3</h1>\n"

    tiers.take_down()
    assert tiers.engine.docker("volume", "ls", "-q", "--filter", "name=two-tier_visits") == "two-tier_visits"
    tiers.apply()
    assert tiers.engine.fetch(visit.format(8082)) == "<h1>Visit number 4</h1>\n"
    tiers.take_down()


def test_drift_lab(example: Callable[[str], Example]) -> None:
    lab = example("drift-lab")
    lab.apply()
    assert lab.engine.inspect("drift-lab-lamp-1")["State"]["Status"] == "running"
    assert lab.engine.inspect("drift-lab-spare-1")["State"]["Status"] == "created"
    with pytest.raises(EngineError, match="404"):
        lab.engine.inspect("drift-lab-retired-1")

    breaks = re.findall(r"^\| `docker (.+?)` \| `(.+?)` \|$", (lab.folder / "README.md").read_text(), re.M)
    assert len(breaks) == 7
    for command, expected in breaks:
        lab.engine.docker(*command.split())
        lab.mend(expected)
    lab.expect_in_sync()

    lab.edit("reconciler.yaml", "green", "red")
    text = (lab.folder / "reconciler.yaml").read_text()
    (lab.folder / "reconciler.yaml").write_text(re.sub(r"^  spare:.*?state: stopped\n", "", text, flags=re.M | re.S))
    lab.run("apply", code=7)
    lab.mend(
        '~ container drift-lab-lamp-1 replace environment.COLOUR: "green" → "red" '
        "- container drift-lab-spare-1 remove no longer declared 1 to replace, 1 to remove."
    )
    lab.expect_in_sync()
    lab.take_down()


# --- what the documentation shows --------------------------------------------------------------------------


def test_the_readme_shows_the_plan_that_the_demo_begins_with(
    private_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    # An Engine of its own: on the shared one another test may have made these images.
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    shown = block(ROOT / "README.md", "console").splitlines()
    assert shown[0] == "$ reconciler plan -f specs/hello.yaml"
    planned = Example(private_engine(), tmp_path).run("plan", "-f", "specs/hello.yaml").splitlines()
    assert planned[0].startswith("hello on Docker ")
    assert planned[1:] == shown[2:]


def test_the_programs_of_the_library_page_run(engine: Engine, project: str, busybox_image: str, tmp_path: Path) -> None:
    container = {"image": busybox_image, "command": ["sleep", "600"]}
    (tmp_path / "reconciler.yaml").write_text(json.dumps({"name": project, "containers": {"web": container}}))
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    programs = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    assert len(programs) == 3
    expected = ["2 changes, 3 actions, exit code 0\n", "in sync\n", "OK\n"]
    for program, said in zip(programs, expected, strict=True):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env=engine.environment | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert (done.stdout, done.stderr, done.returncode) == (said, "", 0)
