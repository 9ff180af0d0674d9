"""Published ports as links, for terminals that can follow one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.report.style import Style

_PORT = re.compile(r"(?:(?P<ip>[0-9.]+|\[[0-9a-f:]+\]):)?(?P<host>[0-9]+)→(?P<target>[0-9]+)(?![0-9/])")
_TLS = {"443", "8443", "9443"}


def with_links(text: str, host: str, style: Style) -> str:
    """The text, with each TCP port in it (`8080→80`, `127.0.0.1:8443→443`) a link to where it is published.

    Args:
        text: as `show_port` writes ports, and whatever else.
        host: the machine that ports of all its addresses are on.
        style: whether there are links.
    """
    if not style.links:
        return text
    return _PORT.sub(lambda port: style.link(port[0], url(port["ip"] or "", port["host"], port["target"], host)), text)


def url(ip: str, port: str, target: str, host: str) -> str:
    """Where a port can be opened."""
    scheme = "https" if target in _TLS or port in _TLS else "http"
    address = ip or (f"[{host}]" if ":" in host else host)
    return f"{scheme}://{address}:{port}"
