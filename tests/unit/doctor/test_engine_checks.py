from __future__ import annotations

from typing import Any

import pytest

from reconciler.doctor.engine_checks import clock_finding, disk_finding, engine_findings
from reconciler.doctor.finding import Verdict
from reconciler.state.identity import EngineIdentity

ABOUT = EngineIdentity("28.5.2", "1.51", "linux", "amd64")
VERSION = {"ApiVersion": "1.51", "MinAPIVersion": "1.24"}
INFO: dict[str, Any] = {
    "NCPU": 4,
    "MemTotal": 8 << 30,
    "OperatingSystem": "Debian 13",
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "SystemTime": "2026-03-01T10:00:00.123456789Z",
}


def found(about: EngineIdentity = ABOUT, version: dict[str, Any] = VERSION, **info: Any) -> list[tuple[str, str, str]]:
    return [(one.check, one.verdict.value, one.message) for one in engine_findings(about, version, {**INFO, **info})]


def test_a_good_one() -> None:
    assert found() == [
        ("engine", "ok", "Docker 28.5.2 on Debian 13, linux/amd64, 4 CPUs, 8.0 GiB of memory"),
        ("api", "ok", "1.51 is spoken; the Engine knows 1.24 to 1.51"),
        ("image store", "ok", "overlay2 on extfs"),
    ]


def test_what_is_worth_knowing() -> None:
    assert ("image store", "ok", "containerd, overlayfs") in found(
        Driver="overlayfs", DriverStatus=[["driver-type", "io.containerd.snapshotter.v1"]]
    )
    assert ("image store", "note", "vfs: it copies the whole image for each container") in found(Driver="vfs")
    assert ("engine", "note", "it warns: No swap limit support") in found(Warnings=["WARNING: No swap limit support"])
    newer = found(version={"ApiVersion": "1.55", "MinAPIVersion": "1.44"})
    assert ("api", "note", "1.51 is spoken; the Engine knows 1.44 to 1.55") in newer
    windows = EngineIdentity("28.5.2", "1.51", "windows", "amd64")
    assert ("engine", "wrong", "it runs windows containers") in found(windows)


def test_an_engine_that_says_little_breaks_nothing() -> None:
    assert [one.check for one in engine_findings(ABOUT, {}, {})] == ["engine", "api", "image store"]
    assert clock_finding({}, 0).verdict is Verdict.NOTE


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (0, "the Engine's and this machine's agree"),
        (25, "the Engine's and this machine's agree"),
        (90, "the Engine's is 1 min 30 s behind this machine's"),
        (-90, "the Engine's is 1 min 30 s ahead of this machine's"),
    ],
)
def test_clocks(seconds: int, message: str) -> None:
    assert clock_finding({"SystemTime": "2026-03-01T10:00:00Z"}, 1772359200.0 + seconds).message == message


def test_disks() -> None:
    gib = 1 << 30
    assert disk_finding("/d", 100 * gib, 50 * gib).verdict is Verdict.OK
    assert disk_finding("/d", 100 * gib, 4 * gib).verdict is Verdict.NOTE
    low = disk_finding("/d", 10 * gib, gib // 2)
    assert (low.verdict, low.message) == (Verdict.WRONG, "0.5 GiB free of 10.0 GiB for /d")
    assert "docker system df" in low.hint
    assert disk_finding("/d", 0, 0).verdict is Verdict.WRONG
