from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.doctor.examine import examine
from reconciler.doctor.finding import Finding
from reconciler.errors import EngineError, EngineUnreachable, UsageError
from reconciler.journal.journal import VERSION as VERSION_OF_TABLES
from reconciler.report.doctor_text import doctor_dict, finding_text, verdict_text
from reconciler.report.style import Style
from reconciler.state.identity import EngineIdentity
from tests.unit.doctor.test_engine_checks import ABOUT, INFO, VERSION
from tests.unit.locks.fake import Volumes


@dataclass
class FakeEngine(Volumes):
    root: str = "/"
    is_local: bool = True
    about: EngineIdentity = ABOUT
    refused: frozenset[str] = frozenset()
    closed: bool = False
    broken: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def version(self) -> Mapping[str, Any]:
        return VERSION

    def info(self) -> Mapping[str, Any]:
        if self.broken:
            raise EngineError("the Engine's answer broke off: GET /info")
        return INFO | {"DockerRootDir": self.root}

    def log_in(self, login: Mapping[str, str]) -> None:
        if login["ServerAddress"] in self.refused:
            raise EngineError("the registry refuses the login")

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeLogins:
    known: dict[str, dict[str, str] | str | None] = field(default_factory=dict)

    def registries(self) -> list[str]:
        return list(self.known)

    def login(self, registry: str) -> dict[str, str] | None:
        login = self.known[registry]
        if isinstance(login, str):
            raise EngineError(login, "install it")
        return login


def look(engine: FakeEngine, folder: Path, logins: FakeLogins | None = None) -> dict[str, list[tuple[str, str, str]]]:
    environ = {"RECONCILER_STATE_DIR": str(folder), "RECONCILER_RUNTIME_DIR": str(folder.parent / "run")}
    found: dict[str, list[tuple[str, str, str]]] = {}
    for one in examine(
        lambda: engine, lambda: "unix:///d.sock (--host)", logins or FakeLogins(), lambda: "0.29.1", environ
    ):
        found.setdefault(one.check, []).append((one.verdict.value, one.message, one.hint))
    return found


def test_all_is_looked_at_in_order(tmp_path: Path) -> None:
    engine = FakeEngine(str(tmp_path))
    found = look(engine, tmp_path / "state")
    assert list(found) == [
        "versions", "builder", "context", "engine", "api", "image store", "clock", "disk", "registries", "lock",
        "state folder",
    ]  # fmt: skip
    assert found["registries"] == [("ok", "there are no logins: what is public can be pulled", "")]
    assert found["state folder"] == [("ok", f"{tmp_path / 'state'}, not made yet", "")]
    assert engine.closed


def test_logins_are_tried_one_by_one(tmp_path: Path) -> None:
    logins = FakeLogins(
        {
            "good.example": {"ServerAddress": "good.example"},
            "old.example": {"ServerAddress": "old.example"},
            "none.example": None,
            "locked.example": "the credential helper docker-credential-x is not installed",
        }
    )
    found = look(FakeEngine(refused=frozenset({"old.example"})), tmp_path, logins)["registries"]
    assert [(verdict, message) for verdict, message, _ in found] == [
        ("ok", "good.example takes the login"),
        ("wrong", "old.example: the registry refuses the login"),
        ("wrong", "none.example: Docker's configuration names it, and there is no login"),
        ("wrong", "locked.example: the credential helper docker-credential-x is not installed"),
    ]
    assert found[1][2] == "`docker login old.example` again, or `docker logout old.example`"
    assert found[3][2] == "install it"


def test_without_an_engine_the_rest_is_looked_at_all_the_same(tmp_path: Path) -> None:
    def away() -> FakeEngine:
        raise EngineUnreachable("no Docker Engine at unix:///d.sock", "start it")

    def unknown() -> str:
        raise UsageError('there is no Docker context "x"', "known contexts: default")

    environ = {"RECONCILER_STATE_DIR": str(tmp_path), "RECONCILER_RUNTIME_DIR": str(tmp_path)}
    found = list(examine(away, lambda: "unix:///d.sock", FakeLogins(), str, environ))
    assert [one.check for one in found] == [
        "versions",
        "builder",
        "context",
        "engine",
        "engine",
        "lock",
        "state folder",
    ]
    assert found[3].verdict == "wrong"
    found = list(examine(away, unknown, FakeLogins(), str, environ))
    assert [(one.check, one.verdict.value) for one in found][2] == ("context", "wrong")
    assert found[-1].check == "state folder"
    broken = FakeEngine(broken=True)
    assert ("wrong", "the Engine's answer broke off: GET /info", "") in look(broken, tmp_path)["engine"]
    assert broken.closed


def test_the_disk_of_another_machine_is_not_this_ones(tmp_path: Path) -> None:
    [(verdict, message, _)] = look(FakeEngine(is_local=False), tmp_path)["disk"]
    assert (verdict, "another machine" in message) == ("ok", True)
    [(verdict, message, _)] = look(FakeEngine("/no/such/folder"), tmp_path)["disk"]
    assert (verdict, "can't be seen" in message) == ("ok", True)


def test_state_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    [(verdict, message, hint)] = look(FakeEngine(), file / "state")["state folder"]
    assert (verdict, message) == ("wrong", f"{file} is no folder")
    assert "RECONCILER_STATE_DIR" in hint
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "journal.sqlite3").write_bytes(b"this is no database, and long enough to be looked at" * 20)
    first, second = look(FakeEngine(), folder)["state folder"]
    assert first[0] == "ok"
    assert second[0] == "wrong"
    assert "journal.sqlite3 can't be read" in second[1]
    with sqlite3.connect(folder / "journal.sqlite3.new") as database:
        database.execute(f"PRAGMA user_version = {VERSION_OF_TABLES + 1}")
    database.close()
    (folder / "journal.sqlite3.new").replace(folder / "journal.sqlite3")
    assert "was written by a newer version" in look(FakeEngine(), folder)["state folder"][1][1]
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere
    [(verdict, message, _)] = look(FakeEngine(), folder)["state folder"]
    assert (verdict, message) == ("wrong", f"{folder} can't be written")


def test_as_text_and_as_data(tmp_path: Path) -> None:
    def away() -> FakeEngine:
        raise EngineUnreachable("no Docker Engine at unix:///d.sock: there is no such socket", "start it, or name one")

    environ = {"HOME": str(tmp_path), "RECONCILER_RUNTIME_DIR": str(tmp_path)}
    found: list[Finding] = list(examine(away, lambda: "unix:///d.sock", FakeLogins(), str, environ))
    assert finding_text(found[3], Style(), 60) == (
        "  ✗ engine        no Docker Engine at unix:///d.sock: there\n"
        "                  is no such socket\n"
        "                  start it, or name one"
    )
    assert verdict_text(found, Style()) == "1 thing to mend."
    assert verdict_text(found[:2], Style()) == "All is well."
    data = doctor_dict(found)
    assert data["ok"] is False
    assert data["findings"][2] == {"check": "context", "verdict": "ok", "message": "unix:///d.sock", "hint": ""}
