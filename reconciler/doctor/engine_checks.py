"""What an Engine's own words say about it. Pure: the words were asked for elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reconciler.doctor.finding import Finding, Verdict

if TYPE_CHECKING:
    from reconciler.state.identity import EngineIdentity

_MOST_SECONDS_APART = 30
_SLOW_STORES = {"vfs": "it copies the whole image for each container", "devicemapper": "Docker has given it up"}
_LEAST_FREE = 1 << 30
_LEAST_SHARE = 0.05
_GIB = 1 << 30


def engine_findings(about: EngineIdentity, version: Mapping[str, Any], info: Mapping[str, Any]) -> Iterator[Finding]:
    """The Engine, its API and its image store.

    Args:
        about: as it introduced itself.
        version: the reply to `GET /version`.
        info: the reply to `GET /info`.
    """
    size = f"{info.get('NCPU') or '?'} CPUs, {(info.get('MemTotal') or 0) / _GIB:.1f} GiB of memory"
    system = info.get("OperatingSystem") or about.os
    yield Finding("engine", Verdict.OK, f"Docker {about.version} on {system}, {about.os}/{about.arch}, {size}")
    if about.os != "linux":
        yield Finding("engine", Verdict.WRONG, f"it runs {about.os} containers", "switch it to Linux containers")
    newest = str(version.get("ApiVersion") or about.api_version)
    oldest = str(version.get("MinAPIVersion") or newest)
    spoken = f"{about.api_version} is spoken; the Engine knows {oldest} to {newest}"
    if newest == about.api_version:
        yield Finding("api", Verdict.OK, spoken)
    else:
        yield Finding("api", Verdict.NOTE, spoken, "what only a newer API knows can't be declared: look for an update")
    yield _store(info)
    for warning in info.get("Warnings") or ():
        text = str(warning).removeprefix("WARNING: ")
        yield Finding("engine", Verdict.NOTE, f"it warns: {text}")


def _store(info: Mapping[str, Any]) -> Finding:
    driver = str(info.get("Driver") or "unknown")
    status = {str(row[0]): str(row[1]) for row in info.get("DriverStatus") or () if len(row) == 2}
    if "containerd" in status.get("driver-type", ""):
        return Finding("image store", Verdict.OK, f"containerd, {driver}")
    if why := _SLOW_STORES.get(driver):
        return Finding("image store", Verdict.NOTE, f"{driver}: {why}", "overlay2 is what to have; see Docker's manual")
    below = status.get("Backing Filesystem", "")
    return Finding("image store", Verdict.OK, f"{driver}{f' on {below}' if below else ''}")


def clock_finding(info: Mapping[str, Any], now: float) -> Finding:
    """Whether the Engine's clock and ours agree.

    Args:
        info: the reply to `GET /info`.
        now: seconds since 1970, when it came.
    """
    try:
        there = datetime.fromisoformat(str(info.get("SystemTime"))).timestamp()
    except (ValueError, OverflowError):
        return Finding("clock", Verdict.NOTE, "the Engine does not say what time it is")
    apart = there - now
    if abs(apart) <= _MOST_SECONDS_APART:
        return Finding("clock", Verdict.OK, "the Engine's and this machine's agree")
    from reconciler.report.words import duration

    way = "ahead of" if apart > 0 else "behind"
    return Finding(
        "clock",
        Verdict.WRONG,
        f"the Engine's is {duration(abs(apart))} {way} this machine's",
        "set both by NTP: certificates, daily pulls and --since go by them",
    )


def disk_finding(root: str, total: int, free: int) -> Finding:
    """Whether images and volumes have room.

    Args:
        root: the Engine's folder.
        total: bytes of its file system.
        free: bytes that are left of it.
    """
    share = free / total if total else 0.0
    room = f"{free / _GIB:.1f} GiB free of {total / _GIB:.1f} GiB for {root}"
    if free < _LEAST_FREE:
        return Finding("disk", Verdict.WRONG, room, "make room: `docker system df` shows what takes it")
    if share < _LEAST_SHARE:
        return Finding("disk", Verdict.NOTE, room, "it is nearly full: `docker system df` shows what takes it")
    return Finding("disk", Verdict.OK, room)
