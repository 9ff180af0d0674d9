from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from reconciler.errors import EngineTimeout, ExitCode, ReconcilerError
from reconciler.execution.outcome import ActionOutcome, Result, Started
from reconciler.planning.actions import (
    Action,
    ConnectNetwork,
    CreateVolume,
    DisconnectNetwork,
    PauseContainer,
    RemoveContainer,
    RemoveNetwork,
    RenameContainer,
    UnpauseContainer,
    UpdateContainer,
)
from reconciler.planning.gates import AwaitCompleted, AwaitHealthy
from reconciler.report.outcome_text import outcome_text
from reconciler.report.progress_text import ProgressText
from reconciler.report.style import Style
from tests.unit.report.scenes import (
    change,
    create,
    done,
    failed,
    hello,
    import_,
    named,
    network,
    of_images,
    outcome,
    plan,
    pull,
    removal,
    replacement,
    rolled_back,
    skipped,
    start,
    undo,
    undone,
)

OFF, ON = Style(False), Style(True)


def told(*events: Started | ActionOutcome, style: Style = OFF) -> list[str]:
    stream = io.StringIO()
    progress = ProgressText(stream, style)
    for event in events:
        progress(event)
    return stream.getvalue().splitlines()


def test_one_line_for_each_thing_that_is_done() -> None:
    on = {"container": "f00", **named("container", "web-1", "x")}
    others: list[Action] = [
        network("hello_default"),
        CreateVolume(payload={}, **named("volume", "hello_pages", "create")),
        ConnectNetwork(network="back", endpoint={}, **on),
        DisconnectNetwork(network="back", **on),
        UpdateContainer(payload={}, **on),
        RenameContainer(old_name="foo", name="web-1", **on),
        UnpauseContainer(**on),
        *removal("old-1"),
        RemoveNetwork(network="f00", **named("network", "back", "remove")),
    ]
    assert told(
        Started(pull("nginx:1")),
        done(pull("nginx:1"), 125.4),
        Started(import_("hello-web:1")),
        done(import_("hello-web:1"), 0.01),
        *(done(action) for action in create("web-1")),
        *(done(action) for action in others),
    ) == [
        "  · image nginx:1: pulling",
        "  ✓ image nginx:1 pulled (2 min 5 s)",
        "  ✓ image hello-web:1 imported",
        "  ✓ container web-1 created (0.4 s)",
        "  ✓ container web-1 started (0.4 s)",
        "  ✓ network hello_default created (0.4 s)",
        "  ✓ volume hello_pages created (0.4 s)",
        "  ✓ container web-1 connected to back (0.4 s)",
        "  ✓ container web-1 disconnected from back (0.4 s)",
        "  ✓ container web-1 updated (0.4 s)",
        "  ✓ container web-1 renamed from foo (0.4 s)",
        "  ✓ container web-1 unpaused (0.4 s)",
        "  ✓ container old-1 stopped (0.4 s)",
        "  ✓ container old-1 removed (0.4 s)",
        "  ✓ network back removed (0.4 s)",
    ]


def test_what_is_done_with_images() -> None:
    build, load, tag, remove = of_images("app:1")
    assert told(Started(build), *(done(action) for action in (build, load, tag, remove))) == [
        "  · image app:1: building",
        "  ✓ image app:1 built (0.4 s)",
        "  ✓ image app:1 loaded (0.4 s)",
        "  ✓ image app:1 tagged more:1 (0.4 s)",
        "  ✓ image app:1 removed (0.4 s)",
    ]


def gates(name: str, *, required: bool = True) -> tuple[AwaitHealthy, AwaitCompleted]:
    on: dict[str, Any] = {"container": "f00", "required": required}
    return (
        AwaitHealthy(deadline_seconds=120.0, **on, **named("container", name, "healthy")),
        AwaitCompleted(**on, **named("container", name, "completed")),
    )


def test_what_others_wait_for_is_said() -> None:
    healthy, completed = gates("db-1")
    assert told(
        Started(healthy),
        done(healthy, 3.2),
        Started(completed),
        failed(completed, "exited with code 3", "see its last lines", ("last words",)),
        skipped(start("web-1", completed.id)),
        done(PauseContainer(container="f00", **named("container", "idle-1", "pause"))),
    ) == [
        "  · container db-1: waiting until it is healthy",
        "  ✓ container db-1 healthy (3.2 s)",
        "  · container db-1: waiting until it has completed",
        "  ✗ container db-1: exited with code 3",
        "      see its last lines",
        "      | last words",
        "  ! container web-1 not started, because container db-1 failed",
        "  ✓ container idle-1 paused (0.4 s)",
    ]


def test_a_gate_that_is_passed_without_what_it_waited_for_is_a_warning() -> None:
    healthy, _ = gates("db-1", required=False)
    passed = ActionOutcome(healthy, Result.DONE, 3.2, ReconcilerError("is unhealthy", "mend it"))
    assert told(passed) == ["  ! container db-1: is unhealthy; others go on without it"]


