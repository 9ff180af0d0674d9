"""Short syntaxes → plain values: "8080:80", "pages:/www", "on-failure:3". Compose's grammar, exactly.

Source: https://github.com/compose-spec/compose-spec/blob/main/05-services.md
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from decimal import Decimal
from typing import Any

_PORT_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_PROTOCOLS = ("tcp", "udp", "sctp")
_MOST_PORT = 65535
_SHORT_PORT = 'write "80", "8080:80", "127.0.0.1:8080:80" or "8080:80/udp"'


class Invalid(ValueError):
    """A value that can't be.

    Attributes:
        hint: what to write instead.
        at: where in the value, as steps into lists and mappings.
    """

    def __init__(self, message: str, hint: str = "", at: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.at = at


def port_range(text: str, what: str) -> range:
    """`80` or `80-85` → the ports, inclusive."""
    match = _PORT_RANGE.fullmatch(text)
    if not match:
        raise Invalid(f'"{text}" is not a {what} port', _SHORT_PORT)
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
    if protocol.lower() not in _PROTOCOLS:
        raise Invalid(f'"{text}" has the unknown protocol "{protocol}"', "write /tcp, /udp or /sctp")
    host_ip = ""
    if head.startswith("["):
        host_ip, bracket, rest = head[1:].partition("]")
        if not bracket or not rest.startswith(":"):
            raise Invalid(f'"{text}" is not a port', 'write an IPv6 address as "[::1]:8080:80"')
        published, _, target = rest[1:].rpartition(":")
    else:
        before, _, target = head.rpartition(":")
        host_ip, colon, published = before.rpartition(":")
        if colon and not host_ip:
            raise Invalid(f'"{text}" is not a port', _SHORT_PORT)
    if host_ip:
        host_ip = address(host_ip)
    targets = port_range(target, "container")
    common: dict[str, Any] = {"protocol": protocol.lower(), "host_ip": host_ip}
    if not published:
        return [{"target": port, "published": "", **common} for port in targets]
    hosts = port_range(published, "host")
    if len(hosts) == len(targets):
        return [{"target": port, "published": str(host), **common} for host, port in zip(hosts, targets, strict=True)]
    if len(targets) == 1:
        # The Engine picks a free one of the range itself.
        return [{"target": targets[0], "published": f"{hosts[0]}-{hosts[-1]}", **common}]
    raise Invalid(
        f'"{text}" maps {len(hosts)} host ports to {len(targets)} container ports',
        "both ranges need the same length",
    )


def address(text: str) -> str:
    """An IP address in its canonical spelling."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise Invalid(
            f'"{text}" is not an IP address', 'write "127.0.0.1:8080:80"; host names can\'t stand here'
        ) from None


def volume(text: str) -> dict[str, Any]:
    """`[SOURCE:]TARGET[:OPTIONS]` → a mapping in the long syntax."""
    if _WINDOWS_DRIVE.match(text):
        raise Invalid(f'"{text}" is a Windows path', "only Linux engines are supported")
    parts = text.split(":")
    if len(parts) > 3 or not all(parts):
        raise Invalid(f'"{text}" is not a volume', 'write "VOLUME:/PATH", "./FOLDER:/PATH" or "VOLUME:/PATH:ro"')
    source, target, options = (["", *parts, ""] if len(parts) == 1 else [*parts, ""])[:3]
    if not target.startswith("/"):
        raise Invalid(f'"{text}" is mounted at "{target}"', "the path in the container begins with /")
    mount: dict[str, Any] = {"type": "volume", "source": source, "target": target}
    if source.startswith((".", "/", "~")):
        mount["type"] = "bind"
    for option in filter(None, options.split(",")):
        if option == "ro":
            mount["read_only"] = True
        elif option != "rw":
            raise Invalid(f'"{text}" has the option "{option}", which is not supported yet', "write :ro, or nothing")
    return mount


def restart(text: str) -> dict[str, Any]:
    """`no`, `always`, `unless-stopped`, `on-failure[:N]` → name and most retries."""
    name, colon, count = text.partition(":")
    if name not in {"no", "always", "unless-stopped", "on-failure"} or (colon and name != "on-failure"):
        raise Invalid(
            f'"{text}" is not a restart policy',
            'write "no", always, unless-stopped, on-failure or on-failure:3',
        )
    if colon and not count.isdecimal():
        raise Invalid(f'"{text}" has no valid number of retries', "write on-failure:3")
    return {"name": name, "retries": int(count or 0)}


