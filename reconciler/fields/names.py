"""Rows: which names the container can look up, and where."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.fields.base import Field, at, constant, plain, put, shown

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, Instance


def _wanted_hosts(instance: Instance) -> Canonical:
    return tuple(
        f"{host}:{address}"
        for host, addresses in sorted(instance.container.extra_hosts.items())
        for address in addresses
    )


def _servers(addresses: Iterable[str]) -> Canonical:
    return tuple(map(_address, addresses))


def _address(text: str) -> str:
    """One spelling of an IPv6 address."""
    try:
        return str(ipaddress.ip_address(text)) if ":" in text else text
    except ValueError:
        return text


def _options(options: Iterable[str]) -> Canonical:
    # Their order means nothing, but of two of one name, where the last one counts.
    return tuple(sorted(options, key=lambda option: option.partition(":")[0]))


ROWS = (
    Field(
        path="dns",
        wanted=lambda instance: _servers(instance.container.dns),
        actual=lambda inspect: _servers(at("HostConfig.Dns", inspect) or ()),
        write=put("HostConfig.Dns"),
        undeclared=constant(()),
        show=shown,
    ),
    Field(
        path="dns_opt",
        wanted=lambda instance: _options(instance.container.dns_opt),
        actual=lambda inspect: _options(at("HostConfig.DnsOptions", inspect) or ()),
        write=put("HostConfig.DnsOptions"),
        undeclared=constant(()),
        show=shown,
    ),
    plain("dns_search", "HostConfig.DnsSearch", ()),
    Field(
        path="extra_hosts",
        wanted=_wanted_hosts,
        actual=lambda inspect: tuple(sorted(at("HostConfig.ExtraHosts", inspect) or ())),
        write=put("HostConfig.ExtraHosts"),
        same=lambda wanted, actual: sorted(wanted) == sorted(actual),
        undeclared=constant(()),
        show=lambda value: ", ".join(value) or "none",
    ),
)
