"""Which Engine: the address that the command line, the environment and Docker's own configuration lead to.

The SDK is not asked: to it an unknown context is the local socket, and a command meant for the test machine
would change the wrong one. Here everything that can't be followed to its end is an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from reconciler.errors import EngineUnreachable, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_SOCKET = Path("/var/run/docker.sock")
SCHEMES = ("unix", "tcp", "http", "https", "npipe")
PORTS = {"tcp": 2375, "http": 80, "https": 443}
TLS_PORT = 2376


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """The files of a TLS connection.

    Attributes:
        ca: the authority that the Engine's certificate must come from; None: the machine's own authorities.
        cert: the client's certificate, where it has one.
        key: the certificate's key.
        verify: whether the Engine's certificate is checked at all.
    """

    ca: Path | None
    cert: Path | None
    key: Path | None
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an Engine is.

    Attributes:
        host: its URL: `unix:///var/run/docker.sock`, `tcp://10.0.0.5:2376`.
        tls: how to talk TLS to it; None: without TLS, or as an `https` URL alone says.
        origin: what named it, for messages: `--host`, `context "prod"`, `default socket`.
    """

    host: str
    tls: TlsMaterial | None
    origin: str

    def __str__(self) -> str:
        return f"{self.host} ({self.origin})"


def resolve(host: str | None, context: str | None, environ: Mapping[str, str], home: Path) -> Endpoint:
    """Find the Engine that is meant.

    The first of these that is given decides, as with the docker command: `--host`, `--context`, DOCKER_HOST,
    DOCKER_CONTEXT, the current context of Docker's config.json, the default socket. A variable that is
    set but empty is not given.

    Args:
        host: the value of `--host`.
        context: the value of `--context`.
        environ: the environment.
        home: the user's home folder.

    Raises:
        UsageError: what was asked for by name does not exist or is not supported.
        EngineUnreachable: a file of Docker's configuration can't be read.
    """
    if host and context:
        raise UsageError(
            "--host and --context both name an Engine",
            "give one of them; a context has a host already",
        )
    docker = _DockerFolder(Path(environ.get("DOCKER_CONFIG") or home / ".docker"))
    if host:
        return _from_url(host, "--host", environ, docker)
    wanted, said_by = context, "--context"
    if not wanted and environ.get("DOCKER_HOST"):
        wanted, said_by = "default", "DOCKER_HOST"
    if not wanted and environ.get("DOCKER_CONTEXT"):
        wanted, said_by = environ["DOCKER_CONTEXT"], "DOCKER_CONTEXT"
    if not wanted:
        wanted, said_by = docker.current_context(), f"currentContext in {docker.config}"
    if wanted and wanted != "default":
        return _from_context(wanted, said_by, docker)
    # The context that is called "default" is none: it stands for DOCKER_HOST, and without that for the
    # socket.
    if environ.get("DOCKER_HOST"):
        return _from_url(environ["DOCKER_HOST"], "DOCKER_HOST", environ, docker)
    return _default_socket(environ, home)


def known_contexts(environ: Mapping[str, str], home: Path) -> list[str]:
    """The names of Docker's contexts, `default` first.

    Args:
        environ: the environment.
        home: the user's home folder.
    """
    return _DockerFolder(Path(environ.get("DOCKER_CONFIG") or home / ".docker")).known_contexts()