def test_a_replacement_reads_as_one_story() -> None:
    seconds = (0.1, 1.2, 0.3, 2.0, 0.0, 0.0, 0.2)
    steps = [done(action, took) for action, took in zip(replacement("hello-db-1"), seconds, strict=True)]
    assert told(*steps) == [
        "  · container hello-db-1: new one created (0.1 s)",
        "  · container hello-db-1: old one stopped (1.2 s)",
        "  · container hello-db-1: new one started, to prove itself (0.3 s)",
        "  · container hello-db-1: new one proved itself (2.0 s)",
        "  ✓ container hello-db-1 replaced (3.6 s)",
    ]
    assert told(*steps, style=ON)[-2:] == [
        "\x1b[2m  · container hello-db-1: new one proved itself (2.0 s)\x1b[0m",
        "  \x1b[32m✓\x1b[0m container hello-db-1 replaced (3.6 s)",
    ]


def test_a_rolled_back_replacement_says_why_and_who_serves() -> None:
    assert told(*rolled_back()) == [
        "  · container hello-db-1: new one created (0.4 s)",
        "  · container hello-db-1: old one stopped (1.2 s)",
        "  · container hello-db-1: new one started, to prove itself (0.4 s)",
        "  ✗ container hello-db-1: the new container exited with code 1",
        "      see its last lines, and mend the spec or the image",
        "      | FATAL:  data directory has wrong ownership",
        "      |",
        "      | exit    1",
        "  ← container hello-db-1: new container removed again (0.2 s)",
        "  ← container hello-db-1: old container started again (0.5 s)",
    ]
    assert told(*rolled_back(), style=ON)[3:9] == [
        "  \x1b[1;31m✗\x1b[0m container hello-db-1: the new container exited with code 1",
        "      see its last lines, and mend the spec or the image",
        "\x1b[2m      | FATAL:  data directory has wrong ownership\x1b[0m",
        "\x1b[2m      |\x1b[0m",
        "\x1b[2m      | exit    1\x1b[0m",
        "  \x1b[33m←\x1b[0m container hello-db-1: new container removed again (0.2 s)",
    ]


def test_names_go_back_too_and_what_can_not_be_taken_back_is_said() -> None:
    made, stop, _begin, _prove, away, into, last = replacement("hello-db-1")
    assert told(
        undone(into),
        undone(away),
        failed(undo(away), "no such container"),
        failed(undo(made), "removal in progress"),
        failed(undo(stop), "host port 5432 is already in use", "stop who holds it"),
        failed(last, "device or resource busy"),
    ) == [
        "  ← container hello-db-1: old container has its name again (0.2 s)",
        "  ✗ container hello-db-1: it could not be taken back: no such container",
        "  ✗ container hello-db-1: the new container could not be removed again: removal in progress",
        "  ✗ container hello-db-1: the old container could not be started again: host port 5432 is already in use",
        "      stop who holds it",
        "  ✗ container hello-db-1: replaced, but the old container could not be removed: device or resource busy",
    ]


def test_what_is_skipped_is_said_once_a_resource_with_the_first_cause() -> None:
    image = pull("nginx:9")
    first = create("web-1", "", image.id)
    second = create("api-1", "", first[1].id)
    third = [start("job-1", second[1].id)]
    group = replacement("db-1")
    assert told(
        failed(image, "there is no image nginx:9", "check its name"),
        *(skipped(action, "pull of image nginx:9 failed") for action in (*first, *second, *third)),
        *(skipped(action, "stopped") for action in group),
        *(skipped(action) for action in removal("old-1")),
    ) == [
        "  ✗ image nginx:9: there is no image nginx:9",
        "      check its name",
        "  ! container web-1 not created, because image nginx:9 failed",
        "  ! container api-1 not created, because image nginx:9 failed",
        "  ! container job-1 not started, because image nginx:9 failed",
        "  ! container db-1 not replaced: stopped",
        "  ! container old-1 not stopped",
    ]


def test_the_own_failure_of_a_resource_is_enough() -> None:
    made, begin = create("web-1")
    assert told(done(made, 0), failed(begin, "host port 8080\nis taken"), skipped(begin, "x")) == [
        "  ✓ container web-1 created",
        "  ✗ container web-1: host port 8080 is taken",
    ]


def test_names_messages_and_logs_can_not_break_the_terminal() -> None:
    lines = told(
        done(create("a\x1b[2Jb\n")[0], 0),
        failed(
            start("c\rd"), "bad\x1b]0;title\x07", "h\ti", ("10%\r20%\x1b[2K", "\x1b[1;31mred\x1b[0m\x08", "x" * 999)
        ),
    )
    assert lines[:5] == [
        "  ✓ container a\\e[2Jb\\n created",
        "  ✗ container c\\rd: bad�]0;title�",
        "      h i",
        "      | 10%\\r20%",
        "      | red�",
    ]
    assert lines[5] == f"      | {'x' * 150}…{'x' * 149}"


