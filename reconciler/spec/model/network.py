"""Networks, and a container's place in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import field_validator

from reconciler.spec.addresses import address, address_of, port_range
from reconciler.spec.model.values import (
    Boolean,
    EngineName,
    Integer,
    Item,
    Options,
    PortNumber,
    Text,
    Texts,
    Value,
    one_of,
)


class Port(Item):
    """A container port, published on the host.

    Attributes:
        target: the port in the container.
        published: the host port, a range "8000-8010" of which the Engine takes a free one, or empty for any.
        host_ip: the host's address to listen on; empty for all.
        protocol: tcp, udp or sctp.
        name: a word for people; the Engine does not know it.
        app_protocol: likewise.
        mode: `host` and `ingress` are the same outside of Swarm.
    """

    target: PortNumber
    published: Text = ""
    host_ip: Text = ""
    protocol: Annotated[Literal["tcp", "udp", "sctp"], one_of("tcp", "udp", "sctp")] = "tcp"
    name: Text = ""
    app_protocol: Text = ""
    mode: Annotated[Literal["host", "ingress"], one_of("host", "ingress")] = "ingress"

    @field_validator("published", mode="after")
    @classmethod
    def _published(cls, value: str) -> str:
        if not value or value == "0":
            return value
        ports = port_range(value, "host")
        return str(ports[0]) if len(ports) == 1 else f"{ports[0]}-{ports[-1]}"

    @field_validator("host_ip", mode="after")
    @classmethod
    def _host_ip(cls, value: str) -> str:
        return address(value) if value else value


class Endpoint(Value):
    """A container's place in a network.

    Attributes:
        aliases: more names by which other containers of the network find it.
        ipv4_address: its address there; the Engine chooses where it is not given.
        ipv6_address: likewise.
        link_local_ips: more addresses.
        driver_opts: for the network's driver.
        priority: the network with the highest is joined first.
    """

    aliases: Texts = ()
    ipv4_address: Text = ""
    ipv6_address: Text = ""
    link_local_ips: Texts = ()
    driver_opts: Options = {}
    priority: Integer = 0

    @field_validator("ipv4_address", mode="after")
    @classmethod
    def _ipv4(cls, value: str) -> str:
        return address_of(4, value) if value else value

    @field_validator("ipv6_address", mode="after")
    @classmethod
    def _ipv6(cls, value: str) -> str:
        return address_of(6, value) if value else value

    @field_validator("link_local_ips", mode="after")
    @classmethod
    def _link_local(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(address(item) for item in value)


class Network(Value):
    """A network of the project.

    Attributes:
        name: its name on the Engine; PROJECT_KEY where not given.
        external: it stands already, made by somebody else: used, never made nor removed.
    """

    name: EngineName | None = None
    external: Boolean = False
