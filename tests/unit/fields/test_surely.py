"""The short way of a row says no more than the long one: where it is sure, both agree."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.fields.base import Instance
from reconciler.fields.table import ROW
from reconciler.spec.model import Spec

NETWORKS = ROW["networks"]
SPEC = {
    "name": "p",
    "containers": {
        "web": {"image": "i", "networks": {"default": {}, "back": {"aliases": ["api"]}}},
        "fixed": {"image": "i", "networks": {"back": {"ipv4_address": "10.0.0.9"}}},
        "alone": {"image": "i", "network_mode": "host"},
    },
    "networks": {"default": {}, "back": {}},
}
ID = "0123456789abcdef"


def there(**changes: Any) -> dict[str, Any]:
    """`web` as wanted, but for these settings of its network `back`."""
    return {
        "Id": ID,
        "Name": "/p-web-1",
        "Config": {"Hostname": ID[:12], "Labels": {}},
        "HostConfig": {"NetworkMode": "p_default"},
        "NetworkSettings": {
            "Networks": {
                "p_default": {"Aliases": ["web", ID[:12]], "IPAMConfig": None},
                "p_back": {"Aliases": ["api", "web"], "IPAMConfig": {}, **changes},
            }
        },
    }


def both(key: str, inspect: dict[str, Any]) -> tuple[bool, bool]:
    """What the short way says, and the long one."""
    instance = Instance(Spec.model_validate(SPEC), key)
    assert NETWORKS.surely
    return NETWORKS.surely(instance, inspect), NETWORKS.same(NETWORKS.wanted(instance), NETWORKS.actual(inspect))


def test_what_nearly_all_have_needs_no_closer_look() -> None:
    assert both("web", there()) == (True, True)
    assert both("web", there(Aliases=["web", "api", ID[:12]])) == (True, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"Aliases": ["web"]},
        {"Aliases": None},
        {"Aliases": ["web", "api", "more"]},
        {"IPAMConfig": {"IPv4Address": "10.0.0.3"}},
        {"DriverOpts": {"a": "b"}},
        {"Links": ["db:db"]},
        {"GwPriority": 5},
    ],
)
def test_no_difference_is_passed_over(changes: dict[str, Any]) -> None:
    assert both("web", there(**changes)) == (False, False)


def test_another_network_or_mode_is_no_surety() -> None:
    more, fewer, mode = there(), there(), there()
    more["NetworkSettings"]["Networks"]["other"] = {"Aliases": []}
    del fewer["NetworkSettings"]["Networks"]["p_back"]
    mode["HostConfig"]["NetworkMode"] = "bridge"
    assert [both("web", one) for one in (more, fewer, mode)] == [(False, False)] * 3


@pytest.mark.parametrize("key", ["fixed", "alone"])
def test_what_has_more_than_aliases_is_looked_at_closely(key: str) -> None:
    assert both(key, there())[0] is False
