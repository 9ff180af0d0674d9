"""The client against a real Engine, sound and broken."""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from reconciler.engine.client import Client
from reconciler.engine.endpoint import Endpoint
from reconciler.errors import Conflict, EngineError, EngineTimeout, EngineUnreachable, NotFound
from tests.support.engine import BUSYBOX, PATIENCE, busybox_tar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.engine import Engine


def endpoint(engine: Engine) -> Endpoint:
    return Endpoint(engine.host, None, "test")


@pytest.fixture
def client(engine: Engine) -> Iterator[Client]:
    with Client.connect(endpoint(engine)) as connected:
        yield connected


def create(client: Client, name: str, **config: object) -> str:
    body = {"Image": BUSYBOX, "Cmd": ["sleep", "100"], **config}
    return str(client.post("/containers/create", body, params={"name": name})["Id"])


@contextmanager
def soon() -> Iterator[None]:
    """Of calls that end by a deadline of a second: well within the minute that any call has, on a busy machine too."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 50


# --- a sound Engine -----------------------------------------------------------------------------------------


def test_it_knows_whom_it_talks_to(client: Client, engine: Engine) -> None:
    about = engine.call("GET", "/version")
    assert client.about.version == about["Version"]
    assert (client.about.os, client.about.arch) == (about["Os"], about["Arch"])
    assert client.about.api_version in (about["ApiVersion"], "1.51")


def test_a_containers_life(client: Client, project: str, busybox_image: str) -> None:
    one = create(client, f"{project}-one", Labels={"io.reconciler.project": project})
    filters = {"label": f"io.reconciler.project={project}"}
    assert client.get("/containers/json", {"filters": filters}) == []
    assert [row["Id"] for row in client.get("/containers/json", {"all": True, "filters": filters})] == [one]
    assert client.post(f"/containers/{one}/start") is None
    assert client.post(f"/containers/{one}/start") is None  # 304: it runs already
    assert client.get(f"/containers/{one}/json")["State"]["Running"]
    with pytest.raises(Conflict, match=rf'"{project}-one" is already taken, by container {one[:12]}'):
        create(client, f"{project}-one")
    with pytest.raises(Conflict):
        client.delete(f"/containers/{one}")
    assert client.delete(f"/containers/{one}", params={"force": True}) is None
    with pytest.raises(NotFound):
        client.get(f"/containers/{one}/json")


def test_each_refusal_in_plain_words(client: Client, project: str, busybox_image: str) -> None:
    def start(name: str, **config: object) -> None:
        client.post(f"/containers/{create(client, f'{project}-{name}', **config)}/start")

    published = {"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "18099"}]}}, "ExposedPorts": {"80/tcp": {}}}
    start("first", **published)
    with pytest.raises(EngineError, match="host port 18099 is already in use") as caught:
        start("second", **published)
    assert "publish=18099" in caught.value.hint
    assert caught.value.status == 500
    with pytest.raises(EngineError, match="command not found in the image: nosuch"):
        start("third", Cmd=["nosuch"])
    with pytest.raises(NotFound, match="no such image on the Engine: nope:1"):
        create(client, f"{project}-fourth", Image="nope:1")
    with pytest.raises(NotFound):
        client.get(f"/volumes/{project}")
    with pytest.raises(NotFound):
        client.get(f"/networks/{project}")


def test_files_and_logs(client: Client, project: str, busybox_image: str) -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        info = tarfile.TarInfo("greeting")
        info.size = 6
        archive.addfile(info, io.BytesIO(b"hello\n"))
    for tty in (False, True):
        one = create(client, f"{project}-{tty}", Cmd=["sh", "-c", "cat /etc/greeting; echo oops >&2; echo ü"], Tty=tty)
        tar.seek(0)
        assert client.upload(f"/containers/{one}/archive", {"path": "/etc"}, tar) is None
        client.post(f"/containers/{one}/start")
        assert client.post(f"/containers/{one}/wait")["StatusCode"] == 0
        assert sorted(client.logs(one, 10)) == ["hello", "oops", "ü"]
        assert len(client.logs(one, 1)) == 1
    with pytest.raises(NotFound):
        client.upload(f"/containers/{one}/archive", {"path": "/nowhere"}, tar)


def test_an_import_and_what_goes_wrong_with_it(client: Client, project: str) -> None:
    def load(body: object) -> list[dict[str, object]]:
        params = {"fromSrc": "-", "repo": project, "tag": "1", "changes": 'CMD ["sh"]'}
        return list(client.stream("POST", "/images/create", params=params, body=body, deadline=60))  # type: ignore[arg-type]

    with tempfile.SpooledTemporaryFile() as file:
        file.write(busybox_tar({}))
        file.seek(0)
        said = load(file)
    image = client.get(f"/images/{project}:1/json")
    assert said[-1]["status"] == image["Id"]
    assert image["Config"]["Cmd"] == ["sh"]
    with pytest.raises(EngineError, match="the archive is no tar file"):
        load(b"abc" * 1000)
    with pytest.raises(EngineError):
        list(client.stream("POST", "/images/load", body=b"abc"))
    client.delete(f"/images/{project}:1")


def test_a_pull_without_a_registry(client: Client) -> None:
    params = {"fromImage": "localhost:9/nobody", "tag": "1"}
    with pytest.raises(EngineError, match="no registry answers at localhost:9"):
        list(client.stream("POST", "/images/create", params=params, deadline=60))


def test_events_as_they_happen(client: Client, project: str, busybox_image: str) -> None:
    filters = {"type": "container", "label": f"of={project}"}
    with client.stream("GET", "/events", params={"filters": filters}, idle=PATIENCE) as events:
        one = create(client, project, Labels={"of": project})
        assert next(events)["Action"] == "create"
        client.post(f"/containers/{one}/start")
        assert next(events)["Action"] == "start"
        threading.Timer(0.2, events.close).start()
        with soon():
            assert list(events) == []


def test_events_without_a_word(client: Client) -> None:
    with (
        soon(),
        client.stream("GET", "/events", params={"filters": {"type": "plugin"}}, idle=0.5) as events,
        pytest.raises(EngineTimeout),
    ):
        next(events)


def test_from_many_threads(client: Client, project: str, busybox_image: str) -> None:
    names = [f"{project}-{n}" for n in range(16)]
    found: list[str] = []

    def work(name: str) -> None:
        one = create(client, name)
        found.append(client.get(f"/containers/{one}/json")["Name"])

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"/{name}" for name in names)


# --- a broken one -------------------------------------------------------------------------------------------


def failing_later(call: Callable[[], object]) -> Callable[[], BaseException | None]:
    """Makes a call in a thread of its own; the result waits for it and tells how it failed."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            call()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()

    def result() -> BaseException | None:
        thread.join(PATIENCE)
        assert not thread.is_alive()
        return failures[0] if failures else None

    return result


