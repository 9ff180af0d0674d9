"""Every exit code, with the line that explains it, and what was done or not."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.command import COMMAND, DEADLINE, Done, Shell
from tests.support.engine import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.engine import Engine

FAILS = ["sh", "-c", "echo last words; exit 9"]


def explained(done: Done, *words: str) -> bool:
    """One line that says what is wrong, one that says what to do, and nothing else."""
    lines = done.err.splitlines()
    assert lines[0].startswith("error: "), done.err
    assert len(lines) == 2, done.err
    assert lines[1].startswith("  ")
    for word in words:
        assert word in done.err
    return True


def test_0_and_2_of_a_plan(shell: Shell) -> None:
    shell.declare({"web": {"state": "stopped"}})
    assert shell.run("plan").code == 0
    assert shell.run("plan", "--detailed-exitcode").code == 2
    assert shell.run("diff", "--detailed-exitcode", "-o", "json").code == 2
    assert shell.run("apply").code == 0
    assert shell.run("plan", "--detailed-exitcode").code == 0


def test_1_and_3_of_an_apply_that_fails(shell: Shell) -> None:
    shell.declare({}, images={"127.0.0.1:28799/nothing:1": {}})
    failed = shell.run("apply")
    assert failed.code == 1
    assert "127.0.0.1:28799" in failed.out
    assert "Nothing was changed." in failed.out
    assert shell.run("apply", "-o", "json").json["exit_code"] == 1

    shell.declare({"web": {"image": "127.0.0.1:28799/nothing:1"}, "other": {}})
    failed = shell.run("apply")
    assert failed.code == 3
    assert "Partly failed" in failed.out
    assert shell.names() == [shell.name("other")]


def test_3_of_a_replacement_that_is_rolled_back(shell: Shell) -> None:
    shell.declare({"web": {}})
    assert shell.run("apply").code == 0
    before = shell.inspect("web")["Id"]
    shell.declare({"web": {"command": FAILS, "update": {"monitor": "30s"}}})
    failed = shell.run("apply", "-y")
    assert failed.code == 3
    assert "exited with code 9" in failed.out
    assert "| last words" in failed.out
    assert "the old container serves again" in failed.out
    assert (shell.inspect("web")["Id"], shell.status("web")) == (before, "running")
    assert shell.names() == [shell.name("web")]
    data = shell.run("apply", "-y", "-o", "json")
    assert (data.code, data.json["exit_code"], data.json["rolled_back"]) == (3, 3, True)


def test_3_of_a_job_that_others_wait_for_and_that_fails(shell: Shell) -> None:
    waits: dict[str, Any] = {"depends_on": {"job": {"condition": "service_completed_successfully"}}}
    shell.declare({"job": {"state": "completed", "command": FAILS}, "web": waits, "next": {"depends_on": ["web"]}})
    failed = shell.run("apply")
    assert failed.code == 3
    told = failed.out.splitlines()
    assert f"  ✗ container {shell.name('job')}: exited with code 9" in told
    assert "      | last words" in told
    for key in ("web", "next"):
        assert f"  ! container {shell.name(key)} not started, because container {shell.name('job')} failed" in told

    # What is there already and fails again is no change of its own: the others are what is skipped.
    planned = shell.run("plan", "--detailed-exitcode")
    assert planned.code == 2
    status = shell.run("status", "-o", "json").json["resources"]
    job = next(row for row in status if row["name"] == shell.name("job"))
    assert (job["wanted"], job["state"], job["exit_code"], job["operation"]) == ("completed", "exited", 9, "start")
    assert shell.run("apply").code == 3

    waits["depends_on"]["job"]["required"] = False
    shell.declare({"job": {"state": "completed", "command": FAILS}, "web": waits})
    done = shell.run("apply", "-y")
    assert (done.code, "others go on without it" in done.out) == (0, True)

    shell.declare({"job": {"state": "completed", "command": ["true"]}, "web": waits})
    assert shell.run("apply", "-y").code == 0
    wait_for(lambda: shell.status("job") == "exited", "the job has ended")
    assert shell.run("plan", "--detailed-exitcode").code == 0
    assert re.search(
        rf"✓ container +{shell.name('job')} +completed +completed \d+ (second|minute)", shell.run("status").out
    )


def test_3_of_one_that_never_becomes_healthy(shell: Shell) -> None:
    check = {"healthcheck": {"test": "false", "interval": "200ms", "retries": 2}}
    web = {"depends_on": {"db": {"condition": "service_healthy"}}}
    shell.declare({"db": check, "web": web})
    assert shell.run("apply").code == 3
    again = shell.run("apply")
    assert again.code == 1, "the database is there already: nothing could be done"
    assert "Failed: 1 of 1 skipped" in again.out


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "status", "watch", "down"])
def test_4_of_an_invalid_spec(shell: Shell, command: str) -> None:
    shell.environ["DOCKER_HOST"] = "unix:///nowhere.sock"
    shell.write("name: x\ncontainers:\n  web: {image: 'a:1', prots: []}\n")
    done = shell.run(command)
    assert (done.code, done.out) == (4, "")
    assert "reconciler.yaml:3" in done.err
    assert 'did you mean "ports"' in done.err


@pytest.mark.parametrize(
    "text", ["", "\n# only a comment\n", "name: x\n", "[]\n", "a: b: c\n", "\t", "name: [\n", "\0"]
)
def test_4_of_what_is_no_spec(shell: Shell, text: str) -> None:
    shell.write(text)
    done = shell.run("apply", "-y")
    assert (done.code, done.out) == (4, "")
    assert done.err


@pytest.mark.parametrize("command", ["plan", "apply", "status", "down"])
def test_5_of_an_engine_that_is_not_there(shell: Shell, command: str) -> None:
    shell.declare({"web": {}})
    nowhere = shell.folder / "no.sock"
    done = shell.run(command, "--host", f"unix://{nowhere}")
    assert (done.code, done.out) == (5, "")
    assert explained(done, str(nowhere))


def test_5_of_something_that_is_no_engine(shell: Shell) -> None:
    shell.declare({"web": {}})
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        process = subprocess.Popen(
            [*COMMAND, "plan", "--host", f"tcp://127.0.0.1:{port}"],
            cwd=shell.folder, env=shell.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        server.settimeout(DEADLINE)
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        out, err = process.communicate(timeout=DEADLINE)
    assert explained(Done(process.returncode, out, err), str(port))
    assert process.returncode == 5


def test_5_of_an_engine_that_hangs(shell: Shell, private_engine: Callable[..., Engine]) -> None:
    hung = private_engine()
    hung.stop()
    shell.declare({"web": {}})
    began = time.monotonic()
    done = shell.run("plan", "--host", hung.host)
    assert done.code == 5
    assert explained(done, hung.host)
    assert time.monotonic() - began < 60  # it waits for ten seconds
    hung.cont()


def test_7_of_a_conflict(shell: Shell) -> None:
    shell.engine.docker("create", "--name", shell.name("web"), shell.image)
    shell.declare({"web": {}, "other": {}})
    planned = shell.run("plan")
    assert planned.code == 7
    assert f'! container "{shell.name("web")}" exists and is not ours' in planned.out
    for arguments in ((), ("-y",), ("-o", "json")):
        done = shell.run("apply", *arguments)
        assert done.code == 7
        assert "nothing has been changed" in done.err + done.out
    assert shell.names() == []
    assert shell.status("other") == "gone"


def test_7_without_a_terminal_and_without_yes(shell: Shell) -> None:
    shell.declare({"web": {}, "gone": {}})
    assert shell.run("apply").code == 0, "what only creates needs nobody's agreement"
    before = {key: shell.inspect(key)["State"] for key in ("web", "gone")}
    shell.declare({"web": {"environment": {"A": "1"}}, "new": {}})
    for given in ("", "y\n"):
        done = shell.run("apply", given=given)
        assert done.code == 7
        assert explained(done, shell.name("web"), "--yes")
    done = shell.run("apply", "-o", "json", given="y\n")
    assert (done.code, done.err, done.json["error"]["exit_code"]) == (7, "", 7)
    assert shell.run("down", given="y\n").code == 7
    assert {key: shell.inspect(key)["State"] for key in ("web", "gone")} == before
    assert shell.names() == sorted(map(shell.name, ("web", "gone")))


@pytest.mark.parametrize(
    "arguments",
    [
        ("aply",),
        ("apply", "--no-such-option"),
        ("apply", "superfluous"),
        ("plan", "-o", "yaml"),
        ("watch", "--interval", "0"),
        ("watch", "-f", "-"),
        ("plan", "--host", "/var/run/docker.sock"),
        ("plan", "--host", "ssh://me@there"),
        (),
    ],
    ids=" ".join,
)
def test_64_of_wrong_usage(shell: Shell, arguments: tuple[str, ...]) -> None:
    shell.declare({"web": {}})
    done = shell.run(*arguments)
    assert done.code == 64
    assert done.err
    assert done.out == ""


def test_output_that_nobody_reads_any_more(shell: Shell) -> None:
    shell.declare({"web": {"state": "stopped"}})
    for arguments in (("plan",), ("plan", "-o", "json"), ("status",), ("--help",), ("apply",)):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as out:
            done = subprocess.run(
                [*COMMAND, *arguments], cwd=shell.folder, env=shell.environment, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False,
            )  # fmt: skip
        assert (done.returncode, done.stderr) == (1, ""), arguments


def test_output_for_which_there_is_no_room(shell: Shell) -> None:
    shell.declare({"web": {"state": "stopped"}})
    for arguments in ("plan", "plan -o json", "status", "--help", "schema", "apply -y"):
        done = under(shell, f"{arguments} >/dev/full")
        assert "what there is to say can't be written: No space left on device" in done.stderr, arguments
        assert "defect" not in done.stderr
        assert done.returncode == 1, arguments


def test_without_a_place_for_errors_the_exit_code_tells(shell: Shell) -> None:
    shell.declare({"web": {}})
    assert shell.run("apply").code == 0
    shell.declare({"web": {"user": "nobody"}})
    shell.folder.joinpath("bad.yaml").write_text("bad: [")
    for arguments, code in (("plan --nonesuch", 64), ("plan -f bad.yaml", 4), ("apply", 7), ("apply -y", 0)):
        for place in ("2>/dev/full", "2>&-"):
            assert under(shell, f"{arguments} {place}").returncode == code, (arguments, place)


def test_without_an_input(shell: Shell) -> None:
    shell.declare({"web": {}})
    assert shell.run("apply").code == 0
    shell.declare({"web": {"user": "nobody"}})
    refused = under(shell, "apply <&-")
    assert (refused.returncode, "nobody is here to agree" in refused.stderr) == (7, True)
    empty = under(shell, "plan -f - <&-")
    assert (empty.returncode, "the file is empty" in empty.stderr) == (4, True)


def under(shell: Shell, words: str) -> subprocess.CompletedProcess[str]:
    """Run the command with what a shell makes of these words."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {words}', "sh", *COMMAND], cwd=shell.folder, env=shell.environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip


def test_no_output_at_all(shell: Shell) -> None:
    """As from a service without standard streams: `>&-`."""
    shell.declare({"web": {"state": "stopped"}})
    for arguments in ("plan", "apply", "status -o json", "version", "down -y"):
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {arguments} >&-', "sh", *COMMAND], cwd=shell.folder, env=shell.environment,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert "defect" not in done.stderr, arguments
        assert done.returncode == 0, (arguments, done.stderr)


def test_a_head_of_a_plan(shell: Shell) -> None:
    shell.declare({f"web{number}": {"state": "stopped", "environment": {"A": "x" * 900}} for number in range(100)})
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" plan -o json | head -1', "bash", *COMMAND],
        cwd=shell.folder, env=shell.environment, capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("{\n", "")
