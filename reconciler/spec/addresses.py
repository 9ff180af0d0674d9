"""Ports and addresses in their short syntaxes: "127.0.0.1:8080:80/udp", "8000-8010"."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from reconciler.spec.invalid import Invalid

PROTOCOLS = ("tcp", "udp", "sctp")
_PORT_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_MOST_PORT = 65535
_SHORT_PORT = 'write "80", "8080:80", "127.0.0.1:8080:80" or "8080:80/udp"'


def port_range(text: str, what: str, hint: str = 'write "80", or a range "80-85"') -> range:
    """`80` or `80-85` → the ports, inclusive.

    Args:
        text: as written.
        what: the word for such a port: container or host.
        hint: what to write instead of what is no port at all.
    """
    match = _PORT_RANGE.fullmatch(text)
    if not match:
        number = re.fullmatch("[0-9]+(-[0-9]+)?", text)
        raise Invalid(f'"{text}" is not a {what} port', "ports go from 1 to 65535" if number else hint)
    first = int(match[1])
    last = int(match[2] or first)
    if not (0 < first <= _MOST_PORT and 0 < last <= _MOST_PORT):
        raise Invalid(f'"{text}" is not a {what} port', "ports go from 1 to 65535")
    if last < first:
        raise Invalid(f'"{text}" ends before it begins', f"write {last}-{first}")
    return range(first, last + 1)


def ports(text: str) -> list[dict[str, Any]]:
    """`[[IP:][PUBLISHED]:]TARGET[/PROTOCOL]`, with ranges → one mapping a port."""
    head, _slash, protocol = text.rpartition("/") if "/" in text else (text, "", "tcp")
    if protocol.lower() not in PROTOCOLS:
        raise Invalid(f'"{text}" has the unknown protocol "{protocol}"', "write /tcp, /udp or /sctp")
    host_ip = ""
    if head.startswith("["):
        host_ip, bracket, rest = head[1:].partition("]")
        if not bracket or not rest.startswith(":"):
            raise Invalid(f'"{text}" is not a port', 'write an IPv6 address as "[::1]:8080:80"')
        published, _, target = rest[1:].rpartition(":")
    else:
        before, _, target = head.rpartition(":")
        # No address before the colon, of `${BIND:-}:80:80` for example, is all of them.
        host_ip, _, published = before.rpartition(":")
    if host_ip:
        host_ip = address(host_ip, 'write "127.0.0.1:8080:80"; a host name can\'t stand here')
    targets = port_range(target, "container", _SHORT_PORT)
    common: dict[str, Any] = {"protocol": protocol.lower(), "host_ip": host_ip}
    if not published:
        return [{"target": port, "published": "", **common} for port in targets]
    hosts = port_range(published, "host", _SHORT_PORT)
    if len(hosts) == len(targets):
        return [{"target": port, "published": str(host), **common} for host, port in zip(hosts, targets, strict=True)]
    if len(targets) == 1:
        # The Engine picks a free one of the range itself.
        return [{"target": targets[0], "published": f"{hosts[0]}-{hosts[-1]}", **common}]
    raise Invalid(
        f'"{text}" maps {len(hosts)} host ports to {len(targets)} container ports',
        "both ranges need the same length",
    )


def exposed(text: str) -> list[str]:
    """`80`, `80/udp`, `80-85` → `80/tcp` each."""
    head, slash, protocol = text.partition("/")
    if slash and protocol.lower() not in PROTOCOLS:
        raise Invalid(f'"{text}" has the unknown protocol "{protocol}"', "write /tcp, /udp or /sctp")
    if ":" in head:
        raise Invalid(f'"{text}" names a host port', "`expose` has container ports only; to publish one, use `ports`")
    found = port_range(head, "container", 'write "80", "80-85" or "80/udp"')
    return [f"{port}/{protocol.lower() or 'tcp'}" for port in found]


def address(text: str, hint: str = 'write it as "192.0.2.10" or "2001:db8::10"') -> str:
    """An IP address in its canonical spelling."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise Invalid(f'"{text}" is not an IP address', hint) from None


def address_of(version: int, text: str) -> str:
    """An IP address of this version."""
    example = "192.0.2.10" if version == 4 else "2001:db8::10"
    found = address(text, f'write an IPv{version} address, without a mask: "{example}"')
    if ipaddress.ip_address(found).version != version:
        other = 10 - version
        raise Invalid(f'"{text}" is an IPv{other} address', f"write it as `ipv{other}_address`")
    return found
