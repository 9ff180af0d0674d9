"""Each command, as a person and as a program reads it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import reconciler
from tests.e2e.command import DEADLINE, IDLE, Done, Shell
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from tests.support.engine import Engine

ROOT = Path(reconciler.__file__).parents[1]


def in_sync(shell: Shell) -> bool:
    done = shell.run("plan", "--detailed-exitcode")
    return done.code == 0 and "is in sync" in done.out


def test_the_whole_way_as_text(shell: Shell) -> None:
    project = shell.project
    shell.declare(
        {"web": {"ports": ["28700:80"], "volumes": ["pages:/pages"], "environment": {"TZ": "UTC"}}},
        volumes={"pages": {}},
    )
    planned = shell.run("plan")
    assert (planned.code, planned.err) == (0, "")
    lines = planned.out.splitlines()
    assert lines[0].startswith(f"{project} on Docker ")
    shown = [line.split() for line in lines if line.startswith("  ")]
    assert [row[:4] for row in shown] == [
        ["+", "network", f"{project}_default", "create"],
        ["+", "volume", f"{project}_pages", "create"],
        ["+", "container", f"{project}-web-1", "create"],
    ]
    assert "28700→80" in planned.out
    assert lines[-1] == "3 to create. Nothing has been changed."
    assert "\x1b" not in planned.out, "no colours where there is no terminal"
    assert shell.run("diff").out == planned.out
    assert shell.names() == []

    status = shell.run("status")
    assert status.code == 0
    assert "missing" in status.out

    applied = shell.run("apply")
    assert (applied.code, applied.err) == (0, "")
    assert f"container {shell.name('web')} created" in applied.out
    assert "3 created" in applied.out.splitlines()[-1]
    assert shell.status("web") == "running"

    again = shell.run("apply")
    assert again.code == 0
    assert again.out.startswith(f"{project} is in sync on Docker ")

    status = shell.run("status")
    assert "in sync" in status.out
    assert "28700→80" in status.out

    shell.declare(
        {"web": {"ports": ["28700:80"], "volumes": ["pages:/pages"], "environment": {"TZ": "Europe/Berlin"}}},
        volumes={"pages": {}},
    )
    planned = shell.run("plan")
    assert 'environment.TZ: "UTC" → "Europe/Berlin"' in planned.out
    assert "1 to replace" in planned.out
    applied = shell.run("apply", "-y")
    assert (applied.code, applied.err) == (0, "")
    assert f"container {shell.name('web')} replaced" in applied.out

    down = shell.run("down", "-y")
    assert (down.code, down.err) == (0, "")
    assert f"{project}_pages" in down.out, "it says which volumes stay"
    assert shell.names() == []
    assert shell.engine.docker("volume", "ls", "-q", "--filter", f"name=^{project}_pages$")
    assert shell.run("down").code == 0, "nothing to remove, nothing to agree to"


def test_the_whole_way_as_json(shell: Shell) -> None:
    shell.declare({"web": {"environment": {"TZ": "UTC", "DB_PASSWORD": "hunter2"}}})
    planned = shell.run("plan", "-o", "json")
    assert (planned.code, planned.err) == (0, "")
    assert set(planned.json) == {
        "plan", "project", "engine", "in_sync", "changes", "actions", "conflicts", "kept_volumes", "needs_person",
        "notices", "summary",
    }  # fmt: skip
    assert planned.json["project"] == shell.project
    assert planned.json["in_sync"] is False
    assert planned.json["summary"] == {"create": 2}
    assert [change["name"] for change in planned.json["changes"]] == [f"{shell.project}_default", shell.name("web")]
    ids = [action["id"] for action in planned.json["actions"]]
    assert all(ids.index(need) < index for index, one in enumerate(planned.json["actions"]) for need in one["needs"])

    applied = shell.run("apply", "-o", "json")
    assert (applied.code, applied.err) == (0, "")
    assert applied.json["exit_code"] == 0
    assert {change["result"] for change in applied.json["changes"]} == {"done"}
    assert {action["result"] for action in applied.json["actions"]} == {"done"}
    again = shell.run("apply", "-o", "json")
    assert (again.code, again.json["actions"], again.json["changes"]) == (0, [], [])

    status = shell.run("status", "-o", "json").json
    assert status["in_sync"] is True
    states = {row["name"]: row["state"] for row in status["resources"]}
    assert states[shell.name("web")] == "running"

    shell.declare({"web": {"environment": {"TZ": "Europe/Berlin", "DB_PASSWORD": "correct horse"}}})
    planned = shell.run("plan", "-o", "json")
    [change] = planned.json["changes"]
    assert (change["operation"], change["name"]) == ("replace", shell.name("web"))
    fields = {field["path"]: field for field in change["fields"]}
    assert (fields["environment.TZ"]["wanted"], fields["environment.TZ"]["actual"]) == ("Europe/Berlin", "UTC")
    assert fields["environment.DB_PASSWORD"]["sensitive"] is True
    everything = planned.out + shell.run("plan").out + shell.run("apply", "-y").out + shell.run("status").out
    assert "hunter2" not in everything
    assert "correct horse" not in everything

    down = shell.run("down", "-y", "-o", "json")
    assert (down.code, down.json["summary"]) == (0, {"remove": 2})


def test_validate(shell: Shell) -> None:
    shell.environ["DOCKER_HOST"] = "unix:///nowhere"
    shell.declare({"web": {}, "db": {}}, volumes={"pages": {}})
    done = shell.run("validate")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{shell.project} is valid: 2 containers, 1 volume.\n"
    project = {"project": shell.project, "files": ["reconciler.yaml"], "valid": True, "diagnostics": []}
    assert shell.run("validate", "-o", "json").json == {"valid": True, "projects": [project]}

    shell.write("name: x\ncontainers:\n  web:\n    image: a:1\n    comand: [sleep]\n    restart: sometimes\n")
    done = shell.run("validate")
    assert (done.code, done.out) == (4, "")
    assert "reconciler.yaml:5:5" in done.err
    assert "reconciler.yaml:6:14" in done.err
    assert 'did you mean "command"' in done.err
    done = shell.run("validate", "-o", "json")
    assert done.code == 4
    assert done.json["valid"] is False
    assert [len(one["diagnostics"]) for one in done.json["projects"]] == [2]


def test_version(shell: Shell) -> None:
    assert shell.run("version").out == f"reconciler {reconciler.__version__}\n"
    assert shell.run("version", "-o", "json").json == {"version": reconciler.__version__}


def test_where_the_spec_comes_from(shell: Shell) -> None:
    text = shell.text({"web": {}})

    def project(done: Done) -> str:
        assert done.code == 0, done.err
        return str(done.json["projects"][0]["project"])

    validate = ("validate", "-o", "json")
    none = shell.run(*validate)
    assert none.code == 4
    assert "there is no spec here" in shell.run("validate").err

    folder = shell.folder / "specs"
    folder.mkdir()
    (folder / "only.yml").write_text(text)
    for source in ("specs", "specs/only.yml", str(folder), str(folder / "only.yml")):
        assert project(shell.run(*validate, "-f", source)) == shell.project
    assert project(shell.run(*validate, "--file", "-", given=text)) == shell.project
    (folder / "other.yml").write_text(text)
    several = shell.run("plan", "-f", "specs")
    assert several.code == 4
    assert "only.yml, other.yml" in several.err
    missing = shell.run("validate", "-f", "gone.yaml")
    assert missing.code == 4
    assert "gone.yaml" in missing.err

    (shell.folder / "compose.yaml").write_text("services: {}\n")
    assert shell.run(*validate).code == 4, "Compose's own form is refused"
    shell.write(text)
    assert project(shell.run(*validate)) == shell.project, "ours comes before Compose's names"
    assert project(shell.run(*validate, "-p", "another")) == "another"
    assert shell.run("plan", "-p", "another", "-o", "json").json["project"] == "another"


def test_which_engine(shell: Shell) -> None:
    shell.declare({"web": {}})
    with Proxy(shell.engine.socket) as proxy:
        shell.environ["DOCKER_HOST"] = "unix:///nowhere.sock"
        assert shell.run("plan", "--host", proxy.host).code == 0
        assert proxy.requests
        proxy.clear()
        shell.environ["DOCKER_HOST"] = proxy.host
        assert shell.run("plan").code == 0
        assert proxy.requests
        proxy.clear()

        client = shell.folder / "client"
        shell.environ["DOCKER_CONFIG"] = str(client)
        docker = {**shell.environment}
        subprocess.run(
            ["docker", "context", "create", "mine", "--docker", f"host={proxy.host}"],
            env=docker, check=True, capture_output=True,
        )  # fmt: skip
        shell.environ["DOCKER_HOST"] = None
        assert shell.run("plan", "--context", "mine").code == 0
        assert proxy.requests
        proxy.clear()
        shell.environ["DOCKER_CONTEXT"] = "mine"
        assert shell.run("plan").code == 0
        assert proxy.requests
        proxy.clear()

        for arguments, environ in ((("--context", "yours"), None), ((), "yours")):
            shell.environ["DOCKER_CONTEXT"] = environ
            done = shell.run("apply", "-y", *arguments)
            assert done.code == 64
            assert 'there is no Docker context "yours"' in done.err
            assert "mine" in done.err, "it says which there are"
        both = shell.run("plan", "--host", proxy.host, "--context", "mine")
        assert both.code == 64
        assert proxy.requests == []
    assert shell.names() == []


def test_the_spec_that_the_quick_start_applies(engine: Engine, shell: Shell) -> None:
    folder = shell.folder / "specs"
    folder.mkdir()
    busybox = shutil.which("busybox")
    assert busybox
    for variant in ("one", "two"):
        shutil.copytree(ROOT / "specs" / variant / "www", folder / variant / "www")
        (folder / variant / "bin").mkdir()
        shutil.copy2(busybox, folder / variant / "bin" / "httpd")
    text = (ROOT / "specs" / "hello.yaml").read_text().replace("8080:80", "28701:80")
    spec = folder / "hello.yaml"
    spec.write_text(text)
    arguments = ("-f", str(spec), "-p", shell.project)
    assert shell.run("apply", *arguments).code == 0
    assert "<title>hello, one" in engine.fetch("http://localhost:28701/")
    assert "is in sync" in shell.run("apply", *arguments).out
    engine.docker("kill", shell.name("web"))  # the server, as process 1, takes ten seconds to be stopped
    assert "state: exited" in shell.run("plan", *arguments).out
    assert shell.run("apply", *arguments).code == 0
    assert "<title>hello, one" in engine.fetch("http://localhost:28701/")


def test_down_needs_no_spec_where_the_project_is_named(shell: Shell) -> None:
    shell.declare({"web": {}})
    assert shell.run("apply").code == 0
    done = shell.run("down", "-y", "-p", shell.project, cwd=Path("/"))
    assert done.code == 0, done.err
    assert shell.names() == []


def test_variables_are_taken_from_the_environment(shell: Shell) -> None:
    shell.declare({"web": {"environment": {"A": "${TEST_VALUE:?set it}"}, "state": "stopped"}})
    missing = shell.run("plan")
    assert missing.code == 4
    assert "set it" in missing.err
    shell.environ["TEST_VALUE"] = "a b"
    assert shell.run("apply").code == 0
    assert "A=a b" in shell.inspect("web")["Config"]["Env"]
    assert in_sync(shell)


# --- what it costs ---------------------------------------------------------------------------------------------

HEAVY = {"docker", "requests", "pydantic", "yaml", "structlog", "watchdog"}


def imported(shell: Shell, *arguments: str) -> set[str]:
    """The packages that a Python imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=shell.folder, env=shell.environment, capture_output=True, text=True, timeout=DEADLINE, check=True,
    )  # fmt: skip
    names = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {name.partition(".")[0] for name in names}


