"""Rows: how much of the machine the container gets. Most can be changed on a running container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.fields.base import (
    OF_DAEMON,
    Field,
    Mend,
    at,
    attribute,
    constant,
    get,
    of_daemon,
    plain,
    put,
    show_size,
)

if TYPE_CHECKING:
    from reconciler.fields.base import Canonical, Inspect, Instance, Payload

_SHM_SIZE = 64 * 2**20
"""The Engine's default."""


def _mend(wanted: Canonical, _actual: Canonical) -> Mend:
    # The Engine's update call takes a zero for "leave it": a limit that is no longer wanted needs a new container.
    return Mend.UPDATE if wanted else Mend.REPLACE


def _limit(path: str, where: str, *, size: bool = False) -> Field:
    return Field(
        path=path,
        wanted=attribute(path, 0),
        actual=get(f"HostConfig.{where}", 0),
        write=_unless_zero(where),
        mend=_mend,
        always=True,
        rests=where,
        show=show_size if size else lambda value: str(value) if value else "none",
    )


def _unless_zero(where: str) -> Any:
    write = put(f"HostConfig.{where}")

    def write_limit(payload: Payload, value: Canonical) -> None:
        if value:
            write(payload, value)

    return write_limit


def _write_memory(payload: Payload, value: Canonical) -> None:
    if value:
        host = payload.setdefault("HostConfig", {})
        host["Memory"] = value
        # Both, always: memory alone over an older swap limit is refused. Twice is what the Engine sets by itself;
        # the row of memswap_limit comes after this one.
        host.setdefault("MemorySwap", 2 * value)


# The swap limit is told together with the memory limit, since twice that is what the Engine sets by itself.


def _swap(instance: Instance) -> int | None:
    """What is declared of it; -1 beside no memory limit says nothing."""
    container = instance.container
    return (container.memswap_limit or None) if container.mem_limit else None


def _wanted_swap(instance: Instance) -> Canonical:
    return {"swap": _swap(instance), "memory": instance.container.mem_limit or 0}


def _actual_swap(inspect: Inspect) -> Canonical:
    return {"swap": at("HostConfig.MemorySwap", inspect) or None, "memory": at("HostConfig.Memory", inspect) or 0}


def _same_swap(wanted: Canonical, actual: Canonical) -> bool:
    if wanted["swap"]:
        return bool(wanted["swap"] == actual["swap"])
    # A kernel that can't limit swap has -1.
    return actual["swap"] in {None, -1, 2 * actual["memory"]}


def _surely_same_swap(instance: Instance, inspect: Inspect) -> bool:
    host = inspect.get("HostConfig") or {}
    return not _swap(instance) and host.get("MemorySwap") == 2 * (host.get("Memory") or 0)


def _mend_swap(wanted: Canonical, _actual: Canonical) -> Mend:
    return Mend.UPDATE if wanted["memory"] else Mend.REPLACE


def _write_swap(payload: Payload, value: Canonical) -> None:
    if value["swap"]:
        payload.setdefault("HostConfig", {})["MemorySwap"] = value["swap"]


def _show_swap(value: Canonical) -> str:
    swap = value["swap"]
    return "unlimited" if swap == -1 else show_size(swap or 2 * value["memory"])


def _cpuset(text: str | None) -> str:
    """`0,1,2,5` → `0-2,5`: one spelling for one set."""
    if not text:
        return ""
    try:
        ends = [part.partition("-") for part in text.split(",") if part]
        chosen = sorted({cpu for first, _, last in ends for cpu in range(int(first), int(last or first) + 1)})
    except ValueError:
        return text
    runs = [cpu for cpu in chosen if cpu - 1 not in chosen], [cpu for cpu in chosen if cpu + 1 not in chosen]
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in zip(*runs, strict=True))


def _wanted_ulimits(instance: Instance) -> Canonical:
    return {name: (limit.soft, limit.hard) for name, limit in sorted(instance.container.ulimits.items())}


def _actual_ulimits(inspect: Inspect) -> Canonical:
    return {limit["Name"]: (limit["Soft"], limit["Hard"]) for limit in at("HostConfig.Ulimits", inspect) or ()}


def _write_ulimits(payload: Payload, value: Canonical) -> None:
    put("HostConfig.Ulimits")(
        payload, tuple({"Name": name, "Soft": soft, "Hard": hard} for name, (soft, hard) in value.items())
    )


_BLKIO = {
    "weight_device": ("BlkioWeightDevice", "Weight"),
    "device_read_bps": ("BlkioDeviceReadBps", "Rate"),
    "device_read_iops": ("BlkioDeviceReadIOps", "Rate"),
    "device_write_bps": ("BlkioDeviceWriteBps", "Rate"),
    "device_write_iops": ("BlkioDeviceWriteIOps", "Rate"),
}


def _wanted_blkio(instance: Instance) -> Canonical:
    blkio = instance.container.blkio_config
    if blkio is None:
        return {}
    found: dict[str, Any] = {"BlkioWeight": blkio.weight} if blkio.weight else {}
    for name, (where, what) in _BLKIO.items():
        if items := getattr(blkio, name):
            found[where] = tuple(sorted((item.path, getattr(item, what.lower())) for item in items))
    return found


