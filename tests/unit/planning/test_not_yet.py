"""What is read and can't be carried out yet: each is a conflict that names it, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.fields.table import NOT_YET
from reconciler.planning.not_yet import not_yet
from reconciler.spec.model import Container, Settings, Spec
from tests.support.samples import SAMPLES

NAMED: dict[str, Any] = {
    "adopt": True,
    "configs": ["site"],
    "drift": {"mode": "report"},
    "external_links": ["old:db"],
    "links": ["db"],
    "mac_address": "02:42:ac:11:00:02",
    "post_start": [{"command": "up"}],
    "pre_stop": [{"command": "down"}],
    "secrets": ["key"],
    "volumes_from": ["db"],
}
PARTS: list[tuple[dict[str, Any], str]] = [
    ({"update": {"order": "start-first"}}, "`update.order`"),
    ({"update": {"monitor": "9s"}}, "`update.monitor`"),
    ({"update": {"failure_action": "pause"}}, "`update.failure_action`"),
    ({"update": {"drain": "9s"}}, "`update.drain`"),
    ({"update": {"before": "backup"}}, "`update.before`"),
    ({"network_mode": "service:db"}, "a namespace of another container"),
    ({"ipc": "container:other"}, "a namespace of another container"),
    ({"pid": "service:db"}, "a namespace of another container"),
    ({"networks": {"back": {"gw_priority": 1}}}, "`networks.back.gw_priority`"),
    ({"networks": {"back": {"interface_name": "eth7"}}}, "`networks.back.interface_name`"),
    ({"networks": {"back": {"mac_address": "02:42:ac:11:00:02"}}}, "`networks.back.mac_address`"),
    ({"volumes": [{"type": "image", "source": "a:1", "target": "/a"}]}, "a mount of an image"),
    ({"volumes": [{"type": "volume", "source": "v", "target": "/v", "volume": {"subpath": "a"}}]}, "the mount at /v"),
    ({"volumes": [{"type": "volume", "target": "/v", "volume": {"labels": {"a": "b"}}}]}, "the mount at /v"),
    ({"volumes": [{"type": "bind", "source": "/s", "target": "/v", "bind": {"recursive": "readonly"}}]}, "mount at /v"),
    ({"devices": ["vendor.com/gpu=0"]}, "a device by its CDI name"),
]


def said(container: dict[str, Any], **more: Any) -> list[str]:
    spec = {
        "name": "p",
        "containers": {"web": {"image": "a:1", **container}},
        "networks": {name: {} for name in ("back", "front", "static")},
        "volumes": {name: {} for name in ("v", "pages")},
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


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name != "sensitive"])
def test_a_setting(name: str) -> None:
    given = {"interval": "1m", "prune": False, "parallelism": 2, "on_failure": "stop"}
    (message,) = said({}, settings={name: given[name]})
    assert message.startswith(f'project "p": `settings.{name}` is read')


@pytest.mark.parametrize("row", SAMPLES)
def test_what_has_a_row_is_carried_out(row: str) -> None:
    for sample in SAMPLES[row]:
        for value in filter(None, (sample.first, sample.again, sample.second)):
            assert said({**sample.base, **value}) == []


def test_nothing_is_said_of_an_absent_container_and_of_defaults() -> None:
    assert said({"state": "absent", "links": ["db"]}) == []
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
