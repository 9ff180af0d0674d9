"""How often Python looks for circles of objects: seldom in a command, before long in a process that stays."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.garbage import collect_seldom, collect_steadily

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_a_process_that_stays_looks_sooner_than_a_command() -> None:
    collect_seldom()
    seldom = gc.get_threshold()[0]
    collect_steadily()
    assert gc.get_threshold()[0] < seldom


def test_what_is_loaded_by_then_is_not_looked_at_again() -> None:
    collect_steadily()
    assert gc.get_freeze_count() > 0