def _actual_blkio(inspect: Inspect) -> Canonical:
    host = inspect.get("HostConfig") or {}
    found: dict[str, Any] = {"BlkioWeight": host["BlkioWeight"]} if host.get("BlkioWeight") else {}
    for where, what in _BLKIO.values():
        if items := host.get(where):
            found[where] = tuple(sorted((item["Path"], item[what]) for item in items))
    return found


def _write_blkio(payload: Payload, value: Canonical) -> None:
    host = payload.setdefault("HostConfig", {})
    names = dict(_BLKIO.values())
    for where, item in value.items():
        host[where] = [{"Path": path, names[where]: n} for path, n in item] if where in names else item


def _show_blkio(value: Canonical) -> str:
    words = {
        where: (name, show_size if what == "Rate" and "bps" in name else str) for name, (where, what) in _BLKIO.items()
    }
    shown = [f"weight {item}" for where, item in value.items() if where not in words]
    for where, (name, show) in words.items():
        shown += [f"{name} {path} {show(number)}" for path, number in value.get(where, ())]
    return ", ".join(shown) or "none"


ROWS = (
    Field(
        path="mem_limit",
        wanted=attribute("mem_limit", 0),
        actual=get("HostConfig.Memory", 0),
        write=_write_memory,
        mend=_mend,
        always=True,
        rests="Memory",
        along="memswap_limit",
        show=show_size,
    ),
    _limit("mem_reservation", "MemoryReservation", size=True),
    Field(
        path="memswap_limit",
        wanted=_wanted_swap,
        actual=_actual_swap,
        write=_write_swap,
        same=_same_swap,
        surely=_surely_same_swap,
        mend=_mend_swap,
        always=True,
        rests="MemorySwap",
        along="mem_limit",
        show=_show_swap,
    ),
    Field(
        path="cpus",
        wanted=attribute("cpus", 0),
        actual=get("HostConfig.NanoCpus", 0),
        write=_unless_zero("NanoCpus"),
        mend=_mend,  # a quota beside it would be refused, but that is no longer wanted then: its row replaces
        always=True,
        rests="NanoCpus",
        show=lambda value: f"{value / 10**9:g}" if value else "none",
    ),
    _limit("cpu_shares", "CpuShares"),
    _limit("cpu_period", "CpuPeriod"),
    _limit("cpu_quota", "CpuQuota"),
    _limit("cpu_rt_period", "CpuRealtimePeriod"),
    _limit("cpu_rt_runtime", "CpuRealtimeRuntime"),
    Field(
        path="cpuset",
        wanted=lambda instance: _cpuset(instance.container.cpuset),
        actual=lambda inspect: _cpuset(at("HostConfig.CpusetCpus", inspect)),
        write=put("HostConfig.CpusetCpus"),
        mend=_mend,
        always=True,
        rests="CpusetCpus",
        show=lambda value: value or "all",
    ),
    Field(
        path="pids_limit",
        wanted=lambda instance: max(instance.container.pids_limit or 0, 0),
        actual=lambda inspect: max(at("HostConfig.PidsLimit", inspect) or 0, 0),
        # Zero and -1 both are "no limit"; an update takes only the latter for it.
        write=lambda payload, value: put("HostConfig.PidsLimit")(payload, value or -1),
        mend=lambda _wanted, _actual: Mend.UPDATE,
        always=True,
        show=lambda value: str(value) if value else "none",
    ),
    Field(
        path="mem_swappiness",
        wanted=attribute("mem_swappiness"),
        actual=lambda inspect: at("HostConfig.MemorySwappiness", inspect),
        write=put("HostConfig.MemorySwappiness"),
        same=lambda wanted, actual: (-1 if wanted is None else wanted) == (-1 if actual is None else actual),
        undeclared=constant(None),
        show=lambda value: "the host's" if value in {None, -1} else str(value),
    ),
    Field(
        path="shm_size",
        wanted=attribute("shm_size"),
        actual=get("HostConfig.ShmSize", _SHM_SIZE),
        write=put("HostConfig.ShmSize"),
        undeclared=constant(_SHM_SIZE),
        show=show_size,
    ),
    plain("oom_kill_disable", "HostConfig.OomKillDisable", default=False),
    plain("oom_score_adj", "HostConfig.OomScoreAdj", 0),
    plain("storage_opt", "HostConfig.StorageOpt", {}),
    Field(
        path="ulimits",
        wanted=_wanted_ulimits,
        actual=_actual_ulimits,
        write=_write_ulimits,
        undeclared=of_daemon(_actual_ulimits),
        by_key=True,
        show=lambda value: value if value == OF_DAEMON else ":".join(map(str, value)),
    ),
    Field(
        path="blkio_config",
        wanted=_wanted_blkio,
        actual=_actual_blkio,
        write=_write_blkio,
        undeclared=constant({}),
        show=_show_blkio,
    ),
)