def command(text: str) -> list[str]:
    """A command line → its words, by the shell's quoting rules (no shell runs it)."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Invalid(f"the command has {str(error).lower()}", "close the quote, or write a list of words") from None


def pairs(items: list[Any], what: str) -> dict[str, Any]:
    """`["K=V", …]` → `{"K": "V"}`; a word without `=` has the value None."""
    found: dict[str, Any] = {}
    for item in items:
        if not isinstance(item, str):
            raise Invalid(f"each {what} is KEY=VALUE", f'write "{what.upper()}=value", or a mapping')
        key, equals, value = item.partition("=")
        found[key] = value if equals else None
    return found


_DURATION = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)(i?b)?", re.IGNORECASE)
_INTEGER = re.compile(r"[-+]?\d+")
_DECIMAL = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_CPU = 10**9


def integer(text: str) -> int:
    """A whole number in decimal digits."""
    if not _INTEGER.fullmatch(text):
        raise Invalid(f'"{text}" is not a whole number')
    return int(text)


def duration(text: str) -> int:
    """`1h30m`, `1.5s`, `500ms` → nanoseconds; Go's grammar, without signs.

    Source: https://pkg.go.dev/time#ParseDuration
    """
    parts = _DURATION.findall(text)
    if text == "0":
        return 0
    if not parts or "".join(parts) != text:
        hint = f'write "{text}s" for seconds' if _DECIMAL.fullmatch(text) else 'write "30s", "1m30s" or "500ms"'
        raise Invalid(f'"{text}" is not a duration', hint)
    total = 0
    for part in parts:
        number = part.rstrip("nuµμmsh")
        total += round(Decimal(number) * _NANOSECONDS[part[len(number) :]])
    return total


def size(text: str) -> int:
    """`512m`, `1.5gb`, `64k`, `1024` → bytes; units are powers of 1024.

    Source: https://github.com/docker/go-units (RAMInBytes)
    """
    match = _SIZE.fullmatch(text)
    if not match:
        raise Invalid(f'"{text}" is not a size', 'write bytes, or a number with k, m, g or t: "512m", "1.5g"')
    return int(Decimal(match[1]) * 1024 ** " kmgtp".index(match[2].lower() or " "))


def cpus(text: str) -> int:
    """`0.5`, `2` → billionths of a CPU."""
    if not _DECIMAL.fullmatch(text):
        raise Invalid(f'"{text}" is not a number of CPUs', 'write "0.5" or "2"')
    return int(Decimal(text) * _CPU)


def microseconds(text: str) -> int:
    """A number of microseconds, or a duration."""
    return int(text) if _INTEGER.fullmatch(text) else duration(text) // 1000


def ulimits(value: Any) -> Any:
    """`{nofile: 1024}` or `{nofile: {soft: 1, hard: 2}}` → the long form."""
    if not isinstance(value, dict):
        return value
    return {name: item if isinstance(item, dict) else {"soft": item, "hard": item} for name, item in value.items()}


def extra_hosts(value: Any) -> Any:
    """`["host=ip", "host:ip"]` or `{host: ip or list}` → `{host: [ip, …]}`."""
    if isinstance(value, list):
        found: dict[str, list[str]] = {}
        for index, item in enumerate(value):
            host, separator, where = (
                re.split(r"([=:])", item, maxsplit=1) if re.search("[=:]", str(item)) else (item, "", "")
            )
            if not (host and separator and where):
                raise Invalid(f'"{item}" is not a host', 'write "HOST=ADDRESS"', at=(index,))
            found.setdefault(host, []).append(where)
        value = found
    if isinstance(value, dict):
        return {
            host: [_host_address(item, host) for item in ([where] if isinstance(where, str) else where)]
            for host, where in value.items()
        }
    return value


def _host_address(text: str, host: str) -> str:
    if text == "host-gateway":
        return text
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise Invalid(f'"{text}" is not an IP address', "or write host-gateway", at=(host,)) from None


def capability(text: str) -> str:
    """`NET_ADMIN`, `cap_net_admin` → `CAP_NET_ADMIN`; `ALL` stays."""
    name = text.upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"


def device(text: str) -> dict[str, Any]:
    """`SOURCE[:TARGET[:PERMISSIONS]]` → a mapping in the long syntax."""
    if "=" in text and not text.startswith("/"):
        raise Invalid(f'"{text}" is a CDI device', "devices by CDI names are not supported yet")
    source, _, rest = text.partition(":")
    target, _, permissions = rest.partition(":")
    if not permissions and target and not target.startswith("/"):
        target, permissions = "", target
    return {"source": source, "target": target or source, "permissions": permissions or "rwm"}


def exposed(text: str) -> list[str]:
    """`80`, `80/udp`, `80-85` → `80/tcp` each."""
    head, _, protocol = text.partition("/")
    if protocol and protocol.lower() not in _PROTOCOLS:
        raise Invalid(f'"{text}" has the unknown protocol "{protocol}"', "write /tcp, /udp or /sctp")
    return [f"{port}/{protocol.lower() or 'tcp'}" for port in port_range(head, "container")]
