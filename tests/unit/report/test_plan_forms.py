"""The plan of each example in each form, as recorded in `plans/`.

Recorded anew by `python -m tests.unit.report.test_plan_forms`; read the difference.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from reconciler.report.plan_forms import plan_form
from reconciler.report.style import Style
from reconciler.spec.loader import load
from tests.support.simulated import Daemon, Scene

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/reconciler.yaml"))
RECORDED = Path(__file__).parent / "plans"
FORMS = {"text": "txt", "json": "json", "ndjson": "ndjson", "markdown": "md", "dot": "dot"}
WHENS = ("empty", "changed")


def plan_of(example: str, when: str, folder: Path) -> Plan:
    """The plan on an empty Engine; or on one where a container was stopped by hand, after the spec has changed."""
    for name in ("reconciler.yaml", "image"):
        source = ROOT / "examples" / example / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    scene = Scene(Daemon())
    scene.spec = load(folder)
    if when == "changed":
        scene.converge()
        containers = {key: one for key, one in scene.spec.containers.items() if one.state == "running"}
        scene.hand("POST", f"/containers/{scene.id(min(containers))}/stop")
        more = {"TZ": "Europe/Berlin", "API_TOKEN": "hunter2"}
        last = max(containers)
        changed = containers[last].model_copy(update={"environment": containers[last].environment | more})
        scene.spec = scene.spec.model_copy(update={"containers": scene.spec.containers | {last: changed}})
    return scene.plan()


def form(plan: Plan, output: str) -> str:
    return plan_form(plan, output, Style(), 80, closing="Nothing has been changed.") + "\n"


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_plan_is_as_recorded(example: str, when: str, tmp_path: Path) -> None:
    plan = plan_of(example, when, tmp_path)
    for output, suffix in FORMS.items():
        recorded = (RECORDED / f"{example}-{when}.{suffix}").read_text()
        assert form(plan, output) == recorded, f"{output}; recorded anew by python -m tests.unit.report.test_plan_forms"
        assert "hunter" not in recorded


def test_nothing_else_is_recorded() -> None:
    names = {f"{example}-{when}.{suffix}" for example in EXAMPLES for when in WHENS for suffix in FORMS.values()}
    assert {path.name for path in RECORDED.iterdir()} == names


if __name__ == "__main__":
    RECORDED.mkdir(exist_ok=True)
    for name in EXAMPLES:
        for moment in WHENS:
            with TemporaryDirectory() as temporary:
                found = plan_of(name, moment, Path(temporary))
            for kind, ending in FORMS.items():
                (RECORDED / f"{name}-{moment}.{ending}").write_text(form(found, kind))