def test_a_command_imports_what_it_needs_and_no_more(shell: Shell) -> None:
    assert "json" in imported(shell, "-c", "import json"), "this way to look sees what is imported"
    for arguments in (("-m", "reconciler", "version"), ("-m", "reconciler", "--help"), ("-c", "import reconciler")):
        assert not imported(shell, *arguments) & HEAVY, arguments
    shell.declare({"web": {}})
    validated = imported(shell, "-m", "reconciler", "validate")
    assert {"yaml", "pydantic"} <= validated
    assert not validated & {"docker", "requests", "structlog", "watchdog"}
    assert not imported(shell, "-m", "reconciler", "plan") & {"structlog", "watchdog"}


# --- the library -----------------------------------------------------------------------------------------------


def test_the_example_of_the_librarys_docstring(shell: Shell) -> None:
    """As it is written, in a folder that has such a file."""
    (shell.folder / "specs").mkdir()
    (shell.folder / "specs" / "hello.yaml").write_text(shell.text({"web": {}}))
    lines = (reconciler.__doc__ or "").splitlines()
    example = "\n".join(line[4:] for line in lines if line.startswith("    ") or not line.strip())
    assert "import" in example
    code = f"{example}\nimport json\nprint(json.dumps([type(spec).__name__, outcome.exit_code, type(todo).__name__]))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=shell.folder, env=shell.environment, capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert json.loads(done.stdout) == ["Spec", 0, "Plan"]
    assert shell.status("web") == "running"
    assert shell.inspect("web")["Config"]["Cmd"] == IDLE


