"""`plan --out` and `apply --plan`, and the forms of a plan, as commands on a real Engine."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from tests.e2e.command import Done, Shell

SECRET = "hunter2-hunter2"


def declare(shell: Shell, zone: str, secret: str = SECRET) -> None:
    """A container with a variable from the spec and one from a file."""
    (shell.folder / "web.env").write_text(f"PLAIN={secret}\n")
    shell.declare({"web": {"environment": {"TZ": zone}, "env_file": "web.env"}})


def expect_refused(done: Done, *words: str, code: int = 7) -> None:
    assert done.code == code, done.out + done.err
    for word in words:
        assert word in done.out + done.err
    assert SECRET not in done.out + done.err


def test_what_was_agreed_to_is_applied_once_and_asks_nobody(shell: Shell) -> None:
    file = shell.folder / "agreed.json"
    declare(shell, "UTC")
    assert shell.run("plan", "--out", "agreed.json").code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert SECRET not in file.read_text()
    assert shell.run("apply", "--plan", "agreed.json").code == 0
    first = shell.id("web")
    expect_refused(shell.run("apply", "--plan", "agreed.json"), "no longer holds", "What was agreed to", "in sync")

    declare(shell, "CET", f"{SECRET}-2")
    planned = shell.run("plan", "--out", "agreed.json", "-o", "json")
    assert planned.json["summary"] == {"replace": 1}
    assert SECRET not in planned.out + file.read_text()
    expect_refused(shell.run("apply"), "nobody is here to agree")
    applied = shell.run("apply", "--plan", "agreed.json")
    assert (applied.code, applied.err) == (0, "")
    assert SECRET not in applied.out
    assert shell.id("web") != first
    assert [path.name for path in shell.folder.iterdir() if path.name.startswith(".agreed")] == []


def test_what_no_longer_holds_changes_nothing(shell: Shell) -> None:
    declare(shell, "UTC")
    shell.run("apply")
    declare(shell, "CET")
    shell.run("plan", "--out", "agreed.json")
    first = shell.id("web")

    declare(shell, "PST")
    expect_refused(shell.run("apply", "--plan", "agreed.json"), "the spec has changed", '"CET"', '"PST"')
    declare(shell, "CET", f"{SECRET}-2")
    expect_refused(shell.run("apply", "--plan", "agreed.json"), "the spec has changed")

    declare(shell, "CET")
    shell.engine.docker("stop", "-t", "0", shell.name("web"))
    expect_refused(shell.run("apply", "--plan", "agreed.json"), "stop old: only agreed to", "nothing has been changed")
    as_data = shell.run("apply", "--plan", "agreed.json", "-o", "json")
    expect_refused(as_data)
    assert as_data.json["error"]["exit_code"] == 7
    assert as_data.json["differences"]["gone"] == [f"container/{shell.name('web')}:stop old"]
    assert shell.id("web") == first
    assert shell.status("web") == "exited"


def test_files_that_are_refused(shell: Shell) -> None:
    declare(shell, "UTC")
    shell.run("plan", "--out", "agreed.json")
    whole = (shell.folder / "agreed.json").read_text()

    def apply(text: str) -> Done:
        (shell.folder / "other.json").write_text(text)
        return shell.run("apply", "--plan", "other.json")

    expect_refused(apply(whole[: len(whole) // 2]), "other.json is no saved plan, or not a whole one", code=64)
    expect_refused(apply("name: shop"), "is no saved plan", code=64)
    expect_refused(shell.run("apply", "--plan", "missing.json"), "missing.json can't be read", code=64)
    data = json.loads(whole)
    expect_refused(apply(json.dumps({**data, "saved_plan": "v9"})), 'has the form "v9"')
    expect_refused(apply(json.dumps({**data, "reconciler": "9.9.9"})), "was made by reconciler 9.9.9")
    engine = {**data["engine"], "id": "ANOTHER"}
    expect_refused(apply(json.dumps({**data, "engine": engine})), "was made for another Engine", "ANOTHER")
    (shell.folder / "second.yaml").write_text(shell.text({"web": {}}).replace(shell.project, "second"))
    done = shell.run("apply", "-f", "second.yaml", "--plan", "agreed.json")
    expect_refused(done, f'is of project "{shell.project}", and this spec is of "second"')
    expect_refused(shell.run("plan", "--out", "/dev/null"), "/dev/null is no file", code=64)
    expect_refused(shell.run("plan", "--out", "missing/a.json"), "can't be written", code=1)
    assert shell.names() == []


def test_a_plan_with_conflicts_is_not_saved(shell: Shell) -> None:
    declare(shell, "UTC")
    shell.engine.docker("create", "--name", shell.name("web"), shell.image, "true")
    done = shell.run("plan", "--out", "agreed.json")
    expect_refused(done, "is not ours")
    assert "changed or saved." in " ".join(done.out.split())
    assert not (shell.folder / "agreed.json").exists()
    shell.engine.docker("rm", shell.name("web"))


def test_every_form_of_the_same_plan(shell: Shell) -> None:
    declare(shell, "UTC")
    shell.run("apply")
    declare(shell, "CET", f"{SECRET}-2")
    forms = {form: shell.run("plan", "-o", form) for form in ("text", "json", "ndjson", "markdown", "dot")}
    assert {done.code for done in forms.values()} == {0}
    assert all(SECRET not in done.out for done in forms.values())
    schema = json.loads(shell.run("schema", "--plan").out)
    Draft202012Validator(schema).validate(forms["json"].json)
    lines = [json.loads(line) for line in forms["ndjson"].out.splitlines()]
    assert [line["type"] for line in lines[:1] + lines[-1:]] == ["change", "summary"]
    assert "`environment.PLAIN`: (sensitive) changed" in forms["markdown"].out
    assert forms["dot"].out.startswith(f'digraph "{shell.project}" {{')

    shown = shell.run("plan", "--show-sensitive").out
    assert f'environment.PLAIN: "{SECRET}" → "{SECRET}-2"' in shown
    assert f'"{SECRET}-2"' in shell.run("apply", "--show-sensitive", "--yes").out


def test_errors_and_unknown_forms(shell: Shell) -> None:
    shell.write("name: [")
    line = shell.run("plan", "-o", "ndjson")
    assert line.code == 4
    assert json.loads(line.out)["error"]["exit_code"] == 4
    assert len(line.out.splitlines()) == 1
    for form in ("markdown", "dot"):
        done = shell.run("plan", "-o", form)
        assert (done.code, done.out) == (4, "")
        assert "error" in done.err
    refused = shell.run("apply", "-o", "markdown")
    assert refused.code == 64
    assert "'markdown' is not one of 'text', 'json'" in refused.err
