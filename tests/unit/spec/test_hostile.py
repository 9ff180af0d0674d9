"""Files made to hurt: each is loaded or refused, within 200 MB. `benchmarks/load.py` says how long each takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.hostile import HOSTILE

ROOT = Path(__file__).parents[3]
MOST = 200 * 1000 * 1000


WORST = ["unknown containers", "undeclared networks", "variables", "anchors", "references"]


@pytest.mark.parametrize("name", WORST)
def test_the_worst_stay_within_200_mb(name: str, tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(HOSTILE[name])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", str(file)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    *said, memory = done.stdout.splitlines()
    assert int(memory) < MOST
    assert said


def test_every_other_one_is_loaded_or_refused(tmp_path: Path) -> None:
    """In one process: whatever is no SpecError ends it."""
    files = []
    for number, text in enumerate(text for name, text in HOSTILE.items() if name not in WORST):
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(text)
    program = "import sys; from benchmarks.load import load_one; [load_one(path) for path in sys.argv[1:]]"
    subprocess.run([sys.executable, "-c", program, *map(str, files)], cwd=ROOT, capture_output=True, check=True)
