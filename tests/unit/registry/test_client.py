from __future__ import annotations

import re
import threading
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.errors import RegistryError
from reconciler.registry.client import RegistryClient
from tests.unit.registry.fake import Answer, FakeRegistry

BASIC = f"Basic {b64encode(b'me:pass word').decode()}"
LOGIN = {"Username": "me", "Password": "pass word"}


def tags(registry: FakeRegistry, login: Mapping[str, str] | None = None, deadline: float = 30) -> list[str]:
    client = RegistryClient(registry.domain, login, deadline)
    try:
        return client.tags("team/app")
    finally:
        client.close()


def listed(*names: str) -> Answer:
    return 200, {}, {"name": "team/app", "tags": list(names)}


def test_all_pages_are_read() -> None:
    def answer(path: str, _: str) -> Answer:
        if "last=b" in path:
            return 200, {"Link": '</v2/team/app/tags/list?n=2&last=c>; rel="next"'}, {"tags": ["c", "b"]}
        if "last=c" in path:
            return 200, {}, {"tags": None}
        return 200, {"Link": '</v2/team/app/tags/list?n=2&last=b>; rel="next"'}, {"tags": ["a", "b"]}

    with FakeRegistry(answer) as registry:
        assert tags(registry) == ["a", "b", "c"]


def test_pages_that_lead_in_a_circle_or_elsewhere_end() -> None:
    with FakeRegistry(lambda *_: listed("stolen")) as other:
        for link in ("<?n=1000>; rel=next", f"<{other.url}/v2/team/app/tags/list>; rel=next", "nonsense"):
            with FakeRegistry(lambda *_, link=link: (200, {"Link": link}, {"tags": ["a"]})) as registry:
                assert tags(registry, LOGIN) == ["a"]
                assert len(registry.asked) <= 2
        assert other.asked == []


def test_a_password_is_sent_where_it_is_asked_for_and_not_before() -> None:
    def answer(_: str, authorization: str) -> Answer:
        if authorization != BASIC:
            return 401, {"WWW-Authenticate": 'Basic realm="here"'}, {}
        return listed("a")

    with FakeRegistry(answer) as registry:
        assert tags(registry, LOGIN) == ["a"]
        assert [authorization for path, authorization in registry.asked if "tags" in path] == ["", BASIC]
        with pytest.raises(RegistryError, match="wants a login") as caught:
            tags(registry)
        assert caught.value.hint == f"check the name, or `docker login {registry.domain}`"
        with pytest.raises(RegistryError, match="is not valid any more") as caught:
            tags(registry, {"Username": "me", "Password": "old"})
        assert "old" not in str(caught.value)


def test_a_token_is_fetched_for_this_repository() -> None:
    def answer(path: str, authorization: str) -> Answer:
        if path.startswith("/token"):
            return 200, {}, {"token": "for-a-while"}
        if authorization == "Bearer for-a-while":
            return listed("a")
        challenge = f'Bearer realm="http://{registry.domain}/token",service="the, service",scope="ignored"'
        return 401, {"WWW-Authenticate": challenge}, {}

    with FakeRegistry(answer) as registry:
        assert tags(registry) == ["a"]
        [(path, authorization)] = [one for one in registry.asked if one[0].startswith("/token")]
        assert path == "/token?service=the%2C+service&scope=repository%3Ateam%2Fapp%3Apull"
        assert authorization == ""
        registry.asked.clear()
        registry.bodies.clear()
        assert tags(registry, LOGIN) == ["a"]
        assert [authorization for path, authorization in registry.asked if path.startswith("/token")] == [BASIC]
        assert tags(registry, {"IdentityToken": "refresh-me"}) == ["a"]
        [body] = [body for body in registry.bodies if body]
        assert "refresh_token=refresh-me" in body
        assert "grant_type=refresh_token" in body


def test_a_login_never_follows_a_redirect_to_somebody_else() -> None:
    def moved(target: str) -> Answer:
        return 307, {"Location": target}, {}

    with FakeRegistry(lambda *_: listed("stolen")) as other:

        def answer(path: str, authorization: str) -> Answer:
            if not authorization:
                return 401, {"WWW-Authenticate": "Basic"}, {}
            return moved(f"{other.url}/v2/elsewhere") if "moved" not in path else listed("a")

        with FakeRegistry(answer) as registry, pytest.raises(RegistryError, match="sends elsewhere without TLS"):
            tags(registry, LOGIN)
        assert other.asked == []

    def within(path: str, authorization: str) -> Answer:
        if authorization != BASIC:
            return 401, {"WWW-Authenticate": "Basic"}, {}
        return listed("a") if "moved" in path else moved("/v2/moved")

    with FakeRegistry(within) as registry:
        assert tags(registry, LOGIN) == ["a"]

    with FakeRegistry(lambda *_: moved("/v2/again")) as registry, pytest.raises(RegistryError, match="status 307"):
        tags(registry)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((404, {}, {"errors": [{"code": "NAME_UNKNOWN"}]}), "the registry has no repository "),
        ((429, {}, {}), "has been asked too often"),
        ((503, {}, {"errors": [{"message": "out of\norder"}]}), r"failed \(status 503\): out of order"),
        ((500, {}, b"<html>"), r"failed \(status 500\)$"),
        ((200, {}, b"<html>"), "can't be read: it is not JSON"),
        ((200, {}, {"tags": "a"}), "can't be read: its list of tags is none"),
        ((200, {}, b" " * (5 << 20)), "can't be read: it does not end"),
        ((401, {}, {}), "wants a login"),
        ((401, {"WWW-Authenticate": "Negotiate"}, {}), "wants a login"),
    ],
)
def test_what_it_refuses_is_said(answer: Answer, message: str) -> None:
    with FakeRegistry(lambda *_: answer) as registry, pytest.raises(RegistryError) as caught:
        tags(registry)
    assert re.search(message, caught.value.message)


def test_it_does_not_wait_for_ever() -> None:
    released = threading.Event()

    def slow(*_: str) -> Answer:
        released.wait(60)
        return listed("a")

    with FakeRegistry(slow) as registry:
        with pytest.raises(RegistryError, match=r"did not answer within 0\.3 s"):
            tags(registry, deadline=0.3)
        released.set()


def test_who_is_not_there_is_said(tmp_path: Path) -> None:
    with FakeRegistry(lambda *_: listed()) as registry:
        gone = registry.domain
    with pytest.raises(RegistryError, match="connection refused"):
        RegistryClient(gone, certificates=tmp_path).tags("a")


def test_a_login_of_netrc_is_nobodys_business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with FakeRegistry(lambda *_: listed("a")) as registry:
        assert tags(registry) == ["a"]
        assert {authorization for _, authorization in registry.asked} == {""}