class _DockerFolder:
    """Docker's configuration folder, usually `~/.docker`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.json"

    def current_context(self) -> str | None:
        config = _read_object(self.config)
        name = config.get("currentContext") if config else None
        if name is not None and not isinstance(name, str):
            raise _broken(self.config, "currentContext is not a text")
        return name or None

    def context(self, name: str) -> dict[str, Any] | None:
        return _read_object(self.path / "contexts" / "meta" / _folder_of(name) / "meta.json")

    def known_contexts(self) -> list[str]:
        names = set()
        for file in sorted(self.path.glob("contexts/meta/*/meta.json")):
            try:
                meta = _read_object(file)
            except EngineUnreachable:
                continue  # one that is broken can't be offered, and is not what this is about
            if meta and isinstance(meta.get("Name"), str):
                names.add(meta["Name"])
        return ["default", *sorted(names)]

    def tls_of(self, name: str) -> Path:
        return self.path / "contexts" / "tls" / _folder_of(name) / "docker"


def _folder_of(context: str) -> str:
    # Docker's own naming: a context's name may hold anything that a file name may not.
    return sha256(context.encode()).hexdigest()


def _from_context(name: str, said_by: str, docker: _DockerFolder) -> Endpoint:
    origin = f'context "{name}"'
    meta = docker.context(name)
    if meta is None:
        raise UsageError(
            f'there is no Docker context "{name}" (named by {said_by})',
            f"known contexts: {', '.join(docker.known_contexts())}",
        )
    endpoints = meta.get("Endpoints")
    engine = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = engine.get("Host") if isinstance(engine, dict) else None
    if not isinstance(host, str) or not host:
        raise UsageError(
            f"{origin} names no Docker Engine",
            f"`docker context inspect {name}` shows it; give another one with --context or --host",
        )
    folder = docker.tls_of(name)
    ca, cert, key = (_if_there(folder / file) for file in ("ca.pem", "cert.pem", "key.pem"))
    unchecked = isinstance(engine, dict) and engine.get("SkipTLSVerify") is True
    tls = TlsMaterial(ca, cert, key, verify=not unchecked) if ca or cert or key or unchecked else None
    _check_pair(tls, origin)
    return _endpoint(host, tls, origin)


def _from_url(host: str, origin: str, environ: Mapping[str, str], docker: _DockerFolder) -> Endpoint:
    return _endpoint(host, _tls_of_environment(environ, docker), origin)


def _tls_of_environment(environ: Mapping[str, str], docker: _DockerFolder) -> TlsMaterial | None:
    """TLS as DOCKER_TLS_VERIFY, DOCKER_TLS and DOCKER_CERT_PATH ask for it.

    As with the docker command it counts whether they are set, even to "0", and the folder alone asks for
    nothing.
    """
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if not verify and not environ.get("DOCKER_TLS"):
        return None
    folder = Path(environ.get("DOCKER_CERT_PATH") or docker.path)
    ca = folder / "ca.pem"
    if verify and not _there(ca):
        raise UsageError(
            f"DOCKER_TLS_VERIFY is set, but there is no {ca}",
            "put ca.pem, cert.pem and key.pem where DOCKER_CERT_PATH points to, or unset DOCKER_TLS_VERIFY",
        )
    tls = TlsMaterial(
        ca if verify else None, _if_there(folder / "cert.pem"), _if_there(folder / "key.pem"), verify=verify
    )
    _check_pair(tls, f"DOCKER_CERT_PATH ({folder})")
    return tls


def _check_pair(tls: TlsMaterial | None, origin: str) -> None:
    if tls and (tls.cert is None) != (tls.key is None):
        missing = "cert.pem" if tls.cert is None else "key.pem"
        raise UsageError(
            f"the TLS files of {origin} are incomplete: {missing} is missing",
            "a client's certificate needs both, cert.pem and key.pem",
        )


def _default_socket(environ: Mapping[str, str], home: Path) -> Endpoint:
    runtime = environ.get("XDG_RUNTIME_DIR")
    candidates = [(DEFAULT_SOCKET, "default socket")]
    if runtime:
        candidates.append((Path(runtime) / "docker.sock", "socket of rootless Docker"))
    candidates.append((home / ".docker" / "run" / "docker.sock", "socket of Docker Desktop"))
    # Where there is none at all, the usual one is what the error should name.
    found = next(((path, origin) for path, origin in candidates if _there(path)), candidates[0])
    return Endpoint(f"unix://{found[0]}", None, found[1])


def _endpoint(host: str, tls: TlsMaterial | None, origin: str) -> Endpoint:
    """An endpoint with a URL that has everything: scheme, address, port."""
    text = host.strip()
    if text.startswith("/"):
        raise UsageError(f"{origin}: {text!r} is no URL", f"write unix://{text}")
    if "://" not in text:
        text = f"tcp://{text}"  # the docker command reads `localhost:2375` so
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise UsageError(f"{origin}: {host!r} is no URL: {error}", _EXAMPLES) from None
    if url.scheme == "ssh":
        raise _ssh_refused(url, port, origin)
    if url.scheme not in SCHEMES:
        raise UsageError(
            f"{origin}: {url.scheme}:// is not supported (in {host!r})",
            f"supported: {', '.join(f'{scheme}://' for scheme in SCHEMES)}",
        )
    if url.scheme == "unix":
        path = text.removeprefix("unix://") or str(DEFAULT_SOCKET)
        if not path.startswith("/"):
            raise UsageError(f"{origin}: the socket's path must be absolute (in {host!r})", f"write unix:///{path}")
        return Endpoint(f"unix://{path}", None, origin)
    if url.scheme == "npipe":
        return Endpoint(text, None, origin)
    return _over_tcp(url, port, tls, origin, host)


def _over_tcp(url: SplitResult, port: int | None, tls: TlsMaterial | None, origin: str, host: str) -> Endpoint:
    if url.username or url.password:
        # Docker has no such login; it would stand in messages and logs.
        raise UsageError(f"{origin}: a host has no user and no password", _EXAMPLES)
    if not url.hostname and port is None:
        raise UsageError(f"{origin}: {host!r} names no machine", _EXAMPLES)
    if url.query or url.fragment:
        raise UsageError(f"{origin}: {host!r} is no address of an Engine", _EXAMPLES)
    name = url.hostname or "localhost"
    if ":" in name:
        name = f"[{name}]"
    material = None if url.scheme == "http" else tls
    default = TLS_PORT if url.scheme == "tcp" and material else PORTS[url.scheme]
    address = f"{name}:{port if port is not None else default}{url.path.rstrip('/')}"
    return Endpoint(f"{url.scheme}://{address}", material, origin)


_EXAMPLES = "for example unix:///var/run/docker.sock or tcp://10.0.0.5:2376"


def _ssh_refused(url: SplitResult, port: int | None, origin: str) -> UsageError:
    user = f"{url.username}@" if url.username else ""
    machine = f"{'-p ' + str(port) + ' ' if port else ''}{user}{url.hostname or 'HOST'}"
    return UsageError(
        f"{origin}: ssh:// is not supported",
        f"run `ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock {machine}`, then use `--host unix:///tmp/docker.sock`",
    )


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # in a folder that we may not enter


def _if_there(path: Path) -> Path | None:
    return path if _there(path) else None


def _read_object(path: Path) -> dict[str, Any] | None:
    """A JSON object from a file; None where there is no file."""
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _broken(path, error.strerror or type(error).__name__) from None
    except ValueError as error:
        raise _broken(path, f"it is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise _broken(path, "it is not a JSON object")
    return value


def _broken(path: Path, why: str) -> EngineUnreachable:
    return EngineUnreachable(
        f"Docker's configuration can't be read: {path}: {why}",
        "mend that file, or name the Engine with --host",
    )
