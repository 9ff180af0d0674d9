"""Failures as the Engine, the SDK and the operating system tell them, in the words of `reconciler.errors`."""

from __future__ import annotations

import json
import re
import sys

from reconciler.errors import Conflict, EngineError, EngineTimeout, EngineUnreachable, NotFound, causes

LONGEST = 400
"""Characters of a line that is shown: some failures bring a whole page along."""


def explain(text: str) -> tuple[str, str]:
    """What a failure's text means: see `reconciler.engine.explanations.explain`.

    Args:
        text: as an Engine of any version wrote it.

    Returns:
        One line that says what is wrong, and one that says what to do, which may be empty.
    """
    # Its patterns take 20 ms to compile: only who meets a failure pays.
    from reconciler.engine import explanations

    message, hint = explanations.explain(text)
    return shorten(message), shorten(hint)


def shorten(line: str) -> str:
    """A line of a length that can be shown."""
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def refusal(status: int, body: bytes, call: str) -> EngineError:
    """The error for a reply whose status says failure.

    Args:
        status: 400 or more.
        body: of the reply: JSON with a `message`, mostly.
        call: what was asked, such as `POST /containers/create`.
    """
    text = _message_of(body)
    if text is None:
        from http.client import responses

        reason = responses.get(status, "")
        return EngineError(
            f"the Engine answered {f'{status} {reason}'.strip()} to {call}, without a readable reason",
            "something between here and the Engine may have answered: a proxy, a forwarded socket",
            status=status,
        )
    message, hint = explain(text)
    # 20.10 says 404 when it has no addresses left: nothing that the call names is missing.
    if status == 404 and "address pool" not in text:
        return NotFound(message, hint, status=status)
    if status == 409:
        return Conflict(message, hint, status=status)
    return EngineError(message, hint, status=status)


def gives_reason(body: bytes) -> bool:
    """Whether a refusal is the Engine's own: another that answers in its place has no reason that could be read."""
    return _message_of(body) is not None


def _message_of(body: bytes) -> str | None:
    text = body.decode("utf-8", errors="replace").strip()
    try:
        value = json.loads(text)
    except ValueError:
        # Some refusals, that of an old API version among them, are plain text. A page of HTML is no reason, nor is half
        # of a JSON text, nor what is no text at all.
        return None if not text or text[0] in "<{[" or "\ufffd" in text else text
    message = value.get("message") if isinstance(value, dict) else None
    return message if isinstance(message, str) and message.strip() else None


# --- what happens on the way -------------------------------------------------------------------------------


def transport_errors() -> tuple[type[Exception], ...]:
    """What a call may raise on its way. For `except` clauses: they look only when something was raised."""
    from http.client import HTTPException

    # requests' own are OSErrors; a ValueError is an address or a configuration that the SDK can't make sense of.
    found: list[type[Exception]] = [OSError, HTTPException, ValueError]
    # What was not imported has raised nothing.
    if docker := sys.modules.get("docker.errors"):
        found.append(docker.DockerException)
    if urllib3 := sys.modules.get("urllib3.exceptions"):
        found.append(urllib3.HTTPError)
    return tuple(found)


