"""What our loader makes of the corpus, beside what Docker Compose 2.40.3 made of it: attribute by attribute."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.spec.loader import load
from tests.support.record_compose import CORPUS, ENVIRON, FOLDER, cases, files
from tests.unit.spec.compose.as_compose import as_compose

ABSENT = object()

_DEPLOY = "`deploy` becomes the container's own attributes"

EXPLAINED: dict[tuple[str, ...], tuple[Any, Any, str]] = {
    ("deploy", "same", "deploy"): (
        ABSENT,
        {"placement": {}, "resources": {"limits": {"memory": "52428800"}}},
        f"{_DEPLOY}; mem_limit is the same",
    ),
    ("deploy", "web", "deploy"): (
        ABSENT,
        {
            "labels": {"com.example": "1"},
            "mode": "replicated",
            "placement": {},
            "replicas": 1,
            "resources": {
                "limits": {"cpus": 0.5, "memory": "52428800", "pids": 10},
                "reservations": {
                    "devices": [{"capabilities": ["gpu", "utility"], "count": 1, "driver": "nvidia"}],
                    "memory": "20971520",
                },
            },
            "restart_policy": {"condition": "on-failure", "delay": "5s", "max_attempts": 3, "window": "2m0s"},
            "update_config": {"parallelism": 1},
        },
        f"{_DEPLOY}, which follow; what is for Swarm is ignored with a note",
    ),
    ("deploy", "web", "cpus"): (0.5, ABSENT, _DEPLOY),
    ("deploy", "web", "mem_limit"): ("52428800", ABSENT, _DEPLOY),
    ("deploy", "web", "mem_reservation"): ("20971520", ABSENT, _DEPLOY),
    ("deploy", "web", "pids_limit"): (10, ABSENT, _DEPLOY),
    ("deploy", "web", "restart"): ("on-failure:3", ABSENT, _DEPLOY),
    ("deploy", "web", "gpus"): (
        [{"driver": "nvidia", "count": 1, "capabilities": ["gpu", "utility"]}],
        ABSENT,
        _DEPLOY,
    ),
    ("deploy", "web", "scale"): (ABSENT, 1, "is `replicas` (next line)"),
    ("deploy", "web", "replicas"): (1, ABSENT, "see the line before"),
    ("deploy", "web", "update"): ({"parallelism": 1}, ABSENT, f"{_DEPLOY}, and its `update_config` is `update`"),
    ("fragments", "other", "labels", "x-label"): (
        "kept",
        ABSENT,
        "a label may be named so; Compose takes it for an extension, and makes nonsense of it (next line)",
    ),
    ("fragments", "other", "labels", "#extensions"): (ABSENT, "map[x-label:kept]", "see the line before"),
    ("profiles", "debug", "profiles"): (ABSENT, ["debug"], "are settled when the spec is loaded"),
    ("runtime", "off", "healthcheck", "disable"): (ABSENT, True, "is the test NONE, as for the Engine (next line)"),
    ("runtime", "off", "healthcheck", "test"): (["NONE"], ABSENT, "see the line before"),
    ("runtime", "long", "environment", "NUMBER"): (
        "1.10",
        "1.1",
        "text stays as it is written; Compose reads it as a number, and loses the zero",
    ),
}
"""By case, service and path in it: ours, Compose's, and why they differ."""


def canonical(service: dict[str, Any]) -> dict[str, Any]:
    """One spelling for what has several, all of one meaning for the Engine."""
    for name in ("cap_add", "cap_drop"):
        if name in service:
            service[name] = sorted(cap if cap == "ALL" else f"CAP_{cap.removeprefix('CAP_')}" for cap in service[name])
    if "expose" in service:
        service["expose"] = [port if "/" in port else f"{port}/tcp" for port in service["expose"]]
    for mount in service.get("volumes", ()):
        if isinstance(mode := mount.get("tmpfs", {}).get("mode"), int):
            mount["tmpfs"]["mode"] = f"{mode:04o}"
        if mount["type"] == "bind":
            mount["bind"].setdefault("create_host_path", False)  # left out where it is false
    return service


def compare(ours: Any, theirs: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            difference
            for key in sorted(ours.keys() | theirs.keys())
            for difference in compare(ours.get(key, ABSENT), theirs.get(key, ABSENT), (*path, key))
        ]
    return [] if ours == theirs else [(path, ours, theirs)]


def undollared(value: Any) -> Any:
    """Compose prints what can be read again: each dollar twice."""
    if isinstance(value, dict):
        return {key: undollared(one) for key, one in value.items()}
    if isinstance(value, list):
        return [undollared(one) for one in value]
    return value.replace("$$", "$") if isinstance(value, str) else value


def without_nothing(theirs: dict[str, Any]) -> dict[str, Any]:
    """What Compose prints for what is not declared: a null command, an empty ipam."""
    theirs = {key: value for key, value in theirs.items() if not key.startswith("x-")}
    for service in theirs["services"].values():
        for name in ("command", "entrypoint"):
            if service.get(name, "") is None:
                del service[name]
    for network in theirs.get("networks", {}).values():
        if network.get("ipam") == {}:
            del network["ipam"]
    return theirs


@pytest.mark.parametrize("case", cases())
def test_the_same_as_docker_compose(case: str) -> None:
    recorded = (CORPUS / f"{case}.json").read_text().replace(FOLDER, str(CORPUS))
    theirs = without_nothing(undollared(json.loads(recorded)))
    ours = as_compose(load(files(case), environ=ENVIRON))
    ours = json.loads(json.dumps(ours))
    found: dict[tuple[str, ...], list[Any]] = {}
    for name in ours["services"].keys() | theirs["services"].keys():
        one, other = (canonical(spec["services"].pop(name, {})) for spec in (ours, theirs))
        found |= {path: values for path, *values in compare(one, other, (case, name))}
    assert ours == theirs
    assert found == {path: [one, other] for path, (one, other, _) in EXPLAINED.items() if path[0] == case}
