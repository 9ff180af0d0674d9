"""Wrong specs, and exactly what is said of them.

The cases stand in `wrong/*.txt`, by subject. A case is its title, the spec, and what is said:

    === a host port that is no number
    containers:
      web: {image: a, ports: ["http:80"]}
    === says
    spec.yaml:2:26: error: …

After a change of messages, `python -m tests.unit.spec.test_wrong_specs` writes what is said now into the files. Then
read the difference aloud: would you know what to do at three in the morning?
"""

from __future__ import annotations

import re
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import NamedTuple

import pytest

from reconciler.errors import ExitCode, SpecError
from reconciler.spec.loader import load

FILES = sorted((Path(__file__).parent / "wrong").glob("*.txt"))
VARIABLES = {"TOKEN": "hunter2-secret", "PORT": "http", "EMPTY": ""}
LEAST = 120
SAYS = "says"


class Case(NamedTuple):
    title: str
    spec: str
    says: str


def cases(file: Path) -> list[Case]:
    parts = re.split(r"^=== (.*)\n", file.read_text(), flags=re.MULTILINE)[1:]
    sections = list(zip(parts[::2], parts[1::2], strict=True))
    found: list[Case] = []
    for title, text in sections:
        if title == SAYS:
            found[-1] = found[-1]._replace(says=text.strip("\n"))
        else:
            found.append(Case(title, text.rstrip("\n") + "\n", ""))
    return found


def said(spec: str, folder: Path) -> str:
    """What is said of this spec, on lines as the commands print them."""
    folder = folder / "p"
    folder.mkdir(exist_ok=True)
    (folder / "spec.yaml").write_text(spec)
    with chdir(folder), pytest.raises(SpecError) as caught:
        load("spec.yaml", environ=VARIABLES)
    assert caught.value.exit_code is ExitCode.SPEC_INVALID
    assert caught.value.diagnostics
    positions = [diagnostic.position for diagnostic in caught.value.diagnostics]
    assert positions == sorted(positions)
    text = "\n".join(diagnostic.render() for diagnostic in caught.value.diagnostics)
    return text.replace(str(folder), "/FOLDER")


ALL = [pytest.param(case, id=f"{file.stem}: {case.title}") for file in FILES for case in cases(file)]


@pytest.mark.parametrize("case", ALL)
def test_a_wrong_spec(case: Case, tmp_path: Path) -> None:
    assert said(case.spec, tmp_path) == case.says


@pytest.mark.parametrize("case", ALL)
def test_a_message_says_what_to_do_and_no_secret(case: Case) -> None:
    for word in ("pydantic", "Input should", "validation error", "Traceback", "NoneType", VARIABLES["TOKEN"]):
        assert word not in case.says
    if "\n" in case.says:
        carets = [line for line in case.says.splitlines() if re.match(r" +\| +\^+", line)]
        for line in carets:
            assert re.search(r"\^ \S", line), "no hint"


def test_there_are_enough_with_titles_of_their_own() -> None:
    titles = [(file.stem, case.title) for file in FILES for case in cases(file)]
    assert len(titles) >= LEAST
    assert len(titles) == len(set(titles))


def record() -> None:
    """Writes what is said now into the files."""
    for file in FILES:
        with tempfile.TemporaryDirectory() as folder:
            parts = [
                f"=== {case.title}\n{case.spec}=== {SAYS}\n{said(case.spec, Path(folder))}\n" for case in cases(file)
            ]
        file.write_text("\n".join(parts))


if __name__ == "__main__":
    record()
