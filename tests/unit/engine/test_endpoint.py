from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine import endpoint as module
from reconciler.engine.endpoint import Endpoint, TlsMaterial, resolve
from reconciler.errors import EngineUnreachable, ExitCode, UsageError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two contexts; no socket anywhere."""
    monkeypatch.setattr(module, "DEFAULT_SOCKET", tmp_path / "var" / "docker.sock")
    folder = tmp_path / "home"
    folder.mkdir()
    add_context(folder, "prod", {"Host": "tcp://10.0.0.5:2376"})
    add_context(folder, "lab", {"Host": "unix:///run/lab.sock"})
    return folder


def add_context(home: Path, name: str, docker: Any, *, tls: tuple[str, ...] = ()) -> Path:
    folder = sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / folder / "meta.json"
    meta.parent.mkdir(parents=True, exist_ok=True)
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": docker} if docker else {}}))
    for file in tls:
        path = home / ".docker" / "contexts" / "tls" / folder / "docker" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return meta


def configure(home: Path, text: str, folder: str = ".docker") -> None:
    (home / folder).mkdir(exist_ok=True)
    (home / folder / "config.json").write_text(text)


ENV = {"DOCKER_HOST": "unix:///env.sock", "DOCKER_CONTEXT": "lab"}


@pytest.mark.parametrize(
    ("host", "context", "environ", "config", "expected", "origin"),
    [
        ("unix:///a.sock", None, ENV, "prod", "unix:///a.sock", "--host"),
        (None, "prod", ENV, "lab", "tcp://10.0.0.5:2376", 'context "prod"'),
        (None, None, ENV, "prod", "unix:///env.sock", "DOCKER_HOST"),
        (None, None, {"DOCKER_CONTEXT": "lab"}, "prod", "unix:///run/lab.sock", 'context "lab"'),
        (None, None, {}, "prod", "tcp://10.0.0.5:2376", 'context "prod"'),
        (None, None, {}, None, "unix://DEFAULT", "default socket"),
        # "default" is no context of its own
        (None, "default", {"DOCKER_HOST": "unix:///env.sock"}, "prod", "unix:///env.sock", "DOCKER_HOST"),
        (None, "default", {}, "prod", "unix://DEFAULT", "default socket"),
        (None, None, {"DOCKER_CONTEXT": "default"}, "prod", "unix://DEFAULT", "default socket"),
        (None, None, {}, "default", "unix://DEFAULT", "default socket"),
        # set but empty is not given
        ("", "", {"DOCKER_HOST": "", "DOCKER_CONTEXT": ""}, "", "unix://DEFAULT", "default socket"),
    ],
)
def test_the_order(
    home: Path,
    host: str | None,
    context: str | None,
    environ: dict[str, str],
    config: str | None,
    expected: str,
    origin: str,
) -> None:
    if config is not None:
        configure(home, json.dumps({"currentContext": config, "auths": {}}))
    found = resolve(host, context, environ, home)
    assert found == Endpoint(expected.replace("DEFAULT", str(module.DEFAULT_SOCKET)), None, origin)
    assert str(found) == f"{found.host} ({origin})"


def test_host_and_context_together_are_refused(home: Path) -> None:
    with pytest.raises(UsageError, match="--host and --context") as caught:
        resolve("unix:///a.sock", "prod", {}, home)
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("context", "environ", "config", "said_by"),
    [
        ("prdo", {}, None, "--context"),
        (None, {"DOCKER_CONTEXT": "prdo"}, None, "DOCKER_CONTEXT"),
        (None, {}, "prdo", "currentContext in "),
    ],
)
def test_an_unknown_context_is_an_error_that_lists_the_known(
    home: Path, context: str | None, environ: dict[str, str], config: str | None, said_by: str
) -> None:
    if config:
        configure(home, json.dumps({"currentContext": config}))
    add_context(home, "broken", {"Host": "x"}).write_text("{")
    with pytest.raises(UsageError) as caught:
        resolve(None, context, environ, home)
    assert '"prdo"' in caught.value.message
    assert said_by in caught.value.message
    assert caught.value.hint == "known contexts: default, lab, prod"


def test_docker_config_moves_everything(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    add_context(other, "far", {"Host": "tcp://far:1"})
    configure(other, '{"currentContext": "far"}')
    environ = {"DOCKER_CONFIG": str(other / ".docker")}
    assert resolve(None, None, environ, home).host == "tcp://far:1"
    with pytest.raises(UsageError) as caught:
        resolve(None, "prod", environ, home)
    assert "default, far" in caught.value.hint


@pytest.mark.parametrize("text", ["{", "[]", '{"currentContext": 7}', "\x00"])
def test_a_broken_config_is_said(home: Path, text: str) -> None:
    configure(home, text)
    with pytest.raises(EngineUnreachable, match=r"config\.json"):
        resolve(None, None, {}, home)
    # What does not need it does not read it.
    assert resolve("unix:///a.sock", None, {}, home).host == "unix:///a.sock"
    assert resolve(None, "prod", {}, home).host == "tcp://10.0.0.5:2376"


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_broken_context_is_said(home: Path, text: str) -> None:
    add_context(home, "sick", None).write_text(text)
    with pytest.raises(EngineUnreachable, match=r"meta\.json"):
        resolve(None, "sick", {}, home)


@pytest.mark.parametrize("docker", [None, {}, {"Host": ""}, {"Host": 7}, []])
def test_a_context_without_an_engine_is_said(home: Path, docker: Any) -> None:
    add_context(home, "kube", docker)
    with pytest.raises(UsageError, match='context "kube" names no Docker Engine'):
        resolve(None, "kube", {}, home)


def test_a_config_that_is_a_folder_is_said(home: Path) -> None:
    (home / ".docker" / "config.json").mkdir()
    with pytest.raises(EngineUnreachable, match="directory"):
        resolve(None, None, {}, home)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("unix:///a b.sock", "unix:///a b.sock"),
        ("tcp://h:1", "tcp://h:1"),
        ("tcp://h", "tcp://h:2375"),
        ("tcp://h/", "tcp://h:2375"),
        ("tcp://:2375", "tcp://localhost:2375"),
        ("tcp://[::1]:1", "tcp://[::1]:1"),
        ("h:1", "tcp://h:1"),
        ("http://h", "http://h:80"),
        ("http://h:8/docker", "http://h:8/docker"),
        ("https://h", "https://h:443"),
        ("npipe:////./pipe/docker_engine", "npipe:////./pipe/docker_engine"),
        (" unix:///a.sock\n", "unix:///a.sock"),
    ],
)
def test_schemes(home: Path, given: str, expected: str) -> None:
    assert resolve(given, None, {}, home) == Endpoint(expected, None, "--host")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("/var/run/docker.sock", "is no URL"),
        ("unix://docker.sock", "must be absolute"),
        ("fd://", "fd:// is not supported"),
        ("tcp://", "names no machine"),
        ("tcp://h:port", "is no URL"),
        ("tcp://h:99999", "is no URL"),
        ("tcp://me:secret@h:1", "no user and no password"),
        ("tcp://h:1?x=1", "no address"),
        ("tcp://[::1", "is no URL"),
    ],
)
def test_what_is_no_address(home: Path, given: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        resolve(None, None, {"DOCKER_HOST": given}, home)
    assert caught.value.message.startswith("DOCKER_HOST: ")
    assert "secret" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("given", "machine"), [("ssh://me@box", "me@box"), ("ssh://box:2222", "-p 2222 box"), ("ssh://", "HOST")]
)
def test_ssh_is_refused_by_name(home: Path, given: str, machine: str) -> None:
    add_context(home, "remote", {"Host": given})
    for host, context in ((given, None), (None, "remote")):
        with pytest.raises(UsageError, match="ssh:// is not supported") as caught:
            resolve(host, context, {}, home)
        assert f"ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock {machine}`" in caught.value.hint
        assert "--host unix:///tmp/docker.sock" in caught.value.hint


# --- TLS ----------------------------------------------------------------------------------------------------


def files(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_tls_of_the_environment(home: Path, tmp_path: Path) -> None:
    certs = files(tmp_path / "certs", "ca.pem", "cert.pem", "key.pem")
    environ = {"DOCKER_HOST": "tcp://h", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(certs)}
    tls = TlsMaterial(certs / "ca.pem", certs / "cert.pem", certs / "key.pem", verify=True)
    assert resolve(None, None, environ, home) == Endpoint("tcp://h:2376", tls, "DOCKER_HOST")
    assert resolve("tcp://other:7", None, environ, home) == Endpoint("tcp://other:7", tls, "--host")
    # As with the docker command: set is set.
    assert resolve(None, None, environ | {"DOCKER_TLS_VERIFY": "0"}, home).tls == tls
    unchecked = environ | {"DOCKER_TLS_VERIFY": "", "DOCKER_TLS": "1"}
    assert resolve(None, None, unchecked, home).tls == TlsMaterial(None, tls.cert, tls.key, verify=False)
    # The folder alone asks for nothing; sockets and plain HTTP have no TLS; a context has its own.
    assert resolve(None, None, environ | {"DOCKER_TLS_VERIFY": ""}, home).tls is None
    assert resolve("unix:///a.sock", None, environ, home).tls is None
    assert resolve("http://h:1", None, environ, home).tls is None
    assert resolve(None, "prod", environ, home).tls is None


def test_tls_falls_back_to_dockers_folder(home: Path) -> None:
    files(home / ".docker", "ca.pem")
    tls = resolve("tcp://h", None, {"DOCKER_TLS_VERIFY": "1"}, home).tls
    assert tls == TlsMaterial(home / ".docker" / "ca.pem", None, None)


def test_missing_tls_files_are_said(home: Path, tmp_path: Path) -> None:
    environ = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path / "certs")}
    with pytest.raises(UsageError, match=r"there is no .*ca\.pem"):
        resolve("tcp://h", None, environ, home)
    files(tmp_path / "certs", "ca.pem", "cert.pem")
    with pytest.raises(UsageError, match=r"key\.pem is missing"):
        resolve("tcp://h", None, environ, home)


def test_tls_of_a_context(home: Path) -> None:
    add_context(home, "safe", {"Host": "tcp://h"}, tls=("ca.pem", "cert.pem", "key.pem"))
    found = resolve(None, "safe", {}, home)
    assert found.host == "tcp://h:2376"
    assert found.tls
    assert found.tls.verify
    assert found.tls.key
    assert found.tls.key.name == "key.pem"
    add_context(home, "lax", {"Host": "tcp://h:1", "SkipTLSVerify": True})
    assert resolve(None, "lax", {}, home).tls == TlsMaterial(None, None, None, verify=False)


# --- the default socket -------------------------------------------------------------------------------------


def test_other_sockets_where_the_first_is_missing(home: Path, tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "runtime")}
    usual = resolve(None, None, environ, home)
    assert usual.host == f"unix://{module.DEFAULT_SOCKET}"
    files(home / ".docker" / "run", "docker.sock")
    assert resolve(None, None, environ, home).origin == "socket of Docker Desktop"
    files(tmp_path / "runtime", "docker.sock")
    rootless = resolve(None, None, environ, home)
    assert rootless == Endpoint(f"unix://{tmp_path}/runtime/docker.sock", None, "socket of rootless Docker")
    files(module.DEFAULT_SOCKET.parent, "docker.sock")
    assert resolve(None, None, environ, home) == usual
