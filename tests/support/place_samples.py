"""Values of each row of the tables of networks and volumes, and what the plan says of each step between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Declared = Mapping[str, Any]
"""What stands below one network or volume."""


@dataclass(frozen=True, kw_only=True)
class PlaceSample:
    """One attribute: declared, spelt otherwise, changed, and taken out again.

    Attributes:
        first: a value.
        again: the same in another spelling.
        second: another value.
        base: what has to stand beside it in each step.
        added: the paths that differ where `first` is declared of one that was made without.
        changed: the paths that differ where `second` takes the place of `first`.
        removed: the paths that differ where nothing but the base is declared any more, after `first`.
        since: the API version that knows it; an older one has to be told so.
        refused: why the Engines of the tests can't make it: only the simulated one shows what happens then.
    """

    first: Declared
    again: Declared
    second: Declared
    base: Declared = field(default_factory=dict)
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    since: tuple[int, int] = (1, 40)
    refused: str = ""


def one(path: str, first: Any, again: Any, second: Any, **others: Any) -> PlaceSample:
    """A row that is one value."""
    attribute, _, part = path.partition(".")

    def declared(value: Any) -> Declared:
        return {attribute: {part: value} if part else value}

    said = {"added": (path,), "changed": (path,), "removed": (path,)}
    return PlaceSample(
        **{"first": declared(first), "again": declared(again), "second": declared(second)} | said | others
    )


NO_SUCH_DRIVER = "needs a kernel with macvlan, or a plugin"

NETWORKS: Mapping[str, tuple[PlaceSample, ...]] = {
    "driver": (
        one("driver", "bridge", "bridge", "macvlan", added=(), removed=(), refused=NO_SUCH_DRIVER),
        one("driver", "macvlan", "macvlan", "bridge", refused=NO_SUCH_DRIVER),
    ),
    "driver_opts": (
        one(
            "driver_opts",
            {"com.docker.network.driver.mtu": 1400, "x": ""},
            ["x=", "com.docker.network.driver.mtu=1400"],
            {"com.docker.network.driver.mtu": "1300", "y": "1"},
            added=("driver_opts.com.docker.network.driver.mtu", "driver_opts.x"),
            changed=("driver_opts.com.docker.network.driver.mtu", "driver_opts.x", "driver_opts.y"),
            removed=("driver_opts.com.docker.network.driver.mtu", "driver_opts.x"),
        ),
    ),
    "attachable": (one("attachable", first=True, again="true", second=False),),
    "internal": (one("internal", first=True, again="true", second=False),),
    "enable_ipv4": (
        one("enable_ipv4", first=False, again="false", second=True, since=(1, 48),
            base={"enable_ipv6": True, "ipam": {"config": [{"subnet": "fd88:4::/64"}]}}),
    ),
    "enable_ipv6": (
        one("enable_ipv6", first=True, again="True", second=False,
            base={"ipam": {"config": [{"subnet": "fd88:6::/64"}]}}),
    ),
    "ipam.driver": (
        one("ipam.driver", "default", "default", "null", added=(), removed=(), refused="needs a plugin"),
    ),
    "ipam.config": (
        one(
            "ipam.config",
            [{"subnet": "10.88.1.0/24", "ip_range": "10.88.1.128/25", "gateway": "10.88.1.9",
              "aux_addresses": {"printer": "10.88.1.7"}}],
            [{"subnet": "10.88.1.5/24", "ip_range": "10.88.1.130/25", "gateway": "10.88.1.9",
              "aux_addresses": ["printer=10.88.1.7"]}],
            [{"subnet": "10.88.2.0/24"}],
            added=("ipam.config.ipv4", "ipam.config.ipv4_gateway"),
            changed=("ipam.config.ipv4", "ipam.config.ipv4_gateway"),
            removed=("ipam.config.ipv4", "ipam.config.ipv4_gateway"),
        ),
        one(
            "ipam.config",
            [{"subnet": "fd88:1::/64"}, {"subnet": "10.88.3.0/24"}],
            [{"subnet": "10.88.3.0/24"}, {"subnet": "FD88:0001:0::/64"}],
            [{"subnet": "fd88:2::/64"}, {"subnet": "10.88.3.0/24"}],
            base={"enable_ipv6": True},
            added=("ipam.config.ipv4", "ipam.config.ipv6"),
            changed=("ipam.config.ipv6",),
            removed=("ipam.config.ipv4", "ipam.config.ipv6"),
            since=(1, 46),  # before, an Engine chooses no IPv6 range by itself
        ),
    ),
    "ipam.options": (
        one("ipam.options", {"a": "b"}, ["a=b"], {"a": "c"},
            added=("ipam.options.a",), changed=("ipam.options.a",), removed=("ipam.options.a",)),
    ),
    "labels": (
        one("labels", {"a.b": "1", "c": ""}, ["c=", "a.b=1"], {"a.b": "2"},
            added=("labels.a.b", "labels.c"), changed=("labels.a.b", "labels.c"), removed=("labels.a.b", "labels.c")),
    ),
}  # fmt: skip

VOLUMES: Mapping[str, tuple[PlaceSample, ...]] = {
    "driver": (one("driver", "local", "local", "nfs", added=(), removed=(), refused="needs a plugin"),),
    "driver_opts": (
        one(
            "driver_opts",
            {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"},
            ["device=tmpfs", "o=size=1m", "type=tmpfs"],
            {"type": "tmpfs", "device": "tmpfs", "o": "size=2m"},
            added=("driver_opts.device", "driver_opts.o", "driver_opts.type"),
            changed=("driver_opts.o",),
            removed=("driver_opts.device", "driver_opts.o", "driver_opts.type"),
        ),
    ),
    "labels": (
        one("labels", {"a.b": "1"}, ["a.b=1"], {"a.b": "2", "c": ""},
            added=("labels.a.b",), changed=("labels.a.b", "labels.c"), removed=("labels.a.b",)),
    ),
}  # fmt: skip
