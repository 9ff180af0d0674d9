"""What all tests share: a private Engine, a project of one's own on it, an image that needs no registry."""

from __future__ import annotations

import re
import signal
import threading
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support.engine import BUSYBOX, Engine, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The same examples each time, and none that fails because the machine is busy.
settings.register_profile("tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

# Who runs the tests in the background has SIGINT ignored, as a shell without job control arranges it, and each command
# that a test starts and then interrupts would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

ENGINE_FIXTURES = {"engine", "private_engine"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that need an Engine: `-m "not engine"` leaves them out."""
    for item in items:
        if ENGINE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.engine)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says in full what failed at first, where `--reruns` gave it another try: it is a defect, of the test at least."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"failed at first: {report.nodeid}", sep="_")
        terminalreporter.line(report.longreprtext)


@pytest.fixture(scope="session", autouse=True)
def _no_other_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A test that forgets to say which Engine must never reach the one of the person who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            *("DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION"),
            "RECONCILER_STATE_DIR",
            # Hundreds of commands are run as processes, and each would compile the program anew.
            "PYTHONDONTWRITEBYTECODE",
        ):
            patch.delenv(name, raising=False)
        nowhere = tmp_path_factory.mktemp("nowhere")
        patch.setenv("DOCKER_HOST", f"unix://{nowhere / 'no.sock'}")
        patch.setenv("DOCKER_CONFIG", str(nowhere))
        patch.setenv("XDG_STATE_HOME", str(nowhere / "state"))
        patch.setenv("RECONCILER_RUNTIME_DIR", str(nowhere / "runtime"))  # the Engines here have a /run of their own
        yield


def _start(*options: str) -> Engine:
    try:
        return Engine.start(*options)
    except EngineError as problem:
        pytest.fail(f"this test needs an Engine of its own: {problem}", pytrace=False)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The session's Engine. Tests share it: each in a `project` of its own, and none that hurts it."""
    with _start() as started:
        yield started


@pytest.fixture
def private_engine() -> Iterator[Callable[..., Engine]]:
    """Starts Engines to be hurt: `private_engine("--live-restore")`. Each goes at the test's end."""
    started: list[Engine] = []

    def new(*options: str) -> Engine:
        started.append(_start(*options))
        return started[-1]

    yield new
    for one in started:
        one.let_go()
    for one in started:
        one.close()


@pytest.fixture
def project(request: pytest.FixtureRequest, engine: Engine) -> Iterator[str]:
    """A project name that no other test has; what bears it is removed from the `engine` afterwards."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_")).strip("-")
    name = f"t-{words[:24].strip('-')}-{uuid.uuid4().hex[:6]}"
    yield name
    engine.remove_project(name)


@pytest.fixture(scope="session")
def busybox_image(engine: Engine) -> str:
    """An image with a static busybox and all its commands, in the `engine`; its command is `sh`."""
    return engine.import_image(BUSYBOX, changes=['CMD ["sh"]'])