def test_a_reader_who_goes_away_does_not_stop_the_apply() -> None:
    class Gone(io.StringIO):
        calls = 0

        def write(self, text: str) -> int:
            self.calls += 1
            raise BrokenPipeError

    stream = Gone()
    progress = ProgressText(stream, OFF)
    progress(done(start("a")))
    progress(done(start("b")))
    assert stream.calls == 1


def test_a_terminal_without_the_signs_gets_question_marks() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1")
    ProgressText(stream, OFF)(done(start("é-1"), 0))
    assert raw.getvalue().decode("latin-1") == "  ? container é-1 started\n"


# --- the closing lines -------------------------------------------------------------------------------------


def everything_done() -> list[ActionOutcome]:
    steps = [import_("hello-web:1"), *create("hello-web-1"), *replacement("hello-db-1"), start("hello-job-1")]
    return [done(action) for action in (*steps, *removal("hello-old-1"))]


def test_all_done() -> None:
    text = "hello is as declared: 1 imported, 1 created, 1 replaced, 1 started, 1 removed"
    assert outcome_text(outcome(hello(), *everything_done()), OFF, seconds=4.21) == f"{text} (4.2 s)."
    assert outcome_text(outcome(hello(), *everything_done()), ON) == f"\x1b[32m{text}.\x1b[0m"
    assert outcome_text(outcome(plan()), OFF) == "hello is as declared: nothing to do."
    down = outcome(plan(change("container", "web-1", "remove")), *(done(action) for action in removal("web-1")))
    assert outcome_text(down, OFF, settled="is down") == "hello is down: 1 removed."


def test_what_is_held_back_is_not_as_declared() -> None:
    held = change("container", "hello-bad-1", "hold", "failed before")
    assert outcome_text(outcome(plan(held, change("image", "a", "pull")), done(pull("a"))), OFF) == (
        "hello is as declared, but for 1 held back: 1 pulled."
    )


def test_partly_failed() -> None:
    made, begin = create("hello-web-1")
    result = outcome(
        hello(),
        done(import_("hello-web:1")),
        done(made),
        failed(begin, "host port 8080 is already in use"),
        *rolled_back(),
        skipped(start("hello-job-1", begin.id)),
        *(done(action) for action in removal("hello-old-1")),
    )
    assert result.exit_code is ExitCode.PARTLY_FAILED
    assert outcome_text(result, OFF, seconds=4.2).split("\n") == [
        "Partly failed: 1 imported, 1 removed; 2 of 5 could not be done, 1 skipped (4.2 s).",
        "  container hello-db-1: the old container serves again.",
        "Once that is mended, run the same command again to go on.",
    ]
    assert outcome_text(result, ON).startswith("\x1b[1;31mPartly failed: ")


def test_of_many_resources_those_that_failed_are_named_again() -> None:
    names = [f"hello-{number}" for number in range(11)]
    events = [failed(start(name), "no") if name == "hello-3" else done(start(name)) for name in names]
    result = outcome(plan(*(change("container", name, "start") for name in names)), *events)
    assert outcome_text(result, OFF).split("\n") == [
        "Partly failed: 10 started; 1 of 11 could not be done.",
        "  container hello-3",
        AGAIN,
    ]
    assert outcome_text(result, ON, width=40).split("\n")[:3] == [
        "\x1b[1;31mPartly failed: 10 started; 1 of 11 could\x1b[0m",
        "\x1b[1;31mnot be done.\x1b[0m",
        "  container hello-3",
    ]


def test_what_is_skipped_for_one_that_was_there_already() -> None:
    healthy, _ = gates("hello-db-1")
    made, begin = create("hello-web-1", healthy.id)
    result = outcome(
        plan(change("container", "hello-web-1", "create")), done(made), failed(healthy, "is unhealthy"), skipped(begin)
    )
    assert outcome_text(result, OFF).split("\n") == ["Failed: 1 of 1 skipped.", AGAIN]


def replaced(*events: ActionOutcome) -> list[str]:
    return outcome_text(outcome(plan(change("container", "hello-db-1", "replace")), *events), OFF).split("\n")


AGAIN = "Once that is mended, run the same command again to go on."


def test_rolled_back() -> None:
    assert replaced(*rolled_back()) == [
        "Rolled back: 1 of 1 could not be done.",
        "  container hello-db-1: the old container serves again.",
        AGAIN,
    ]


