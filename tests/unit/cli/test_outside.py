"""The options of a watch for what it shows: from the environment too, and refused where they make no sense."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from reconciler.cli.options import source_options
from reconciler.cli.outside import Outside, observed, outside_options
from reconciler.cli.watch import command as watch
from reconciler.errors import UsageError
from reconciler.watch.log import configure
from tests.support.simulated import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.watch.log import Logging


@pytest.fixture
def logging() -> Iterator[Logging]:
    """Goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    made = configure(colours=False, descriptor=nowhere, terminal=False)
    yield made
    made.output.close(60)
    os.close(nowhere)


def begin(outside: Outside, logging: Logging) -> None:
    with ExitStack() as stack:
        stack.enter_context(observed(outside, logging, FakeClock(), lambda _: None))


@pytest.mark.parametrize(
    ("outside", "said"),
    [
        (Outside(listen="0.0.0.0:0"), "there is no token"),
        (Outside(listen="nonsense"), "is no address"),
        (Outside(token_file="/nowhere"), "nothing is served"),
        (Outside(notify=("slack=hunter2",)), "has no URL"),
        (Outside(notify_on=("failure",)), "nobody is to be told"),
    ],
)
def test_what_makes_no_sense_is_refused(outside: Outside, said: str, logging: Logging) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        begin(outside, logging)
    assert "hunter2" not in str(refused.value)


def test_without_options_nobody_is_behind_it(logging: Logging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    with observed(Outside(), logging, FakeClock(), lambda _: None) as seen:
        seen.observer.alive()
        seen.reloading()
        seen.stopping()


def test_each_option_can_be_given_by_the_environment() -> None:
    found: dict[str, Any] = {}

    @click.command(context_settings=watch.context_settings)
    @source_options
    @outside_options
    def echo(**given: Any) -> None:
        found.update(given)

    environ = {
        "RECONCILER_FILE": "/srv/a b.yaml:/srv/c.yaml",
        "RECONCILER_PROFILE": "one two",
        "RECONCILER_LISTEN": "9180",
        "RECONCILER_LOG_LEVEL": "warning",
        "RECONCILER_NOTIFY": "slack=https://a/x webhook=@/run/b",
        "RECONCILER_NOTIFY_ON": "failure rollback",
    }
    assert CliRunner().invoke(echo, ["--listen", "9181"], env=environ).exit_code == 0
    assert found["file"] == ("/srv/a b.yaml", "/srv/c.yaml")
    assert found["profile"] == ("one", "two")
    assert found["listen"] == "9181", "what the command line says comes first"
    outside = Outside.taken_from(found)
    assert (outside.log_level, outside.notify, outside.notify_on) == (
        "warning",
        ("slack=https://a/x", "webhook=@/run/b"),
        ("failure", "rollback"),
    )
    assert "notify" not in found
