"""What is held of a real Engine is what there is, whatever happens there, and whether its events are heard or not."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

import pytest

from reconciler.engine.engine import DockerEngine, connect
from reconciler.engine.feed import Feed
from reconciler.execution.clock import SystemClock
from reconciler.execution.executor import apply
from reconciler.planning.planner import plan
from reconciler.spec.model import Spec
from tests.support.engine import wait_for
from tests.support.proxy import Proxy
from tests.support.telling import Heard, held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.engine.client import Client
    from tests.support.engine import Engine


class Watched:
    """An Engine behind a proxy, and a feed of it."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.heard = Heard()
        self.feed = Feed(
            lambda: connect(proxy.host),
            SystemClock(),
            changed=self.heard,
            away=lambda _error: self.heard("away"),
            back=lambda: self.heard("back"),
        )
        self.feed.start()
        self.expect_told(None)

    def expect_told(self, *words: str | None) -> None:
        wait_for(lambda: set(words) <= set(self.heard.all()), f"{words} to be told")

    def held(self, of: str = "") -> dict[str, Any]:
        assert self.feed._cache is not None
        return _of(of, held(self.feed._cache))

    def expect_current(self, engine: DockerEngine, of: str = "") -> None:
        """Sooner or later."""
        client = engine.client
        wait_for(lambda: self.held(of) == _of(of, held(client)), "the cache to be as the Engine is")