def test_killed_during_a_call_and_a_stream(private_engine: Callable[..., Engine]) -> None:
    engine = private_engine("--live-restore")
    engine.import_image(BUSYBOX)
    with Client.connect(endpoint(engine)) as client:
        one = create(client, "one")
        client.post(f"/containers/{one}/start")
        events = client.stream("GET", "/events", idle=60)
        waiting = failing_later(lambda: client.post(f"/containers/{one}/wait", deadline=60))
        following = failing_later(lambda: list(events))
        time.sleep(0.5)
        with soon():
            engine.kill()
            assert isinstance(waiting(), EngineError)
            # Never as if all were said: who follows events must know that some may have been missed.
            assert isinstance(following(), EngineError)
        with soon(), pytest.raises(EngineUnreachable, match=r"connection refused|closed the connection"):
            client.get("/info")
        with soon(), pytest.raises(EngineUnreachable, match="connection refused"):
            Client.connect(endpoint(engine))
        engine.restart()
        # The same client goes on, over a new connection.
        assert client.get(f"/containers/{one}/json")["Id"] == one
        client.delete(f"/containers/{one}", params={"force": True})


def test_stopped_in_its_tracks(private_engine: Callable[..., Engine]) -> None:
    engine = private_engine()
    engine.import_image(BUSYBOX)
    with Client.connect(endpoint(engine)) as client:
        events = client.stream("GET", "/events", idle=1)
        engine.stop()
        try:
            with soon(), pytest.raises(EngineTimeout):
                next(events)
            with soon(), pytest.raises(EngineTimeout, match="within 1 s: GET /containers/json"):
                client.get("/containers/json", deadline=1)
            with soon(), pytest.raises(EngineTimeout):
                list(client.stream("POST", "/images/create", params={"fromImage": "x", "tag": "1"}, deadline=1))
            with soon(), pytest.raises(EngineTimeout):
                client.post("/containers/create", {"Image": BUSYBOX}, params={"name": "late"}, deadline=1)
            with soon(), pytest.raises(EngineUnreachable, match="does not answer within 1 s"):
                Client.connect(endpoint(engine), timeout=1)
        finally:
            engine.cont()
        # A timeout says nothing about the outcome; the client is as good as before.
        assert json.dumps(client.get("/containers/json", {"all": True}))
