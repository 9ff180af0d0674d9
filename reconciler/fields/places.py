"""The tables of networks and volumes: one row for each attribute that the Engine knows."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from reconciler.fields.base import OLDEST, ApiVersion, Canonical, Payload, at, put, shown
from reconciler.fields.mount_options import same_options
from reconciler.spec.model import Network, Volume

Report = Mapping[str, Any]
"""One row of what `GET /networks` or `GET /volumes` answers."""

_IPV4_CAN_BE_LEFT_OUT = (1, 48)

T = TypeVar("T", Network, Volume)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceField(Generic[T]):
    """One row: everything that is to be known about one attribute of a network or volume.

    Attributes:
        path: the attribute in the spec.
        wanted: its canonical value by the spec; None, or no key, where the spec does not say.
        actual: its canonical value by the Engine's report.
        write: puts the canonical value into the create payload.
        undeclared: what the Engine makes of it where nothing is declared.
        by_key: a mapping of which only the declared keys are ours; the others are the Engine's to choose.
        since: the API version that knows it, by the wanted value; an older one drops it without a word.
        same: whether two canonical values at this path mean the same, by the Engine's report.
        show: its canonical value, or that of one key, in a plan's line.
    """

    path: str
    wanted: Callable[[T], Canonical]
    actual: Callable[[Report], Canonical]
    write: Callable[[Payload, Canonical], None]
    undeclared: Canonical = None
    by_key: bool = False
    since: Callable[[Canonical], ApiVersion] = lambda _wanted: OLDEST
    same: Callable[[Report, str, Canonical, Canonical], bool] = lambda _report, _path, wanted, actual: wanted == actual
    show: Callable[[Canonical], str] = shown

    def declared(self, place: T) -> dict[str, Canonical]:
        """The wanted values that the spec gives, by their path: of a mapping, one for each key."""
        wanted = self.wanted(place)
        if self.by_key:
            return {f"{self.path}.{key}": value for key, value in wanted.items()}
        return {} if wanted is None else {self.path: wanted}

    def found(self, report: Report) -> dict[str, Canonical]:
        """The actual values, by the same paths."""
        actual = self.actual(report)
        return {f"{self.path}.{key}": value for key, value in actual.items()} if self.by_key else {self.path: actual}

    def is_of(self, path: str) -> bool:
        """Whether a path, with its key, is this row's."""
        return path.startswith(f"{self.path}.") if self.by_key else path == self.path


def _word(name: str) -> Callable[[Any], Canonical]:
    return lambda place: getattr(place, name) or None


def _switch(name: str) -> Callable[[Network], Canonical]:
    return lambda network: getattr(network, name) if name in network.model_fields_set else None


def _mapping(path: str) -> Callable[[Report], Canonical]:
    return lambda report: dict(at(path, report) or {})


def _network_switch(path: str, where: str) -> PlaceField[Network]:
    return PlaceField(
        path=path,
        wanted=_switch(path),
        actual=lambda report: bool(report.get(where)),
        write=put(where),
        undeclared=False,
    )


def _options(place: Network | Volume) -> Canonical:
    return dict(place.driver_opts)


def _same_option(report: Report, path: str, wanted: Canonical, actual: Canonical) -> bool:
    if path == "driver_opts.o" and report.get("Driver") == "local" and isinstance(wanted, str):
        return isinstance(actual, str) and same_options(wanted, actual)
    return bool(wanted == actual)


def _labels(place: Network | Volume) -> Canonical:
    return dict(place.labels)


# --- which addresses a network has -----------------------------------------------------------------------------
#
# By family: where the spec declares ranges of one family, the network has just these; of the other family, the
# Engine chooses by itself. So the keys are `ipv4`, `ipv6`, and beside them the gateways, of which the Engine takes
# one by itself where none is declared.


def _family(text: str) -> str:
    return f"ipv{ipaddress.ip_network(text, strict=False).version}"


def _wanted_ranges(network: Network) -> Canonical:
    return _ranges(
        (pool.subnet, pool.ip_range, pool.gateway, pool.aux_addresses) for pool in network.ipam.config if pool.subnet
    )


def _actual_ranges(report: Report) -> Canonical:
    return _ranges(
        (
            _range(pool.get("Subnet")),
            _range(pool.get("IPRange")),
            _address(pool.get("Gateway")),
            {name: _address(one) for name, one in (pool.get("AuxiliaryAddresses") or {}).items()},
        )
        for pool in at("IPAM.Config", report) or ()
        if _range(pool.get("Subnet"))
    )


