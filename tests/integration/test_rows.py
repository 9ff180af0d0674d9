"""Every row of the field table on a real Engine: declared, spelt otherwise, changed, and taken out again.

All samples are containers of one spec, so that each step is one apply. Most are never started, since a container that
was only created shows its fields as well as one that runs; what can be mended in place is tried on running ones.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler import load, observe
from reconciler.errors import ExitCode
from reconciler.fields import ownership
from reconciler.fields.base import Instance
from reconciler.fields.table import TABLE
from reconciler.planning.diff import differences
from tests.integration.world import IDLE, a_world, changes, failures, peers
from tests.support.samples import CONTENTS, REPLACE, SAMPLES, UPDATE, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.planning.plan import Change
    from tests.integration.world import World
    from tests.support.engine import Engine

CASES = {
    f"{path}-{number}": sample
    for path, samples in SAMPLES.items()
    for number, sample in enumerate(samples, 1)
    if not sample.refused
}


SECOND = [key for key, sample in CASES.items() if sample.second]
AGAIN = [key for key, sample in CASES.items() if sample.again]


@dataclass
class Step:
    """One apply of the spec that holds all samples; each mapping by the key of the sample."""

    planned: dict[str, Change]
    before: dict[str, Any]
    after: dict[str, Any]
    left: dict[str, tuple[str, list[str]]]
    failed: list[str]
    disagreements: list[str]
    """Where a comparison row by row, and one that trusts the digest, come to different results."""


@dataclass
class Story:
    """What became of all samples."""

    world: World
    unknown: set[str]
    """Samples that are newer than this Engine's API."""
    refusals: list[str]
    plain: Step | None = None
    steps: dict[str, Step] = field(default_factory=dict)
    respelt: dict[str, tuple[str, list[str]]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(engine: Engine, idle_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with a_world(engine, idle_image, tmp_path_factory.mktemp("rows")) as world:
        for number in (2, 3):
            engine.import_image(f"test-idle:{number}", {f"/{number}": ""}, changes=[f"CMD {json.dumps(IDLE)}"])
        options = ("--subnet", "10.77.0.0/24", "--ipv6", "--subnet", "fd77::/64")
        engine.docker("network", "create", *options, f"{world.project}-static")
        try:
            yield tell(world)
        finally:
            with world.connect():
                world.declare({"none": {"state": "absent"}})
                world.apply()
            engine.docker("network", "rm", f"{world.project}-static")


def tell(world: World) -> Story:
    unknown = newer_than(world, CASES)
    cases = {key: sample for key, sample in CASES.items() if key not in unknown}
    declare(world, {key: {**sample.base, **sample.first} for key, sample in CASES.items()})
    story = Story(world, unknown, refusals=[str(one) for one in world.plan().conflicts])
    plain = {key: {"state": "running" if sample.running else "stopped", **sample.base} for key, sample in cases.items()}
    story.plain = run(world, plain)
    first = {key: {**plain[key], **sample.first} for key, sample in cases.items()}
    story.steps["added"] = run(world, first)
    declare(world, {key: {**plain[key], **(sample.again or sample.first)} for key, sample in cases.items()})
    story.respelt = by_key(world, world.plan().changes)
    second = {key: {**plain[key], **(sample.second or sample.first)} for key, sample in cases.items()}
    story.steps["changed"] = run(world, second)
    story.steps["removed"] = run(world, plain)
    return story


def declare(world: World, containers: Mapping[str, Mapping[str, Any]]) -> None:
    (world.folder / "key.txt").write_text("a secret")
    text = json.dumps(containers).replace("PROJECT", world.project)
    world.declare(
        json.loads(text),
        volumes={"pages": {}},
        **CONTENTS,
        networks={"front": {}, "back": {}, "static": {"external": True, "name": f"{world.project}-static"}},
    )


def run(world: World, containers: Mapping[str, Mapping[str, Any]]) -> Step:
    declare(world, containers)
    before = inspects(world)
    planned = world.plan()
    disagreed = disagreements(world)
    outcome = world.apply()
    failed = failures(outcome) + ([] if outcome.exit_code is ExitCode.OK else [repr(outcome.exit_code)])
    return Step(
        planned={key_of(world, one.resource.name): one for one in planned.changes if one.resource.kind == "container"},
        before=before,
        after=inspects(world),
        left=changes(world.plan()),
        failed=failed,
        disagreements=disagreed + disagreements(world),
    )


def inspects(world: World) -> dict[str, Any]:
    found = [world.engine.inspect(name) for name in world.names()]
    return {one["Config"]["Labels"][ownership.RESOURCE]: one for one in found}


def key_of(world: World, name: str) -> str:
    if name in {f"{world.project}.one", f"{world.project}-two"}:
        return "container_name-1"
    return name.removeprefix(f"{world.project}-").removesuffix("-1")


def by_key(world: World, found: tuple[Change, ...]) -> dict[str, tuple[str, list[str]]]:
    return {key_of(world, one.resource.name): (one.operation.value, [it.path for it in one.fields]) for one in found}


def disagreements(world: World) -> list[str]:
    """Where the comparison of all rows, and the one that the digest shortens, see different things."""
    spec = load(world.folder)
    with world.connect() as engine:
        snapshot = observe(engine, spec)
    found = []
    for container in snapshot.containers:
        key = container.resource
        if key not in spec.containers or (key in CASES and CASES[key].dropped):
            continue
        image = snapshot.image(spec.containers[key].image)
        used = peers(spec, key, snapshot)
        image_id = image.id if image else None
        instance = Instance(spec, key, image_id=image_id, peers=used, digests=snapshot.content_digests)
        short, whole = (
            [(change.path, mend) for change, mend in differences(instance, container, snapshot, trust_digest=trust)]
            for trust in (True, False)
        )
        if short != whole:
            found.append(f"{key}: {short} by the digest, {whole} row by row")
    return found


def newer_than(world: World, cases: Mapping[str, Sample]) -> set[str]:
    """The samples that this Engine's API does not know."""
    declare(world, {key: {**sample.base, **sample.first} for key, sample in cases.items()})
    spec = load(world.folder)
    with world.connect() as engine:
        api = observe(engine, spec).engine.api
    instances = {key: Instance(spec, key) for key in cases}
    return {
        key
        for key, instance in instances.items()
        for row in TABLE
        if row.is_declared(instance) and max(row.since(row.wanted(instance)).values(), default=api) > api
    }


def is_refused(story: Story, key: str) -> bool:
    """Whether this Engine's API does not know the sample: then the plan must have refused it by name."""
    if key not in story.unknown:
        return False
    assert any(f'"{key}"' in one or f"-{key}-1" in one for one in story.refusals), story.refusals
    return True


def test_what_the_engine_does_not_know_is_refused_by_name(story: Story) -> None:
    assert len(story.refusals) == len(story.unknown)
    for key in story.unknown:
        assert is_refused(story, key)


@pytest.mark.parametrize("step", ["added", "changed", "removed"])
def test_a_second_plan_is_empty(story: Story, step: str) -> None:
    assert story.steps[step].failed == []
    assert story.steps[step].left == {}


@pytest.mark.parametrize("step", ["added", "changed", "removed"])
def test_both_ways_of_comparing_agree(story: Story, step: str) -> None:
    assert story.steps[step].disagreements == []


@pytest.mark.parametrize("key", AGAIN)
def test_another_spelling_is_no_difference(story: Story, key: str) -> None:
    assert is_refused(story, key) or story.respelt.get(key) is None


@pytest.mark.parametrize("key", CASES)
def test_a_row_that_is_declared_is_that_difference_alone(story: Story, key: str) -> None:
    if not is_refused(story, key):
        expect(story, key, "added", *CASES[key].added)


@pytest.mark.parametrize("key", SECOND)
def test_a_row_that_changes_is_that_difference_alone(story: Story, key: str) -> None:
    if not is_refused(story, key):
        expect(story, key, "changed", *CASES[key].changed)


@pytest.mark.parametrize("key", CASES)
def test_a_row_that_is_no_longer_declared_is_that_difference_alone(story: Story, key: str) -> None:
    if not is_refused(story, key):
        expect(story, key, "removed", *CASES[key].removed)


def expect(story: Story, key: str, step: str, operation: str, paths: tuple[str, ...]) -> None:
    done = story.steps[step]
    change = done.planned.get(key)
    found = (change.operation.value, sorted(one.path for one in change.fields)) if change else ("", [])
    if CASES[key].dropped and step == "removed" and not change:
        return  # nothing of it ever got there
    assert found == (operation, sorted(path.replace("PROJECT", story.world.project) for path in paths))
    before, after = done.before[key], done.after[key]
    assert (before["Id"] == after["Id"]) is (operation != "replace")
    if operation in {UPDATE, ""}:
        assert before["State"]["StartedAt"] == after["State"]["StartedAt"]
        assert before["RestartCount"] == after["RestartCount"]


# --- random combinations ----------------------------------------------------------------------------------------

TOGETHER = {key: sample for key, sample in CASES.items() if not (sample.alone or sample.running or sample.dropped)}
"""One sample a row: those that go with each other, on a container that is never started."""

COMBINATION = st.dictionaries(st.sampled_from(sorted(TOGETHER)), st.booleans(), min_size=2)
"""Sample → whether it changes in the second step."""


RANDOM_SPECS = os.environ.get("RECONCILER_RANDOM_SPECS")
"""How many specs a nightly run tries, others each time; without it, the same 40."""

AT_ONCE = 20
"""So many containers are applied together: each is as good as a spec of its own."""

REMOVED_FROM_FIRST = {"logging-1": ("logging.driver", "logging.options.max-file", "logging.options.max-size")}
"""Where other paths go with the first value than came with it."""


def test_rows_in_any_combination(story: Story) -> None:
    # The first example is always the smallest that there is.
    @settings(
        max_examples=1 + -(-int(RANDOM_SPECS or 40) // AT_ONCE),
        derandomize=not RANDOM_SPECS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        print_blob=True,
    )
    @given(st.lists(COMBINATION, min_size=AT_ONCE, max_size=AT_ONCE))
    def each_of_twenty_containers(drawn: list[dict[str, bool]]) -> None:
        combine(story.world, [{key: one[key] for key in one if key not in story.unknown} for one in drawn])

    each_of_twenty_containers()


def combine(world: World, drawn: list[dict[str, bool]]) -> None:
    made = run(world, {f"c{number}": merged(one, "first") for number, one in enumerate(drawn)})
    assert (made.failed, made.left, made.disagreements) == ([], {}, [])
    changed = run(world, {f"c{number}": merged(one, "second") for number, one in enumerate(drawn)})
    assert (changed.failed, changed.left, changed.disagreements) == ([], {}, [])
    for number, one in enumerate(drawn):
        paths = {path for key, moves in one.items() if moves and CASES[key].second for path in CASES[key].changed[1]}
        expect_replaced(changed.planned.get(f"c{number}"), paths)
    removed = run(world, {f"c{number}": {"state": "stopped"} for number, _ in enumerate(drawn)})
    assert (removed.failed, removed.left, removed.disagreements) == ([], {}, [])
    for number, one in enumerate(drawn):
        paths = {
            path
            for key, moves in one.items()
            for path in (
                CASES[key].removed[1]
                if moves and CASES[key].second
                else REMOVED_FROM_FIRST.get(key, CASES[key].added[1])
            )
        }
        expect_replaced(removed.planned.get(f"c{number}"), paths)


def expect_replaced(change: Change | None, paths: set[str]) -> None:
    """These fields differ and no others, and it takes a new container: what is mended in place has `alone` tests."""
    assert ({it.path for it in change.fields} if change else set()) == paths
    assert not change or change.operation == REPLACE


LIMITS = ("mem_limit-1", "mem_reservation-1", "cpus-1", "cpu_shares-1", "cpuset-1", "pids_limit-1", "restart-1")
UNSTARTABLE = {
    "command-1": "ends by itself",
    "gpus-1": "needs a GPU",
    "cgroup_parent-1": "needs a cgroup of the host's",
    "group_add-1": "needs a group of the image's",
    "privileged-1": "needs a host that may do all",
    "cap_add-1": "needs a host that may set its clock",
}


def test_a_start_changes_nothing_about_what_is_compared(story: Story) -> None:
    """Some of what an Engine adds, it adds when it starts a container."""
    drawn = {key: key not in story.unknown for key in TOGETHER if key not in story.unknown | UNSTARTABLE.keys()}
    limits = {name: value for key in LIMITS for name, value in CASES[key].first.items()}
    alone = {"pid-1", "security_opt-1", "ipc-1", "cgroup-1", "ulimits-1"}
    containers = {
        "all": {**merged(drawn, "first"), **limits, "state": "running"},
        **{key: {**merged({key: False}, "first"), "state": "running"} for key in alone},
    }
    done = run(story.world, containers)
    assert (done.failed, done.left, done.disagreements) == ([], {}, [])


def merged(drawn: Mapping[str, bool], which: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {"state": "stopped"}
    for key, moves in sorted(drawn.items()):
        sample = CASES[key]
        attributes |= (sample.second if which == "second" and moves else None) or sample.first
    return attributes
