"""Back to the spec of an earlier apply: its attributes, its images, today's secrets."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.command import IDLE, Shell

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_state(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    shell.environ["RECONCILER_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))


def environment(shell: Shell, key: str = "web") -> dict[str, str]:
    given = shell.inspect(key)["Config"]["Env"] or []
    return dict(one.split("=", 1) for one in given)


def apply(shell: Shell) -> None:
    done = shell.run("apply", "--yes")
    assert done.code == 0, done.out + done.err


def test_without_a_number_it_goes_back_to_the_last_good_spec_before(shell: Shell) -> None:
    for version in ("1", "2"):
        shell.declare({"web": {"environment": {"VERSION": version}}})
        apply(shell)

    refused = shell.run("rollback")
    assert refused.code == 7
    assert "nobody is here to agree" in refused.err
    dry = shell.run("rollback", "--dry-run")
    assert (dry.code, dry.out.splitlines()[-1]) == (0, "1 to replace. A dry run: nothing has been changed.")
    assert environment(shell)["VERSION"] == "2"
    done = shell.run("rollback", "--yes")

    assert done.code == 0, done.err
    assert "Going back to 1 in the history" in done.out
    assert environment(shell)["VERSION"] == "1"
    assert shell.run("rollback", "1").out.splitlines()[-1].endswith("nothing to do.")
    again = shell.run("rollback", "--yes", "--quiet")
    assert environment(shell)["VERSION"] == "2", again.out
    assert (again.out, again.err) == ("", "")
    assert [run["command"] for run in shell.run("history", "-o", "json").json["runs"]] == [
        *("rollback", "rollback", "apply", "apply"),
    ]


def test_after_a_failed_apply_it_goes_back_to_the_one_that_was_good(shell: Shell) -> None:
    shell.declare({"web": {"environment": {"VERSION": "1"}}, "new": {}})
    apply(shell)
    shell.declare({"web": {"environment": {"VERSION": "2"}, "command": ["/no/such"]}, "other": {}})
    assert shell.run("apply", "--yes").code == 3
    assert shell.names() == [shell.name("other"), shell.name("web")]

    done = shell.run("rollback", "--yes")

    assert done.code == 0, done.err
    assert shell.names() == [shell.name("new"), shell.name("web")]
    assert environment(shell)["VERSION"] == "1"


def test_secrets_are_those_of_today(shell: Shell) -> None:
    shell.declare({"web": {"environment": {"VERSION": "1", "DB_PASSWORD": "old"}}})
    apply(shell)
    shell.declare({"web": {"environment": {"VERSION": "2", "DB_PASSWORD": "new$$"}}})
    apply(shell)

    assert shell.run("rollback", "--yes").code == 0
    assert environment(shell) | {"VERSION": "1", "DB_PASSWORD": "new$"} == environment(shell)

    shell.declare({"web": {"environment": {"VERSION": "3"}}})
    refused = shell.run("rollback", "1", "--yes")
    assert refused.code == 7
    assert "`containers.web.environment.DB_PASSWORD`" in refused.err


def test_the_image_of_that_time_is_taken_although_its_tag_has_moved(shell: Shell, tmp_path: Path) -> None:
    files = tmp_path / "image"
    (files / "bin").mkdir(parents=True)
    shutil.copyfile(str(shutil.which("busybox")), files / "bin" / "sh")
    (files / "bin" / "sh").chmod(0o755)
    tag = f"{shell.project}-rolled:1"

    def declare(content: str) -> str:
        (files / "version").write_text(content)
        command = ["/bin/sh", *IDLE[1:]]
        shell.declare({"web": {"image": tag, "command": command}}, images={tag: {"import": str(files)}})
        apply(shell)
        return str(shell.inspect("web")["Image"])

    first, second = declare("one"), declare("two")
    assert first != second

    done = shell.run("rollback", "--yes")
    assert done.code == 0, done.out + done.err
    assert shell.inspect("web")["Image"] == first

    assert shell.run("down", "--yes").code == 0
    shell.engine.docker("rmi", first)
    refused = shell.run("rollback", "1", "--yes")
    assert refused.code == 7
    assert f'image "{tag}" of run 1 is gone' in refused.err


def test_what_is_not_in_the_history_is_said(shell: Shell) -> None:
    shell.declare({"web": {}})
    assert "there is no earlier spec to go back to" in shell.run("rollback").err
    assert "there is no 7 in the history" in shell.run("rollback", "7").err
    apply(shell)
    assert shell.run("down", "-p", shell.project, "--yes").code == 0
    assert "has no spec" in shell.run("rollback", "2").err
