"""Why a registry did not answer, or refused, in words."""

from __future__ import annotations

import json

from reconciler.errors import RegistryError, causes

_LONGEST = 200


def cause_of(error: BaseException, host: str, seconds: float) -> tuple[str, str]:
    """What kept a registry from being asked, and what to do.

    Args:
        error: what was raised on the way.
        host: who was asked.
        seconds: how long it had.
    """
    chain = list(causes(error))
    names = {type(one).__name__ for one in chain}
    texts = " ".join(str(one) for one in chain)
    if names & {"gaierror", "NameResolutionError"}:
        return "its name can't be looked up", "check its spelling, and this machine's DNS"
    if "CERTIFICATE_VERIFY_FAILED" in texts:
        return "its certificate is not trusted", f"put its CA into /etc/docker/certs.d/{host}/ca.crt"
    if names & {"SSLError", "SSLEOFError"}:
        return "it speaks no TLS", "only a registry on this machine may do without"
    if names & {"ConnectTimeout", "ConnectTimeoutError", "ReadTimeout", "ReadTimeoutError", "TimeoutError"}:
        return f"it did not answer within {seconds:g} s", "try again later; is a proxy or a firewall between?"
    for one in chain:
        if isinstance(one, ConnectionRefusedError):
            return "connection refused", "check its address and port"
        if isinstance(one, OSError) and one.errno is not None and one.strerror:
            return one.strerror, "check the network"
    if names & {"ProxyError"}:
        return "the proxy refuses", "check HTTPS_PROXY and NO_PROXY"
    return "the connection broke off", "try again; what listens there may be no registry"


def refusal(status: int, text: bytes, domain: str, repository: str, *, logged_in: bool) -> RegistryError:
    """The error for a status that says failure.

    Args:
        status: of the reply.
        text: its body: JSON with `errors`, mostly.
        domain: who was asked.
        repository: for what.
        logged_in: whether there is a login.
    """
    name = f"{domain}/{repository}"
    if status in {401, 403}:
        if logged_in:
            return RegistryError(
                f"the login for {domain} may not see {name}, or is not valid any more",
                f"check the name, or `docker login {domain}` again",
            )
        return RegistryError(
            f"{name} is not there, or the registry wants a login", f"check the name, or `docker login {domain}`"
        )
    if status == 404:
        return RegistryError(f"the registry has no repository {name}", "check its spelling")
    if status == 429:
        return RegistryError(
            f"the registry {domain} has been asked too often", "wait, or `docker login` for a higher limit"
        )
    why = _said(text)
    return RegistryError(
        f"the registry {domain} failed (status {status}){f': {why}' if why else ''}", "try again later"
    )


def _said(text: bytes) -> str:
    try:
        found = json.loads(text)["errors"][0]["message"]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    return " ".join(str(found).split())[:_LONGEST]
