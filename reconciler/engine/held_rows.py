"""What is held of each object: of a list's row only what is read, of an inspect all but what changes without an event.

A row made of a container's inspect is the row that the list would have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.fields.base import at

Json = dict[str, Any]

_UNREAD = frozenset(
    {
        *("AppArmorProfile", "Args", "Driver", "ExecIDs", "GraphDriver", "HostnamePath", "HostsPath", "LogPath"),
        *("MountLabel", "Path", "ProcessLabel", "ResolvConfPath", "SizeRootFs", "SizeRw", "Storage"),
    }
)
"""Of a container's inspect: some of it changes without an event, all of it takes memory, and nothing reads it."""

_PROBED = frozenset({"FailingStreak", "Log"})
"""Of `State.Health`: each probe changes them, and no event says so."""


def container_row(row: Json) -> Json:
    """Of a row of `GET /containers/json`."""
    ports = {(port["PublicPort"], port.get("Type", "tcp")) for port in row.get("Ports") or () if port.get("PublicPort")}
    return _row(
        row["Id"],
        (name for name in row.get("Names") or () if "/" not in name[1:]),  # without those that links give it
        row.get("ImageID") or "",
        row.get("Labels") or {},
        ports,
        at("NetworkSettings.Networks", row) or {},
        row.get("Mounts") or (),
    )


def row_of_inspect(inspect: Json) -> Json:
    """The same of a reply of `GET /containers/ID/json`."""
    ports = {
        (int(entry["HostPort"]), target.partition("/")[2] or "tcp")
        for target, entries in (at("NetworkSettings.Ports", inspect) or {}).items()
        for entry in entries or ()
        if entry.get("HostPort")
    }
    return _row(
        inspect["Id"],
        (inspect["Name"],),
        inspect["Image"],
        at("Config.Labels", inspect) or {},
        ports,
        at("NetworkSettings.Networks", inspect) or {},
        inspect.get("Mounts") or (),
    )


def _row(
    id_: str,
    names: Iterable[str],
    image: str,
    labels: Json,
    ports: Iterable[tuple[int, str]],
    networks: Json,
    mounts: Iterable[Json],
) -> Json:
    return {
        "Id": id_,
        "Names": sorted(names),
        "ImageID": image,
        "Labels": labels,
        "Ports": [{"PublicPort": number, "Type": kind} for number, kind in sorted(ports)],
        "NetworkSettings": {
            "Networks": {
                name: {"NetworkID": (endpoint or {}).get("NetworkID") or ""}
                for name, endpoint in sorted(networks.items())
            }
        },
        "Mounts": [
            {"Type": "volume", "Name": name}
            for name in sorted({one["Name"] for one in mounts if one.get("Type") == "volume" and one.get("Name")})
        ],
    }


def frees(before: Json, after: Json) -> bool:
    """Whether a container's row has lost something that another project may wait for, such as a name or a port."""
    return any(not had <= set(has) for had, has in zip(_taken(before), _taken(after), strict=True))


def _taken(row: Json) -> tuple[set[Any], ...]:
    return (
        set(row["Names"]),
        {(port["PublicPort"], port["Type"]) for port in row["Ports"]},
        {endpoint["NetworkID"] for endpoint in row["NetworkSettings"]["Networks"].values()} - {""},
        {mount["Name"] for mount in row["Mounts"]},
    )


def inspect_of(reply: Json) -> Json:
    """What is held of a reply of `GET /containers/ID/json`."""
    held = {name: item for name, item in reply.items() if name not in _UNREAD}
    # The Engine tells them in another order each time.
    held["Mounts"] = sorted(reply.get("Mounts") or (), key=lambda mount: str(mount.get("Destination")))
    if health := at("State.Health", reply):
        told = {name: item for name, item in health.items() if name not in _PROBED}
        held["State"] = {**held["State"], "Health": told}
    return held


def network_row(row: Json) -> Json:
    """Of a row of `GET /networks`. Who is connected stands in the containers' own inspects."""
    return {name: item for name, item in row.items() if name not in {"Containers", "Peers", "Services"}}


def volume_row(row: Json) -> Json:
    """Of a row of `GET /volumes`, or a reply of `GET /volumes/NAME`."""
    return {name: item for name, item in row.items() if name not in {"Status", "UsageData"}}


def image_row(row: Json) -> Json:
    """Of a row of `GET /images/json`."""
    return {
        "Id": row["Id"],
        "RepoTags": sorted(row.get("RepoTags") or ()),
        "RepoDigests": sorted(row.get("RepoDigests") or ()),
        "Labels": row.get("Labels"),
    }


def brief_of_row(row: Json) -> tuple[str, str]:
    """The state and the health of a container, by its row of `GET /containers/json`."""
    said = str(row.get("Status") or "")  # such as "Up 5 minutes (healthy)"
    health = next((health for text, health in _HEALTHS.items() if text in said), "")
    return str(row.get("State") or ""), health


def brief_of_inspect(inspect: Json) -> tuple[str, str]:
    """The same by an inspect."""
    status = str(at("State.Status", inspect) or "")
    health = str(at("State.Health.Status", inspect) or "")
    return status, health if status == "running" and health != "none" else ""


_HEALTHS = {"(unhealthy)": "unhealthy", "(healthy)": "healthy", "(health: starting)": "starting"}
