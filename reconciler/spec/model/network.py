"""Networks, and a container's place in them."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from reconciler.spec import shorthand
from reconciler.spec.model.values import Boolean, EngineName, Integer, Options, PortNumber, Text, Texts, Value


class Port(Value):
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
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    name: Text = ""
    app_protocol: Text = ""
    mode: Literal["host", "ingress"] = "ingress"

    @field_validator("published", mode="after")
    @classmethod
    def _published(cls, value: str) -> str:
        if value and value != "0":
            shorthand.port_range(value, "host")
        return value

    @field_validator("host_ip", mode="after")
    @classmethod
    def _host_ip(cls, value: str) -> str:
        return shorthand.address(value) if value else value


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

    @field_validator("ipv4_address", "ipv6_address", mode="after")
    @classmethod
    def _address(cls, value: str) -> str:
        return shorthand.address(value) if value else value


class Network(Value):
    """A network of the project.

    Attributes:
        name: its name on the Engine; PROJECT_KEY where not given.
        external: it stands already, made by somebody else: used, never made nor removed.
    """

    name: EngineName | None = None
    external: Boolean = False
