"""What is read and can't be carried out yet: each is a conflict that names it, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.fields.table import NOT_YET
from reconciler.planning.not_yet import not_yet
from reconciler.spec.model import Container, Settings, Spec
from tests.support.samples import CONTENTS, SAMPLES

NAMED: dict[str, Any] = {
    "adopt": True,
    "drift": {"mode": "report"},
    "post_start": [{"command": "up"}],
    "pre_stop": [{"command": "down"}],
}
PARTS: list[tuple[dict[str, Any], str]] = [
    ({"update": {"order": "start-first"}}, "`update.order`"),
    ({"update": {"monitor": "9s"}}, "`update.monitor`"),
    ({"update": {"failure_action": "pause"}}, "`update.failure_action`"),
    ({"update": {"drain": "9s"}}, "`update.drain`"),
    ({"update": {"before": "backup"}}, "`update.before`"),
]


def said(container: dict[str, Any], **more: Any) -> list[str]:
    spec = {
        "name": "p",
        "containers": {"web": {"image": "a:1", **container}},
        "networks": {name: {} for name in ("back", "front", "static")},
        "volumes": {name: {} for name in ("v", "pages")},
        **CONTENTS,
        **more,
    }
    return [conflict.message for conflict in not_yet(Spec.model_validate(spec, context={"folder": None}))]


@pytest.mark.parametrize("name", NOT_YET)
def test_an_attribute(name: str) -> None:
    (message,) = said({name: NAMED[name]})
    assert message == f'container "p-web-1": `{name}` is read, but this version does not carry it out yet'


@pytest.mark.parametrize(("container", "what"), PARTS)
def test_a_part_of_an_attribute(container: dict[str, Any], what: str) -> None:
    (message,) = said(container)
    assert what in message


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting(name: str) -> None:
    given = {"interval": "1m", "prune": False, "parallelism": 2, "on_failure": "stop", "sensitive": ["*_PIN"]}
    (message,) = said({}, settings={name: given[name]})
    assert message.startswith(f'project "p": `settings.{name}` is read')


@pytest.mark.parametrize("row", SAMPLES)
def test_what_has_a_row_is_carried_out(row: str) -> None:
    for sample in SAMPLES[row]:
        for value in filter(None, (sample.first, sample.again, sample.second)):
            assert said({**sample.base, **value}) == []


def test_nothing_is_said_of_an_absent_container_and_of_defaults() -> None:
    assert said({"state": "absent", "pre_stop": [{"command": "down"}]}) == []
    assert (
        said(
            {
                name: field.get_default(call_default_factory=True)
                for name, field in Container.model_fields.items()
                if name in NOT_YET and field.default is not None
            }
        )
        == []
    )