def test_all_that_the_library_offers_is_there(shell: Shell) -> None:
    code = "import reconciler; print([getattr(reconciler, name) for name in reconciler.__all__] and 'all there')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=shell.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.stdout == "all there\n"
    assert set(dir(reconciler)) >= set(reconciler.__all__)


def test_convert_a_container(shell: Shell) -> None:
    name = f"{shell.project}-by-hand"
    shell.engine.docker("create", "--name", name, "-e", "A=$1", "--rm", "-m", "64m", shell.image, *IDLE)
    try:
        done = shell.run("convert", "--container", name)
        assert (done.code, done.err) == (0, "")
        lines = done.out.splitlines()
        assert lines[0] == f"# Made from the container {name} by `reconciler convert`."
        assert lines[1].startswith("# it removes itself when it ends (--rm)")
        for line in ("    adopt: true", '      A: "$$1"', "    mem_limit: 64m", "    network_mode: bridge"):
            assert line in lines
        assert shell.run("validate", "-f", "-", given=done.out).code == 0
        as_json = shell.run("convert", "--container", name, "-o", "json").json
        assert as_json["spec"]["containers"][name]["state"] == "stopped"
        assert len(as_json["notes"]) == 1
    finally:
        shell.engine.docker("rm", name)


def test_convert_a_container_that_is_not_there(shell: Shell) -> None:
    done = shell.run("convert", "--container", f"{shell.project}-none")
    assert (done.code, done.out) == (1, "")
    assert "No such container" in done.err