def test_what_became_of_the_old_container() -> None:
    made, stop, begin, prove, away, into, last = replacement("hello-db-1")
    assert replaced(failed(made, "no"), *map(skipped, (stop, begin, prove, away, into, last))) == [
        "Failed: 1 of 1 could not be done. Nothing was changed.",
        "  container hello-db-1: the old container still runs.",
        AGAIN,
    ]
    assert replaced(done(made), failed(stop, "no"), *map(skipped, (begin, prove, away, into, last)), undone(made))[
        1
    ] == ("  container hello-db-1: the old container was not replaced.")
    assert replaced(*rolled_back()[:-1], failed(undo(stop), "port taken"))[1] == (
        "  container hello-db-1: the old container could not be started again."
    )
    assert replaced(*rolled_back(), failed(undo(made), "busy"))[1] == (
        "  container hello-db-1: not everything could be taken back."
    )
    was_stopped = [step for step in rolled_back() if step.action.id != stop.id]
    assert replaced(*was_stopped)[1] == "  container hello-db-1: the old container is as it was."


def test_a_replacement_whose_old_container_can_not_be_removed_has_happened() -> None:
    *steps, last = replacement("hello-db-1")
    assert replaced(*map(done, steps), failed(last, "busy")) == [
        "Failed: 1 of 1 could not be done.",
        AGAIN,
    ]


@pytest.mark.parametrize(("timeout", "claim"), [(False, " Nothing was changed."), (True, "")])
def test_failed_without_a_change_says_so_only_where_it_is_known(timeout: bool, claim: str) -> None:
    event = failed(pull("a"), "no such image")
    if timeout:
        event = ActionOutcome(pull("a"), Result.FAILED, 0.1, EngineTimeout("no answer"))
    text = outcome_text(outcome(plan(change("image", "a", "pull")), event), OFF, seconds=90)
    assert text.split("\n") == [f"Failed: 1 of 1 could not be done (1 min 30 s).{claim}", AGAIN]


def test_interrupted_says_what_is_left() -> None:
    made, begin = create("hello-web-1")
    result = outcome(
        hello(),
        done(import_("hello-web:1")),
        done(made),
        *map(skipped, (begin, *replacement("hello-db-1"), start("hello-job-1"), *removal("hello-old-1"))),
        interrupted=True,
    )
    assert outcome_text(result, OFF, seconds=1.0).split("\n") == [
        "Interrupted (1.0 s): 1 imported; left of 5: 1 to create, 1 to replace, 1 to start, 1 to remove.",
        "  container hello-web-1",
        "  container hello-db-1",
        "  container hello-job-1",
        "  container hello-old-1",
        "Run the same command again to go on.",
    ]
    many = plan(*(change("container", f"c-{number}", "start") for number in range(8)))
    left = outcome(many, *(skipped(start(f"c-{number}")) for number in range(8)), interrupted=True)
    assert outcome_text(left, OFF).split("\n")[-3:] == [
        "  container c-4",
        "  and 3 more",
        "Run the same command again to go on.",
    ]


def test_interrupted_in_a_replacement_says_that_the_old_container_serves() -> None:
    made, stop, *rest = replacement("hello-db-1")
    result = outcome(
        plan(change("container", "hello-db-1", "replace")),
        undone(made),
        undone(stop),
        *map(skipped, rest),
        interrupted=True,
    )
    assert outcome_text(result, OFF).split("\n") == [
        "Interrupted: left of 1: 1 to replace.",
        "  container hello-db-1: the old container serves again.",
        "Run the same command again to go on.",
    ]


def test_the_old_container_of_a_replacement_is_known_by_its_name() -> None:
    plain = RemoveContainer(container="f00", expected_name="db-1.old", **named("container", "db-1.old", "remove"))
    assert told(done(plain, 0)) == ["  ✓ container db-1.old removed"]


def test_quiet_tells_of_what_fails_and_of_nothing_else() -> None:
    stream = io.StringIO()
    progress = ProgressText(stream, OFF, quiet=True)
    progress(Started(pull("nginx:1")))
    for event in (done(pull("nginx:1")), *rolled_back()):
        progress(event)
    assert [line[:3] for line in stream.getvalue().splitlines()] == ["  ✗", "   ", "   ", "   ", "   "]


def test_what_was_waited_for_and_is_not_ready() -> None:
    [made, begin] = create("hello-web-1")
    ended = outcome(plan(change("container", "hello-web-1", "create"), actions=(made, begin)), done(made), done(begin))
    healthy = AwaitHealthy(container="f00", deadline_seconds=0, **named("container", "hello-web-1", "ready"))
    late = replace(ended, not_ready=(failed(healthy, "was not ready within 60 s: is not healthy"),))
    assert late.exit_code is ExitCode.PARTLY_FAILED
    assert outcome_text(late, OFF, seconds=61).splitlines() == [
        "Not ready: 1 created, and 1 container is not ready (1 min 1 s).",
        "  container hello-web-1",
    ]
