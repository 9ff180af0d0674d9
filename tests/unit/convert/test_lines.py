"""docker run lines, and exactly what becomes of them.

The cases stand in `lines/*.txt`, by subject. A case is its title, the line, and what is printed, or what is said of a
wrong one:

    === a port
    docker run -p 8080:80 nginx
    === becomes
    name: nginx
    …

The note that every line without --network gets is left out here. After a change,
`python -m tests.unit.convert.test_lines` writes what they become now into the files; then read the difference.
"""

from __future__ import annotations

import re
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import NamedTuple

import pytest

from reconciler.convert.check import checked, loaded
from reconciler.convert.result import Conversion
from reconciler.convert.run import from_run
from reconciler.convert.run_flags import LETTERS, SWITCHES, TAKE
from reconciler.convert.run_networks import BRIDGE
from reconciler.convert.shell import literal, words_of
from reconciler.errors import ExitCode, UsageError
from reconciler.spec.writing import spec_yaml

FILES = sorted((Path(__file__).parent / "lines").glob("*.txt"))
VARIABLES = {"HOME": "/root", "TOKEN": "hunter2-secret"}
BECOMES = "becomes"


class Case(NamedTuple):
    title: str
    line: str
    becomes: str


def cases(file: Path) -> list[Case]:
    parts = re.split(r"^=== (.*)\n", file.read_text(), flags=re.MULTILINE)[1:]
    found: list[Case] = []
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        if title == BECOMES:
            found[-1] = found[-1]._replace(becomes=text.strip("\n"))
        else:
            found.append(Case(title, text.strip("\n"), ""))
    return found


def converted(line: str) -> Conversion:
    conversion, flags = from_run(words_of(line))
    return checked(conversion, VARIABLES, flags)


def becomes(line: str, folder: Path) -> str:
    (folder / "web.env").write_text("A=1\n")
    with chdir(folder):
        try:
            found = converted(line)
        except UsageError as error:
            return str(error)
    notes = [f"# {note}\n" for note in found.notes if note != BRIDGE]
    return ("".join(notes) + spec_yaml(found.data)).strip("\n")


ALL = [pytest.param(case, id=f"{file.stem}: {case.title}") for file in FILES for case in cases(file)]


@pytest.mark.parametrize("case", ALL)
def test_a_line(case: Case, tmp_path: Path) -> None:
    assert becomes(case.line, tmp_path) == case.becomes


@pytest.mark.parametrize("case", ALL)
def test_no_value_of_a_variable_stands_anywhere(case: Case) -> None:
    assert VARIABLES["TOKEN"] not in case.becomes


def test_a_message_says_what_to_do() -> None:
    wrong = [case.becomes for file in FILES if file.stem == "wrong" for case in cases(file)]
    assert all("\n  " in text for text in wrong)


def test_there_are_enough_with_titles_of_their_own() -> None:
    titles = [(file.stem, case.title) for file in FILES for case in cases(file)]
    assert len(titles) >= 80
    assert len(titles) == len(set(titles))


def test_every_flag_is_in_a_line() -> None:
    text = "\n".join(case.line for file in FILES for case in cases(file))
    used = set(re.findall(r"--([a-z0-9-]+)", text)) | {
        LETTERS[letter] for word in re.findall(r"(?<=\s)-([a-zA-Z]+)", text) for letter in word if letter in LETTERS
    }
    assert TAKE.keys() - used == set()
    assert TAKE.keys() > SWITCHES
    assert TAKE.keys() > set(LETTERS.values())


def test_without_a_network_it_is_said_what_that_means() -> None:
    assert BRIDGE in converted("docker run nginx").notes
    assert BRIDGE not in converted("docker run --network front nginx").notes


def test_what_the_shell_has_put_in_is_literal() -> None:
    words = ["docker", "run", "-e", "A=$HOME", "nginx", "echo", "$(date)", "${X}"]
    conversion, _ = from_run([literal(word) for word in words])
    spec = loaded(conversion.data, {})
    assert spec.containers["nginx"].environment == {"A": "$HOME"}
    assert spec.containers["nginx"].command == ("echo", "$(date)", "${X}")


@pytest.mark.parametrize("name", sorted(SWITCHES - {"help", "init", "quiet", "sig-proxy"}))
def test_a_switch_that_is_off_is_as_if_it_were_not_there(name: str) -> None:
    conversion = converted(f"docker run --{name}=false nginx")
    assert conversion.data == converted("docker run nginx").data


def test_a_wrong_line_is_wrong_usage() -> None:
    with pytest.raises(UsageError) as caught:
        converted("docker run --nope nginx")
    assert caught.value.exit_code is ExitCode.USAGE


def record() -> None:
    """Writes what the lines become now into the files."""
    for file in FILES:
        with tempfile.TemporaryDirectory() as folder:
            parts = [
                f"=== {case.title}\n{case.line}\n=== {BECOMES}\n{becomes(case.line, Path(folder))}\n"
                for case in cases(file)
            ]
        file.write_text("\n".join(parts))


if __name__ == "__main__":
    record()
