"""Where it listens, and who may ask what."""

from __future__ import annotations

import hmac
import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.errors import UsageError

_LOCAL_NAMES = {"localhost", "localhost.localdomain"}
_SHORTEST_TOKEN = 16
_LONGEST_TOKEN = 4096
_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:.%\w]+\]|[^\[\]:/\s]*):)?(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen.

    Attributes:
        host: a name or an address, without brackets.
        port: 0 for any that is free.
        family: the family of `address`.
        address: what the host is, as an address.
    """

    host: str
    port: int
    family: socket.AddressFamily
    address: str

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.address.partition("%")[0]).is_loopback


def parse_address(text: str) -> Address:
    """An address from `HOST:PORT`, `:PORT` or `PORT`; the host is 127.0.0.1 where none is given.

    Raises:
        UsageError: it is none, or the host is not known.
    """
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or int(found["port"]) > 65535:
        raise UsageError(
            f'"{text}" is no address to listen on', "write HOST:PORT, such as 127.0.0.1:9180 or [::1]:9180"
        )
    host, port = (found["host"] or "127.0.0.1").strip("[]"), int(found["port"])
    try:
        family, _, _, _, sockaddr = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f'the host "{host}" to listen on is not known', "name one of this machine's addresses"
        ) from error
    return Address(host, port, family, str(sockaddr[0]))


def read_token(file: str | None, environ: Mapping[str, str]) -> str | None:
    """The token that callers must have: from a file, else from `RECONCILER_TOKEN`; None for none.

    Raises:
        UsageError: it can't be read, or is too short to be one.
    """
    token, source = environ.get("RECONCILER_TOKEN", "").strip(), "RECONCILER_TOKEN"
    if file:
        source = file
        try:
            with Path(file).open(encoding="ascii") as stream:
                token = stream.read(_LONGEST_TOKEN).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise UsageError(
                f"the token can't be read from {file}: {reason}", "write it there, and nothing else"
            ) from error
    elif not token:
        return None
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable():
        raise UsageError(
            f"the token in {source} is no good one: it needs {_SHORTEST_TOKEN} letters and digits or more",
            "make one with: openssl rand -hex 32",
        )
    return token


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask.

    Without a token only this machine can ask; then the `Host` header must name it, or a page in a browser could ask by
    way of a name that leads here (DNS rebinding).

    Attributes:
        token: what callers must have; None for none.
    """

    token: str | None = field(repr=False)

    @classmethod
    def to(cls, address: Address, token: str | None) -> Access:
        """Who may ask at an address.

        Raises:
            UsageError: everybody could, for there is no token.
        """
        if token is None and not address.is_loopback:
            raise UsageError(
                f"{address.host} can be reached from other machines, and there is no token",
                "give one with --token-file or RECONCILER_TOKEN, or listen on 127.0.0.1",
            )
        return cls(token)

    def has_token(self, headers: Mapping[str, str]) -> bool:
        """Whether the caller has what is needed, as `Authorization: Bearer TOKEN`."""
        if self.token is None:
            return True
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        expected = self.token.encode()
        return hmac.compare_digest(given.strip().encode(errors="replace"), expected) and scheme.lower() == "bearer"

    def is_for_us(self, headers: Mapping[str, str]) -> bool:
        """Whether the caller meant this machine by its name or address."""
        if self.token is not None:
            return True
        host = _host_of(f"//{headers.get('Host', '')}")
        if host in _LOCAL_NAMES:
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    @staticmethod
    def is_of_another_site(headers: Mapping[str, str]) -> bool:
        """Whether a page of another site asks, by way of somebody's browser."""
        origin = headers.get("Origin")
        return origin is not None and urlsplit_or_none(origin) != headers.get("Host", "").lower()


def urlsplit_or_none(url: str) -> str | None:
    """A URL's host and port; None where it is none."""
    try:
        return urlsplit(url).netloc.lower() or None
    except ValueError:
        return None


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""
