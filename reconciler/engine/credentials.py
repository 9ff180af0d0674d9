"""The login for a registry, as Docker's configuration has it, for the Engine to pull with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

HELPER_TIMEOUT = 10.0
"""Seconds for a credential helper. One that waits for a password at a window that nobody sees waits
forever."""

_SECTIONS = ("auths", "credsStore", "credHelpers")
_NOTHING_FOUND = (
    "credentials not found in native keychain",
    "no credentials server URL",
    "not found in keychain",
)


def registry_auth(
    reference_domain: str,
    *,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    timeout: float | None = None,
) -> str | None:
    """The value of the X-Registry-Auth header for a registry; see `registry_login`."""
    login = registry_login(reference_domain, environ=environ, home=home, timeout=timeout)
    if login is None:
        return None
    from docker import auth  # 130 ms: only who has logins pays

    return auth.encode_header(login).decode("ascii")


def registry_login(
    reference_domain: str,
    *,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    timeout: float | None = None,
) -> dict[str, str] | None:
    """The login for a registry.

    Args:
        reference_domain: the registry, as in an image's full name: `docker.io`, `registry.example.com:5000`.
        environ: where DOCKER_CONFIG and PATH are looked up, and what a helper gets; this process's where
            not given.
        home: the user's home folder; this user's where not given.
        timeout: seconds for a credential helper; HELPER_TIMEOUT where not given.

    Returns:
        The login, with the API's words for its parts, or None where no login is configured for that registry.

    Raises:
        EngineError: Docker's configuration can't be read, or the credential helper in it fails or hangs.
    """
    environ = os.environ if environ is None else environ
    path = _path(environ, home)
    config = _configured(path)
    if config is None:
        return None

    from docker import auth  # 130 ms: only who has logins pays
    from docker.errors import DockerException

    try:
        logins = auth.load_config(config_dict=config)
        helper = logins.get_credential_store(reference_domain)
        wait = HELPER_TIMEOUT if timeout is None else timeout
        found = _ask_helper(helper, reference_domain, environ, wait) if helper else None
        if found is None:
            # The SDK would ask the helper again, without a deadline: only the file's own entries are left
            # to it.
            found = auth.AuthConfig({"auths": logins.auths}).resolve_authconfig(reference_domain)
    except (DockerException, ValueError, AttributeError, TypeError) as error:
        raise _unreadable(path, f"its logins make no sense ({error})") from error
    return dict(found) if found else None


def configured_registries(*, environ: Mapping[str, str] | None = None, home: Path | None = None) -> list[str]:
    """The registries that Docker's configuration has a login for, or a helper of their own; sorted.

    Args:
        environ: as for `registry_login`.
        home: likewise.

    Raises:
        EngineError: Docker's configuration can't be read.
    """
    path = _path(os.environ if environ is None else environ, home)
    config = _configured(path) or {}
    found: set[str] = set()
    for section in ("auths", "credHelpers"):
        names = config.get(section) or {}
        if not isinstance(names, dict):
            raise _unreadable(path, f"{section} is not a JSON object")
        found |= {name.partition("://")[2].partition("/")[0] if "://" in name else name for name in names}
    return sorted("docker.io" if name in {"index.docker.io", "index.docker.io/v1/"} else name for name in found)


def _path(environ: Mapping[str, str], home: Path | None) -> Path:
    folder = environ.get("DOCKER_CONFIG")
    return Path(folder) / "config.json" if folder else (home or Path.home()) / ".docker" / "config.json"


def _configured(path: Path) -> dict[str, Any] | None:
    """The parts of Docker's config.json that are about logins; None where there are none."""
    try:
        config = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or type(error).__name__) from error
    except ValueError as error:
        raise _unreadable(path, f"it is not JSON ({error})") from error
    if not isinstance(config, dict):
        raise _unreadable(path, "it is not a JSON object")
    # Without any of them the SDK would take the whole file for a list of logins, or look for another file.
    return {name: config[name] for name in _SECTIONS if config.get(name)} or None


def _unreadable(path: Path, why: str) -> EngineError:
    return EngineError(f"Docker's logins can't be read: {path}: {why}", "mend that file, or `docker login` again")


def _ask_helper(helper: str, domain: str, environ: Mapping[str, str], timeout: float) -> dict[str, str] | None:
    """The login that a credential helper keeps.

    The SDK has this, too, but waits for ever, and leaves the helper running.
    """
    from docker import auth

    program = f"docker-credential-{helper}"
    # Docker Hub is known to helpers by an old URL only.
    server = auth.INDEX_URL if domain == auth.INDEX_NAME else domain
    executable = shutil.which(program, path=environ.get("PATH"))
    if executable is None:
        raise EngineError(
            f"the credential helper {program} is not installed; Docker's configuration names it for {domain}",
            "install it, or take it out of credsStore and credHelpers in Docker's config.json",
        )
    status, said = _run(executable, server, environ, timeout)
    if status != 0:
        if any(text in said for text in _NOTHING_FOUND):
            return None
        why = " ".join(said.split())[:200]
        raise EngineError(
            f"the credential helper {program} failed for {domain}: {why or f'exit code {status}'}",
            f"try it: `echo {server} | {program} get`",
        )
    try:
        login = json.loads(said)
        user, secret = str(login["Username"]), str(login["Secret"])
    except (ValueError, KeyError, TypeError) as error:
        # Without the answer: a secret may be in it.
        raise EngineError(
            f"the credential helper {program} gave an answer for {domain} that can't be read",
            f"try it: `echo {server} | {program} get`",
        ) from error
    if not user and not secret:
        return None
    if user == auth.TOKEN_USERNAME:
        return {"ServerAddress": server, "IdentityToken": secret}
    return {"ServerAddress": server, "Username": user, "Password": secret}


def _run(executable: str, server: str, environ: Mapping[str, str], timeout: float) -> tuple[int, str]:
    program = Path(executable).name
    try:
        process = subprocess.Popen(
            [executable, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            start_new_session=True,  # so that all of it can be ended, and none of it reads from our terminal
        )
    except OSError as error:
        raise EngineError(
            f"the credential helper {program} can't be run: {error.strerror or error}",
            "check its file and its permissions",
        ) from error
    with process:
        try:
            said, _ = process.communicate(server.encode(), timeout=timeout)
        except subprocess.TimeoutExpired:
            raise EngineError(
                f"the credential helper {program} gave no answer for {server} within {timeout:g} s",
                f"it may wait for a password: try `echo {server} | {program} get`, and unlock its keychain",
            ) from None
        finally:
            if process.returncode is None:
                # What it has started holds its pipes open: end them together.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, said.decode("utf-8", errors="replace")
