"""Every plan that these tests make is made a second time without the short way past what is as wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.planning import instances
from reconciler.planning.planner import plan
from tests.support import simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.planning.plan import Plan


@pytest.fixture(autouse=True, scope="package")
def _plans_are_the_same_the_long_way() -> Iterator[None]:
    def checked(*given: Any, **more: Any) -> Plan:
        found = plan(*given, **more)
        with pytest.MonkeyPatch.context() as longer:
            longer.setattr(instances, "_needs_nothing", lambda *_: False)
            assert plan(*given, **more) == found
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated, "plan", checked)
        yield
