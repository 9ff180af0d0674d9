"""Static addresses: each once in its network, in a subnet that the network surely has."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.spec.diagnostics import Diagnostic
from reconciler.spec.model import Network, Spec, State
from reconciler.spec.places import Path_

if TYPE_CHECKING:
    from reconciler.spec.places import Text

_Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network


def problems(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    """Static addresses that can't be."""
    seen: dict[tuple[str, str], str] = {}
    for key, container in spec.containers.items():
        if container.state is State.ABSENT:
            continue
        for network, endpoint in container.joined.items():
            for attribute in ("ipv4_address", "ipv6_address"):
                address: str = getattr(endpoint, attribute)
                if not address:
                    continue
                path = ("containers", key, "networks", network, attribute)
                yield from _in_subnet(path, address, spec.networks.get(network, Network()), document)
                if other := seen.get((network, address)):
                    yield document.diagnostic(
                        path,
                        f'{address} is already the address of container "{other}" in network "{network}"',
                        "choose another address, or leave it out: containers find each other by name",
                    )
                seen[network, address] = key


def _in_subnet(path: Path_, address: str, network: Network, document: Text) -> Iterator[Diagnostic]:
    if network.external:
        return  # its subnets are the Engine's to know
    subnets = _subnets(network)
    parsed = ipaddress.ip_address(address)
    own = [subnet for subnet in subnets if subnet.version == parsed.version]
    name = path[3]
    if not own:
        yield document.diagnostic(
            path,
            f'network "{name}" has no subnet of its own for the static address {address}',
            f"give it one: `{name}: {{ipam: {{config: [{{subnet: …}}]}}}}`; or leave the address out",
        )
    elif not any(parsed in subnet for subnet in own):
        yield document.diagnostic(
            path,
            f'{address} is outside of network "{name}", which has {", ".join(map(str, own))}',
            "choose an address of the subnet",
        )


def _subnets(network: Network) -> list[_Subnet]:
    """The subnets that the spec gives the network."""
    return [ipaddress.ip_network(pool.subnet) for pool in network.ipam.config if pool.subnet]