def translate(error: BaseException, *, address: str, call: str, seconds: float) -> EngineError:
    """The error for a call that got no reply, or no whole one.

    Args:
        error: what docker, requests, urllib3 or the operating system raised.
        address: of the Engine, for the message.
        call: what was asked, such as `GET /version`.
        seconds: how long an answer was waited for.
    """
    if isinstance(error, EngineError):
        return error
    chain = list(causes(error))
    names = {type(one).__name__ for one in chain}
    for one in chain:
        if type(one).__name__ in ("gaierror", "NameResolutionError"):
            return EngineUnreachable(f"the Engine's name can't be looked up: {address}", _OTHER_ENGINE)
    for one in chain:
        if type(one).__name__ in _TLS_ERRORS:
            return _tls_failure(one, address)
    if names & {"ConnectTimeout", "ConnectTimeoutError"}:
        return EngineUnreachable(f"no Docker Engine answers at {address} within {seconds:g} s", _OTHER_ENGINE)
    if names & {"ReadTimeout", "ReadTimeoutError", "TimeoutError", "timeout"}:
        return EngineTimeout(
            f"the Engine did not answer within {seconds:g} s: {call}",
            "it may still carry the call out; look at it with `docker info` and `docker ps`",
        )
    if names & {"IncompleteRead", "InvalidChunkLength", "ChunkedEncodingError", "ContentDecodingError"}:
        return broken_off(call)
    for one in chain:
        if isinstance(one, OSError) and (found := _system_failure(one, address, call)):
            return found
    if "RemoteDisconnected" in names:
        return _closed(call)
    if names & {"BadStatusLine", "UnknownProtocol", "HTTPException", "LineTooLong"}:
        return EngineUnreachable(f"what answers at {address} is no Docker Engine", _OTHER_ENGINE)
    what = " ".join(str(chain[-1]).split()) or type(error).__name__
    return EngineUnreachable(shorten(f"no connection to the Docker Engine at {address}: {what}"), _OTHER_ENGINE)


# By name: importing what they are from costs more than the whole of a small command.
_TLS_ERRORS = ("SSLError", "SSLCertVerificationError", "SSLEOFError", "SSLZeroReturnError", "TLSParameterError")
_OTHER_ENGINE = "start it, or name another one with --host, --context or DOCKER_HOST"


def broken_off(call: str) -> EngineError:
    """The error for a reply that ends too early."""
    return EngineError(
        f"the Engine's answer broke off: {call}",
        "it was stopped or lost while it answered; whether the call took effect shows when one looks again",
    )


def unreadable(call: str, status: int, why: str) -> EngineError:
    """The error for a reply that says success and holds something else than it should."""
    return EngineError(
        f"the Engine's answer can't be read: {call}: {why}",
        "something between here and the Engine may have answered: a proxy, a forwarded socket",
        status=status,
    )


def _closed(call: str) -> EngineError:
    return EngineUnreachable(
        f"the Engine closed the connection without an answer: {call}",
        "it is being stopped or restarted; whether the call took effect shows when one looks again",
    )


def _system_failure(error: OSError, address: str, call: str) -> EngineError | None:
    if isinstance(error, FileNotFoundError):
        return EngineUnreachable(f"no Docker Engine at {address}: there is no such socket", _OTHER_ENGINE)
    if isinstance(error, PermissionError):
        return EngineUnreachable(
            f"no permission to use the Docker socket {address}",
            "join its group (`sudo usermod -aG docker $USER`, then log in again), or use sudo",
        )
    if isinstance(error, ConnectionRefusedError):
        return EngineUnreachable(f"no Docker Engine listens at {address}: connection refused", _OTHER_ENGINE)
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return _closed(call)
    if "AF_UNIX path too long" in str(error):
        return EngineUnreachable(f"the socket's path is too long: {address}", "use one of at most 107 characters")
    # requests and urllib3 derive from OSError, too; those have no number and no words of their own.
    if error.errno is not None and error.strerror:
        return EngineUnreachable(f"no Docker Engine at {address}: {error.strerror}", _OTHER_ENGINE)
    return None


def _tls_failure(error: BaseException, address: str) -> EngineError:
    text = " ".join(str(error).split())
    hint = "check DOCKER_CERT_PATH, or the certificates of the context"
    if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text.lower():
        why, hint = "it speaks no TLS", "unset DOCKER_TLS_VERIFY for an Engine without TLS"
    elif found := re.search(r"CERTIFICATE_VERIFY_FAILED\] certificate verify failed: ([^(]+)", text):
        why = f"its certificate is not trusted: {found[1].strip()}"
    elif "ALERT_BAD_CERTIFICATE" in text or "CERTIFICATE_REQUIRED" in text:
        why = "it does not accept this client's certificate"
    else:
        why = re.sub(r"\s*\(_ssl\.c:\d+\)", "", text)
    return EngineUnreachable(shorten(f"no TLS connection to the Docker Engine at {address}: {why}"), hint)
