"""What was done is remembered: by whom, from which spec, how it ended; and no secret with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.command import IDLE, Shell


@pytest.fixture(autouse=True)
def _own_state(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    shell.environ["RECONCILER_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))


def state(shell: Shell) -> Path:
    return Path(str(shell.environ["RECONCILER_STATE_DIR"]))


def test_what_changed_something_is_in_the_history_and_nothing_else(shell: Shell) -> None:
    shell.declare({"web": {"environment": {"TZ": "UTC"}}})
    assert "No apply has changed anything here so far." in shell.run("history").out
    assert shell.run("plan").code == 0
    assert shell.run("apply").code == 0
    assert shell.run("apply").code == 0
    shell.declare({"web": {"environment": {"TZ": "Europe/Berlin"}}})
    assert shell.run("apply", "--yes").code == 0
    assert shell.run("down", "--yes").code == 0

    runs = shell.run("history", "-o", "json").json["runs"]

    assert [(run["number"], run["command"], run["result"]) for run in runs] == [
        (3, "down", "done"),
        (2, "apply", "done"),
        (1, "apply", "done"),
    ]
    assert runs[1]["changes"] == [
        {
            "kind": "container",
            "name": shell.name("web"),
            "operation": "replace",
            "result": "done",
            "fields": ["environment.TZ"],
            "error": "",
        }
    ]
    assert runs[1]["source"]["files"] == [str(shell.folder / "reconciler.yaml")]
    listed = shell.run("history").out
    assert "1 replaced" in listed
    assert listed.index(" 3 ") < listed.index(" 1 ")
    whole = shell.run("history", "show", "2").out
    assert "environment.TZ" in whole
    assert shell.run("history", "-p", "another").out == "No apply of another has changed anything here so far.\n"


def test_no_secret_is_stored(shell: Shell) -> None:
    secret = "hunter2-and-more"
    shell.declare(
        {"web": {"environment": {"DB_PASSWORD": secret}, "command": [*IDLE, f"--token={secret}"]}},
    )
    assert shell.run("apply").code == 0

    assert all(secret.encode() not in file.read_bytes() for file in state(shell).rglob("*") if file.is_file())
    run = shell.run("history", "show", "1", "-o", "json").json
    assert ["containers", "web", "environment", "DB_PASSWORD"] in run["secrets"]
    assert run["spec"]["containers"]["web"]["environment"] == {"DB_PASSWORD": None}


def test_a_failure_is_remembered_with_its_reason(shell: Shell) -> None:
    shell.declare({"web": {"command": ["/no/such/command"]}})
    assert shell.run("apply").code in {1, 3}

    (run,) = shell.run("history", "-o", "json").json["runs"]
    assert run["result"] in {"failed", "partly failed"}
    failed = next(change for change in run["changes"] if change["kind"] == "container")
    assert failed["result"] == "failed"
    assert failed["error"]


def test_the_commit_is_remembered_and_whether_the_file_is_as_in_it(shell: Shell) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments]
        return subprocess.run(command, cwd=shell.folder, check=True, capture_output=True, text=True).stdout.strip()

    shell.declare({"web": {}})
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    commit = git("rev-parse", "HEAD")
    assert shell.run("apply").code == 0
    shell.declare({"web": {"environment": {"A": "1"}}})
    assert shell.run("apply", "--yes").code == 0

    commits = [run["source"]["commit"] for run in shell.run("history", "-o", "json").json["runs"]]
    assert commits == [f"{commit}+", commit]


def test_a_history_that_can_not_be_kept_keeps_nothing_from_being_done(shell: Shell) -> None:
    (state(shell) / "journal.sqlite3").write_bytes(b"no database" * 100)
    shell.declare({"web": {}})

    applied = shell.run("apply")

    assert applied.code == 0
    assert "this is not in the history" in applied.err
    assert shell.status("web") == "running"
    listed = shell.run("history")
    assert listed.code == 1
    assert "journal.sqlite3 can't be used" in listed.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("show", "7"), "there is no 7"), (("show",), "history show"), (("list",), '"history list" is not known')],
)
def test_what_is_not_there_is_said(shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    done = shell.run("history", *arguments)

    assert done.code == 64
    assert said in done.err
