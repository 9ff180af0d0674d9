from __future__ import annotations

import base64
import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.engine.credentials import configured_registries, registry_auth
from reconciler.errors import EngineError
from tests.support.engine import alive, wait_for

if TYPE_CHECKING:
    from pathlib import Path

HUB = "https://index.docker.io/v1/"


class Home:
    """A home folder, and a PATH with credential helpers of one's own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        (folder / ".docker").mkdir()
        self.environ = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(folder)}

    def configure(self, config: Any) -> None:
        text = config if isinstance(config, str) else json.dumps(config)
        (self.path / ".docker" / "config.json").write_text(text)

    def helper(self, name: str, script: str) -> None:
        file = self.bin / f"docker-credential-{name}"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def ask(self, domain: str, timeout: float = 60) -> dict[str, Any] | None:
        header = registry_auth(domain, environ=self.environ, home=self.path, timeout=timeout)
        if header is None:
            return None
        login = json.loads(base64.urlsafe_b64decode(header))
        assert isinstance(login, dict)
        return {name.lower(): value for name, value in login.items() if value}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_nothing_configured(home: Home) -> None:
    assert home.ask("docker.io") is None
    configs: list[dict[str, Any]] = [{}, {"currentContext": "x"}, {"auths": {}}, {"HttpHeaders": {"X": "y"}}]
    for config in configs:
        home.configure(config)
        assert home.ask("docker.io") is None


def test_logins_in_the_file(home: Home) -> None:
    home.configure(
        {
            "auths": {
                HUB: auth("hub", "pä:ss"),
                "r.example:5000": auth("me", "secret"),
                "https://old.example/v1/": auth("old", "x"),
                "token.example": {"identitytoken": "t"},
                "empty.example": {},
            }
        }
    )
    found = home.ask("docker.io")
    assert found
    assert (found["username"], found["password"]) == ("hub", "pä:ss")
    assert home.ask("r.example:5000") == {"username": "me", "password": "secret", "serveraddress": "r.example:5000"}
    found = home.ask("old.example")
    assert found
    assert found["username"] == "old"
    assert home.ask("token.example") == {"identitytoken": "t"}
    assert home.ask("empty.example") is None
    assert home.ask("r.example") is None


def test_docker_config_moves_the_file(home: Home, tmp_path: Path) -> None:
    home.configure({"auths": {"r": auth("a", "b")}})
    home.environ["DOCKER_CONFIG"] = str(tmp_path / "elsewhere")
    assert home.ask("r") is None
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "config.json").write_text(json.dumps({"auths": {"r": auth("c", "d")}}))
    found = home.ask("r")
    assert found
    assert found["username"] == "c"


def test_helpers(home: Home) -> None:
    home.configure(
        {"credsStore": "all", "credHelpers": {"one.example": "one"}, "auths": {"file.example": auth("file", "f")}}
    )
    home.helper(
        "all",
        f'read server; case "$server" in {HUB}) echo \'{{"ServerURL":"x","Username":"hub","Secret":"s"}}\';;'
        ' token.example) echo \'{"Username":"<token>","Secret":"t"}\';;'
        ' empty.example) echo \'{"Username":"","Secret":""}\';;'
        ' *) echo "credentials not found in native keychain"; exit 1;; esac',
    )
    home.helper("one", 'read server; echo "{\\"Username\\":\\"$1\\",\\"Secret\\":\\"$server\\"}"')
    assert home.ask("docker.io") == {"username": "hub", "password": "s", "serveraddress": HUB}
    assert home.ask("one.example") == {"username": "get", "password": "one.example", "serveraddress": "one.example"}
    assert home.ask("token.example") == {"identitytoken": "t", "serveraddress": "token.example"}
    assert home.ask("empty.example") is None
    assert home.ask("other.example") is None
    # What a helper does not know may still stand in the file.
    found = home.ask("file.example")
    assert found
    assert found["username"] == "file"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'the keychain is locked'; exit 1", "the keychain is locked"),
        ("exit 3", "exit code 3"),
        ('echo \'{"Secret": "hunter2"\'', "can't be read"),
        ("echo '[\"hunter2\"]'", "can't be read"),
        ('echo \'{"Username": "x", "Pass": "hunter2"}\'', "can't be read"),
    ],
)
def test_a_helper_that_fails_is_named(home: Home, script: str, message: str) -> None:
    home.configure({"credsStore": "odd"})
    home.helper("odd", script)
    with pytest.raises(EngineError, match=message) as caught:
        home.ask("r.example")
    assert "docker-credential-odd" in caught.value.message
    assert "r.example" in caught.value.message
    assert "docker-credential-odd get" in caught.value.hint
    assert "hunter2" not in str(caught.value)


def test_a_helper_that_hangs_is_ended_with_all_that_it_started(home: Home, tmp_path: Path) -> None:
    home.configure({"credsStore": "slow"})
    # A child that keeps the pipes open, as a window that asks for a password would.
    home.helper("slow", f"sleep 600 & echo $! > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/child; wait")
    for seconds in (0.3, 3.0, 30.0):  # on a busy machine it needs a while to have a child
        start = time.monotonic()
        with pytest.raises(EngineError, match=f"docker-credential-slow gave no answer for r.example within {seconds}"):
            home.ask("r.example", timeout=seconds)
        assert time.monotonic() - start < seconds + 60
        if (tmp_path / "child").exists():
            break
    child = int((tmp_path / "child").read_text())
    wait_for(lambda: not alive(child), "the child has ended")


def test_a_helper_that_is_missing_or_no_program(home: Home) -> None:
    home.configure({"credHelpers": {"r.example": "nope"}})
    with pytest.raises(EngineError, match="docker-credential-nope is not installed"):
        home.ask("r.example")
    assert home.ask("other.example") is None
    home.helper("nope", "")
    (home.bin / "docker-credential-nope").write_bytes(b"\x00\x01")
    with pytest.raises(EngineError, match="docker-credential-nope"):
        home.ask("r.example")


@pytest.mark.parametrize(
    "config",
    ["{", "[]", '{"auths": {"r": 1}}', '{"auths": {"r": {"auth": "!"}}}', '{"auths": []}', '{"auths": [1]}',
     '{"credHelpers": [1]}', '{"auths": {"r": {"auth": 7}}}'],
)  # fmt: skip
def test_a_broken_file_is_said(home: Home, config: str) -> None:
    home.configure(config)
    if config == '{"auths": []}':
        assert home.ask("r") is None
        return
    with pytest.raises(EngineError, match=r"config\.json"):
        home.ask("r")


def test_the_registries_that_are_configured(home: Home) -> None:
    def found() -> list[str]:
        return configured_registries(environ=home.environ, home=home.path)

    assert found() == []
    home.configure({"auths": {HUB: {}, "https://quay.io": {}, "r.example:5000": {}}, "credHelpers": {"h.example": "x"}})
    assert found() == ["docker.io", "h.example", "quay.io", "r.example:5000"]
    home.configure({"credsStore": "desktop"})
    assert found() == []
    home.configure({"auths": ["r.example"]})
    with pytest.raises(EngineError, match="auths is not a JSON object"):
        found()
