"""The daemon: several projects, on a simulated Engine, with threads of their own."""

from __future__ import annotations

import pytest

from reconciler.spec.model import Spec
from reconciler.watch.daemon import seconds_between


@pytest.mark.parametrize(
    ("given", "said", "seconds"),
    [
        (None, [None], 300),
        (None, ["5m", "1m", None], 60),
        (7.5, ["5m"], 7.5),
        (None, ["1ms"], 0.1),
        (None, ["0s"], 0.1),
        (None, [], 300),
    ],
)
def test_how_often_everything_is_looked_at(given: float | None, said: list[str | None], seconds: float) -> None:
    specs = [
        Spec.model_validate({"name": "p", "settings": {"interval": one} if one else {}}, context={"folder": None})
        for one in said
    ]
    assert seconds_between(given, specs) == seconds