def _of(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """What is named so: other tests share the Engine, and make images and volumes of their own."""
    if not name:
        return found
    containers = {
        one: row for one, row in found["containers"].items() if any(name in known for known in row["Names"] or ())
    }
    return {
        "containers": containers,
        # Between the list and the inspect one may have gone.
        "inspects": {one: found["inspects"].get(one) for one in containers},
        "networks": {one: row for one, row in found["networks"].items() if name in row["Name"]},
        "volumes": {one: row for one, row in found["volumes"].items() if name in one},
        "images": {
            one: row for one, row in found["images"].items() if any(name in tag for tag in row["RepoTags"] or ())
        },
    }


@pytest.fixture
def fresh(engine: Engine) -> Iterator[DockerEngine]:
    with connect(engine.host) as found:
        yield found


@pytest.fixture
def watched(engine: Engine) -> Iterator[Watched]:
    with Proxy(engine.socket) as proxy, contextlib.ExitStack() as stack:
        one = Watched(proxy)
        stack.callback(one.feed.close)
        yield one


def _changes(name: str, image: str) -> list[list[str]]:
    """One of every sort, each by what it takes on the command line."""
    labels = ["--label", f"io.reconciler.project={name}", "--label", "io.reconciler.resource=web"]
    probe = ["--health-cmd", "test -e /well", "--health-interval", "1s"]
    web, new, net = f"{name}-web", f"{name}-new", f"{name}-net"
    mounts = ["-v", f"{name}-data:/data", "-v", "/any"]
    sleep = [image, "sleep", "1000"]
    return [
        ["create", "--name", web, *labels, *probe, "--init", "-p", "8080", *mounts, *sleep],
        ["start", web],
        ["exec", web, "touch", "/well"],
        ["pause", web],
        ["unpause", web],
        ["restart", "-t", "0", web],
        ["kill", web],
        ["start", web],
        ["rename", web, new],
        ["update", "--memory", "100m", "--memory-swap", "100m", new],
        ["network", "create", net],
        ["network", "connect", "--alias", "x", net, new],
        ["network", "disconnect", net, new],
        ["network", "rm", net],
        ["volume", "create", f"{name}-more"],
        ["volume", "rm", f"{name}-more"],
        ["tag", image, f"{name}-image:1"],
        ["tag", image, f"{name}-image:2"],
        ["rmi", f"{name}-image:1"],
        ["stop", "-t", "0", new],
        ["commit", new, f"{name}-image:3"],
        ["run", "--rm", "--name", f"{name}-once", image, "true"],
        ["rm", "-fv", new],
        ["rmi", f"{name}-image:2", f"{name}-image:3"],
        ["volume", "rm", f"{name}-data"],
    ]


def test_after_every_sort_of_change_the_cache_is_as_the_engine_is(
    engine: Engine, watched: Watched, fresh: DockerEngine, project: str, busybox_image: str
) -> None:
    for change in _changes(project, busybox_image):
        engine.docker(*change)
        watched.expect_current(fresh, project)
    assert watched.feed.misses == 0


def test_changes_of_ones_own_wake_nobody_and_are_known_at_once(
    engine: Engine, watched: Watched, fresh: DockerEngine, project: str, busybox_image: str
) -> None:
    spec = Spec.model_validate(
        {
            "name": project,
            "networks": {"front": {}},
            "volumes": {"data": {}},
            "containers": {
                "web": {
                    "image": busybox_image,
                    "command": ["sleep", "1000"],
                    "networks": ["front", "default"],
                    "volumes": ["data:/data", "/any"],
                    "init": True,
                    "pull_policy": "never",
                }
            },
        }
    )
    cached = watched.feed.engine
    for number in (1, 2):  # made, then replaced
        changed = spec.model_copy(
            update={"containers": {"web": spec.containers["web"].model_copy(update={"labels": {"n": str(number)}})}}
        )
        todo = plan(changed, cached.observe(project, changed))
        assert todo.actions
        outcome = apply(todo, cached, SystemClock())
        assert not outcome.failed, [one.error for one in outcome.failed]
        assert plan(changed, cached.observe(project, changed)).in_sync
        watched.expect_current(fresh, project)
    # What came after all of that is told, and so all of that has been heard by then.
    web = cached.observe(project).containers[0].id
    before = watched.heard.all().count(project)
    engine.docker("pause", web)
    wait_for(lambda: watched.heard.all().count(project) > before, "the pause to be told of")
    assert (before, watched.heard.all().count(project)) == (0, 1)
    watched.proxy.clear()
    cached.observe(project, spec)
    assert not [one for one in watched.proxy.requests if project in one.query or "/images" in one.path]


def test_what_events_did_not_tell_a_full_list_finds_and_counts(
    engine: Engine, watched: Watched, fresh: DockerEngine, project: str, busybox_image: str
) -> None:
    web, other = f"{project}-web", f"{project}-other"
    labels = ["--label", f"io.reconciler.project={project}", "--label", "io.reconciler.resource=web"]
    for name in (web, other):
        engine.docker("run", "-d", "--init", "--name", name, *labels, busybox_image, "sleep", "1000")
    watched.expect_current(fresh, project)
    watched.feed.resync()
    before = watched.feed.misses
    watched.proxy.is_losing_events = True
    engine.docker("kill", web)
    engine.docker("update", "--memory", "100m", "--memory-swap", "100m", other)
    engine.docker("volume", "create", f"{project}-more")
    assert watched.feed.resync() >= 3  # other tests may run beside this one
    watched.proxy.is_losing_events = False  # only now: an event may be late
    assert watched.feed.misses >= before + 3
    watched.expect_current(fresh, project)
    engine.docker("start", web)
    watched.expect_current(fresh, project)


def test_an_engine_that_is_killed_and_comes_back_is_listed_again(private_engine: Callable[..., Engine]) -> None:
    from tests.support.engine import BUSYBOX  # made on this Engine alone

    engine = private_engine("--live-restore")
    image = engine.import_image(BUSYBOX, changes=['CMD ["sh"]'])
    labels = ["--label", "io.reconciler.project=p", "--label", "io.reconciler.resource=web"]
    engine.docker("run", "-d", "--init", "--name", "web", *labels, image, "sleep", "1000")
    heard = Heard()
    feed = Feed(
        lambda: connect(engine.host),
        SystemClock(),
        changed=heard,
        away=lambda _error: heard("away"),
        back=lambda: heard("back"),
    )
    try:
        feed.start()
        wait_for(lambda: None in heard.all(), "the first connection")
        assert [one.status for one in feed.engine.observe("p").containers] == ["running"]
        heard.clear()
        engine.kill()
        wait_for(lambda: "away" in heard.all(), "it to be missed")
        engine.restart()
        since = heard.all().index("away")
        wait_for(lambda: None in heard.all()[since:], "it to be back")
        assert heard.all()[since : since + 3] == ["away", "back", None]
        engine.docker("kill", "web")
        wait_for(
            lambda: [one.status for one in feed.engine.observe("p").containers] == ["exited"],
            "events to come again",
        )
        with connect(engine.host) as fresh:
            assert feed._cache is not None
            cache = cast("Client", feed._cache)
            wait_for(lambda: held(cache) == held(fresh.client), "the cache to be as the Engine is")
    finally:
        feed.close()
