"""A small client of the distribution API: no more than is asked of it, a deadline for all, no login to anybody else.

Source: https://distribution.github.io/distribution/spec/api/ and .../spec/auth/token/.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from reconciler.errors import RegistryError
from reconciler.registry.challenge import Challenge, parse_challenge
from reconciler.version import __version__

if TYPE_CHECKING:
    import requests

DEADLINE = 30.0
"""Seconds for everything together."""

_CONNECT_SECONDS = 10.0
_PAGE = 1000
_MOST_PAGES = 200
_LONGEST_REPLY = 4 << 20
_MOST_REDIRECTS = 3
_CHUNK = 1 << 16
_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?")
_CERTIFICATES = Path("/etc/docker/certs.d")


@dataclass(slots=True)
class RegistryClient:
    """One registry, for a while.

    Attributes:
        domain: as in a reference: `docker.io`, `registry.example:5000`.
        login: with the API's words for its parts; None for none.
        deadline: seconds for all that is asked.
        certificates: where Docker has CAs for registries, in a folder each.
    """

    domain: str
    login: Mapping[str, str] | None = field(default=None, repr=False)
    deadline: float = DEADLINE
    certificates: Path = _CERTIFICATES
    _end: float = field(default=0.0, init=False)
    _authorization: str = field(default="", init=False, repr=False)
    _base: str = field(default="", init=False)
    _session: requests.Session | None = field(default=None, init=False, repr=False)

    def tags(self, repository: str) -> list[str]:
        """The tags of a repository, in no order.

        Args:
            repository: its path in the registry.

        Raises:
            RegistryError: there is none, or this login may not see it, or the registry fails.
        """
        self._end = time.monotonic() + self.deadline
        path = f"/v2/{repository}/tags/list"
        found: dict[str, None] = {}
        url, seen = f"{self._find_base()}{path}?n={_PAGE}", set[str]()
        while url and url not in seen and len(seen) < _MOST_PAGES:
            seen.add(url)
            reply, link = self._ask(url, repository)
            tags = reply.get("tags") if isinstance(reply, dict) else None
            if not isinstance(tags, list | None):
                raise self._unreadable("its list of tags is none")
            found |= dict.fromkeys(str(tag) for tag in tags or ())
            url = self._next_page(url, link)
        return list(found)

    def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            self._session.close()

    # --- where ------------------------------------------------------------------------------------------------

    @property
    def _host(self) -> str:
        return _HUB_HOST if self.domain == _HUB else self.domain

    def _find_base(self) -> str:
        """TLS, but on this very machine also without, as with Docker."""
        if self._base:
            return self._base
        self._base = f"https://{self._host}"
        if _LOOPBACK.fullmatch(self._host):
            import requests

            try:
                self._send("GET", f"{self._base}/v2/").close()
            except requests.exceptions.SSLError:
                self._base = f"http://{self._host}"
            except (requests.exceptions.RequestException, OSError):
                pass  # the question itself will say what is wrong
        return self._base

    def _next_page(self, url: str, link: str) -> str:
        """Where the list goes on; nowhere, where that would be somebody else."""
        found = re.match(r'\s*<([^>]*)>\s*;.*rel="?next"?', link)
        following = urljoin(url, found[1]) if found else ""
        return following if _origin(following) == _origin(url) else ""

    # --- asking -----------------------------------------------------------------------------------------------

    def _ask(self, url: str, repository: str) -> tuple[Any, str]:
        """The reply's JSON and its `Link`, with a login where one is wanted."""
        import requests

        try:
            response = self._send("GET", url, self._authorization)
            if response.status_code == 401:
                challenge = parse_challenge(response.headers.get("WWW-Authenticate", ""))
                response.close()
                self._authorization = self._authorize(challenge, repository)
                response = self._send("GET", url, self._authorization)
            for _ in range(_MOST_REDIRECTS):
                if not response.is_redirect:
                    break
                target = urljoin(url, response.headers["Location"])
                response.close()
                # The login is for who it was made for, and for nobody that it points to.
                same = _origin(target) == _origin(url)
                if not same and not target.startswith("https://"):
                    raise RegistryError(f"the registry {self.domain} sends elsewhere without TLS: {_origin(target)}")
                response = self._send("GET", target, self._authorization if same else "")
            with response:
                text = self._read(response)
                if response.status_code != 200:
                    raise self._refusal(response.status_code, text, repository)
                return self._decoded(text), response.headers.get("Link", "")
        except requests.exceptions.RequestException as error:
            raise self._unreachable(error) from error
        except OSError as error:
            raise self._unreachable(error) from error

    def _authorize(self, challenge: Challenge | None, repository: str) -> str:
        """The value of the Authorization header that a challenge asks for."""
        login = {name.lower(): value for name, value in (self.login or {}).items()}
        basic = _basic(login.get("username", ""), login.get("password", ""))
        if challenge is None or challenge.scheme not in {"basic", "bearer"}:
            raise self._refusal(401, b"", repository)
        if challenge.scheme == "basic":
            if not basic:
                raise self._refusal(401, b"", repository)
            return basic
        realm = urljoin(self._base, challenge.parts.get("realm", ""))
        if realm.startswith("http://") and self._base.startswith("https://"):
            raise RegistryError(f"the registry {self.domain} wants a login sent without TLS: {_origin(realm)}")
        query = {"service": challenge.parts.get("service", ""), "scope": f"repository:{repository}:pull"}
        if token := login.get("identitytoken"):
            form = {**query, "grant_type": "refresh_token", "refresh_token": token, "client_id": "reconciler"}
            response = self._send("POST", realm, data=form)
        else:
            response = self._send("GET", realm, basic, params=query)
        with response:
            text = self._read(response)
            if response.status_code != 200:
                raise self._refusal(response.status_code, text, repository)
            reply = self._decoded(text)
        found = reply.get("token") or reply.get("access_token") if isinstance(reply, dict) else None
        if not isinstance(found, str) or not found.isprintable():
            raise self._unreadable("it gives no token")
        return f"Bearer {found}"

    def _send(
        self,
        method: str,
        url: str,
        authorization: str = "",
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> requests.Response:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return self._opened().request(
            method,
            url,
            params=params,
            data=data,
            headers={"Authorization": authorization} if authorization else {},
            timeout=(min(left, _CONNECT_SECONDS), left),
            allow_redirects=False,
            stream=True,
        )

    def _opened(self) -> requests.Session:
        if self._session is None:
            import requests  # 115 ms: only who asks pays

            self._session = requests.Session()
            self._session.headers["User-Agent"] = f"reconciler/{__version__}"
            # Else requests would look into .netrc for a login of its own.
            self._session.auth = lambda request: request
            authority = self.certificates / self._host / "ca.crt"
            if authority.is_file():
                self._session.verify = str(authority)
        return self._session

    def _read(self, response: requests.Response) -> bytes:
        parts, size = [], 0
        for chunk in response.iter_content(_CHUNK):
            parts.append(chunk)
            size += len(chunk)
            if size > _LONGEST_REPLY:
                raise self._unreadable("it does not end")
            if time.monotonic() > self._end:  # each read is in time, but they are too many
                raise TimeoutError
        return b"".join(parts)

    # --- what went wrong --------------------------------------------------------------------------------------

    def _decoded(self, text: bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise self._unreadable("it is not JSON") from error

    def _unreadable(self, why: str) -> RegistryError:
        return RegistryError(
            f"the answer of the registry {self.domain} can't be read: {why}", "does a registry listen at that address?"
        )

    def _unreachable(self, error: Exception) -> RegistryError:
        from reconciler.registry.failures import cause_of

        why, hint = cause_of(error, self._host, self.deadline)
        return RegistryError(f"the registry {self.domain} can't be asked: {why}", hint)

    def _refusal(self, status: int, text: bytes, repository: str) -> RegistryError:
        from reconciler.registry.failures import refusal

        return refusal(status, text, self.domain, repository, logged_in=bool(self.login))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _basic(user: str, password: str) -> str:
    from base64 import b64encode

    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}" if user else ""