def _ranges(pools: Iterable[tuple[str, str, str, Mapping[str, str]]]) -> Canonical:
    found: dict[str, Canonical] = {}
    for subnet, part, gateway, reserved in sorted(pools, key=lambda pool: pool[0]):
        family = _family(subnet)
        found[family] = (*found.get(family, ()), (subnet, part, tuple(sorted(reserved.items()))))
        if gateway:
            key = f"{family}_gateway"
            found[key] = (*found.get(key, ()), gateway)
    return found


def _range(text: str | None) -> str:
    try:
        return str(ipaddress.ip_network(text or "", strict=False))
    except ValueError:
        return text or ""


def _address(text: str | None) -> str:
    # Some Engines report an address with the length of its subnet.
    plain = (text or "").partition("/")[0]
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        return plain


def _write_ranges(payload: Payload, value: Canonical) -> None:
    pools = []
    for family in ("ipv4", "ipv6"):
        gateways = value.get(f"{family}_gateway", ())
        for subnet, part, reserved in value.get(family, ()):
            within = [one for one in gateways if ipaddress.ip_address(one) in ipaddress.ip_network(subnet)]
            pool = {"Subnet": subnet, "IPRange": part, "Gateway": within[0] if within else ""}
            pools.append({name: text for name, text in pool.items() if text})
            if reserved:
                pools[-1]["AuxiliaryAddresses"] = dict(reserved)
    payload.setdefault("IPAM", {})["Config"] = pools


def _show_ranges(value: Canonical) -> str:
    return ", ".join(one if isinstance(one, str) else _show_range(*one) for one in value)


def _show_range(subnet: str, part: str, reserved: tuple[tuple[str, str], ...]) -> str:
    more = [*([f"from {part}"] if part else []), *(f"but {name} {address}" for name, address in reserved)]
    return f"{subnet} ({', '.join(more)})" if more else subnet


NETWORK: tuple[PlaceField[Network], ...] = (
    PlaceField(
        path="driver",
        wanted=_word("driver"),
        actual=lambda report: report.get("Driver") or "",
        write=put("Driver"),
        undeclared="bridge",
    ),
    PlaceField(path="driver_opts", wanted=_options, actual=_mapping("Options"), write=put("Options"), by_key=True),
    _network_switch("attachable", "Attachable"),
    _network_switch("internal", "Internal"),
    PlaceField(
        path="enable_ipv4",
        wanted=_switch("enable_ipv4"),
        # Engines that do not report it can't leave IPv4 out.
        actual=lambda report: report.get("EnableIPv4") is not False,
        write=put("EnableIPv4"),
        undeclared=True,
        since=lambda wanted: OLDEST if wanted else _IPV4_CAN_BE_LEFT_OUT,
    ),
    _network_switch("enable_ipv6", "EnableIPv6"),
    PlaceField(
        path="ipam.driver",
        wanted=lambda network: network.ipam.driver or None,
        actual=lambda report: at("IPAM.Driver", report) or "default",
        write=put("IPAM.Driver"),
        undeclared="default",
    ),
    PlaceField(
        path="ipam.config",
        wanted=_wanted_ranges,
        actual=_actual_ranges,
        write=_write_ranges,
        by_key=True,
        show=_show_ranges,
    ),
    PlaceField(
        path="ipam.options",
        wanted=lambda network: dict(network.ipam.options),
        actual=_mapping("IPAM.Options"),
        write=put("IPAM.Options"),
        by_key=True,
    ),
    PlaceField(path="labels", wanted=_labels, actual=_mapping("Labels"), write=put("Labels"), by_key=True),
)

VOLUME: tuple[PlaceField[Volume], ...] = (
    PlaceField(
        path="driver",
        wanted=_word("driver"),
        actual=lambda report: report.get("Driver") or "",
        write=put("Driver"),
        undeclared="local",
    ),
    PlaceField(
        path="driver_opts",
        wanted=_options,
        actual=_mapping("Options"),
        write=put("DriverOpts"),
        by_key=True,
        same=_same_option,
    ),
    PlaceField(path="labels", wanted=_labels, actual=_mapping("Labels"), write=put("Labels"), by_key=True),
)

_NAMED = "says which one it is; the rows compare what it is like"

NOT_ON_THE_ENGINE = {
    "name": _NAMED,
    "external": _NAMED,
    "was": _NAMED,
    "protect": "decides what may be removed; the Engine does not know of it",
}
"""Attributes without a row, and why."""
