"""`reconciler validate`: which projects it checks, and what it prints for a person and for a program."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reconciler.cli.main import run


class Done(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Folder:
    """A folder to run the command in."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self._capsys = capsys

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text)

    def validate(self, *arguments: str) -> Done:
        code = run(["validate", *arguments])
        captured = self._capsys.readouterr()
        return Done(code, captured.out, captured.err)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    path = tmp_path / "shop"
    path.mkdir()
    monkeypatch.chdir(path)
    monkeypatch.setenv("NO_COLOR", "1")
    return Folder(path, capsys)


WEB = "containers: {web: {image: a}}\n"
BROKEN = "containers: {web: {image: a, portz: []}}\n"


def test_one_project(folder: Folder) -> None:
    folder.write("reconciler.yaml", WEB)
    assert folder.validate() == (0, "shop is valid: 1 container.\n", "")
    assert folder.validate("reconciler.yaml") == folder.validate(".") == folder.validate("-f", ".") == folder.validate()
    folder.write("reconciler.yaml", BROKEN)
    done = folder.validate()
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith('reconciler.yaml:1:30: error: unknown attribute "portz"')


def test_several_for_a_person(folder: Folder) -> None:
    folder.write("a.yaml", f"name: a\n{WEB}")
    folder.write("b.yaml", BROKEN)
    folder.write("c.yaml", "version: '3'\nname: c\nservices: {web: {image: a}}\n")
    for arguments in ((), (".",), ("-f", "."), ("a.yaml", "b.yaml", "c.yaml")):
        done = folder.validate(*arguments)
        assert done.code == 4
        assert done.out == (
            "a is valid: 1 container.\n"
            "b.yaml is invalid: 1 error.\n"
            "c is valid: 1 container.\n"
            "\n"
            "3 projects: 2 valid, 1 invalid; 1 error, 1 warning.\n"
        )
        assert [line.split(" ")[0] for line in done.err.splitlines() if ".yaml:" in line] == [
            "b.yaml:1:30:",
            "c.yaml:1:1:",
        ]
    folder.write("b.yaml", WEB)
    folder.write("c.yaml", f"name: c\n{WEB}")
    assert folder.validate().out.endswith("\n3 projects: 3 valid.\n")


def test_several_for_a_program(folder: Folder) -> None:
    folder.write("a.yaml", "version: '3'\nservices: {web: {image: a}}\n")
    folder.write("sub/reconciler.yaml", BROKEN)
    folder.write("sub/reconciler.override.yaml", "containers: {}\n")
    done = folder.validate("-o", "json")
    assert done.code == 4
    warning, error = (one["diagnostics"][0] for one in done.json["projects"])
    assert done.json == {
        "valid": False,
        "projects": [
            {"project": "shop", "files": ["a.yaml"], "valid": True, "diagnostics": [warning]},
            {
                "project": None,
                "files": ["sub/reconciler.yaml", "sub/reconciler.override.yaml"],
                "valid": False,
                "diagnostics": [error],
            },
        ],
    }
    assert {key: warning[key] for key in ("file", "line", "column", "length", "severity")} == {
        "file": "a.yaml", "line": 1, "column": 1, "length": 7, "severity": "warning",
    }  # fmt: skip
    assert error == {
        "file": "sub/reconciler.yaml",
        "line": 1,
        "column": 30,
        "length": 5,
        "severity": "error",
        "message": 'unknown attribute "portz" in container "web"',
        "hint": 'did you mean "ports"?',
        "excerpt": BROKEN.rstrip(),
    }


def test_what_is_not_there_is_an_error_of_its_project(folder: Folder) -> None:
    folder.write("a.yaml", WEB)
    done = folder.validate("-o", "json", "gone.yaml", "a.yaml")
    assert done.code == 4
    assert [(one["files"], one["valid"]) for one in done.json["projects"]] == [
        (["gone.yaml"], False),
        (["a.yaml"], True),
    ]
    (found,) = done.json["projects"][0]["diagnostics"]
    assert (found["file"], found["line"], found["message"]) == ("gone.yaml", 0, "there is no such file")


def test_no_spec_at_all(folder: Folder) -> None:
    done = folder.validate()
    assert (done.code, done.out) == (4, "")
    assert "there is no spec here" in done.err
    (found,) = folder.validate("-o", "json").json["projects"]
    assert found["diagnostics"][0]["message"] == "there is no spec here"


def test_files_after_f_are_one_project(folder: Folder) -> None:
    folder.write("a.yaml", WEB)
    folder.write("b.yaml", "containers: {api: {image: a}}\n")
    assert folder.validate("-f", "a.yaml", "-f", "b.yaml").out == "shop is valid: 2 containers.\n"
    assert folder.validate("-f", "a.yaml", "-p", "given").out == "given is valid: 1 container.\n"


def test_compose_file_names_one_project(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("a.yaml", "services: {web: {image: a}}\n")
    folder.write("b.yaml", "services: {api: {image: a}}\n")
    monkeypatch.setenv("COMPOSE_FILE", "a.yaml:b.yaml")
    assert folder.validate().out == "shop is valid: 2 containers.\n"
    monkeypatch.delenv("COMPOSE_FILE")
    folder.write(".env", "COMPOSE_FILE=b.yaml\n")
    assert folder.validate().out == "shop is valid: 1 container.\n"


def test_standard_input(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BROKEN.encode())))
    done = folder.validate("-f", "-", "-o", "json")
    (found,) = done.json["projects"]
    assert (done.code, found["files"], found["diagnostics"][0]["file"]) == (4, ["<stdin>"], "<stdin>")


@pytest.mark.parametrize("arguments", [("-f", "a.yaml", "b.yaml"), ("-p", "x", "a.yaml"), ("-p", "x", "-f", ".")])
def test_what_does_not_go_together(folder: Folder, arguments: tuple[str, ...]) -> None:
    folder.write("a.yaml", WEB)
    folder.write("b.yaml", WEB)
    done = folder.validate(*arguments)
    assert (done.code, done.out) == (64, "")
    assert len(done.err.splitlines()) == 2
