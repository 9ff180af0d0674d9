"""What our loader makes of the corpus, beside what Docker Compose 2.40.3 made of it: attribute by attribute."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.spec.loader import load
from tests.support.record_compose import CORPUS, ENVIRON, FOLDER, cases, files
from tests.unit.spec.compose.as_compose import as_compose
from tests.unit.spec.compose.rules import in_our_words

ABSENT = object()
Path_ = tuple[str | int, ...]

_CACHE = "path/to/cache"
_CACHES = "relative to the spec's folder, as every path in it; Compose leaves it to where the command is run"

EXPLAINED: dict[Path_, tuple[Any, Any, str]] = {
    ("build", "services", "long", "build", "cache_from", 1): (
        f"type=local,src={CORPUS / _CACHE}",
        f"type=local,src={_CACHE}",
        _CACHES,
    ),
    ("build", "services", "long", "build", "cache_to", 0): (
        f"type=local,dest={CORPUS / _CACHE}",
        f"type=local,dest={_CACHE}",
        _CACHES,
    ),
    ("dependencies", "services", "job", "state"): (
        "completed",
        ABSENT,
        "a service that others wait for to complete is a job; Compose starts it again with each `up`",
    ),
    ("devices", "services", "cdi", "devices", 0, "permissions"): (
        ABSENT,
        "rwm",
        "what a CDI device may do is said by its vendor's file, not by us",
    ),
    ("fragments", "services", "other", "labels", "x-label"): (
        "kept",
        ABSENT,
        "a label may be named so; Compose takes it for an extension, and makes nonsense of it (next line)",
    ),
    ("fragments", "services", "other", "labels", "#extensions"): (ABSENT, "map[x-label:kept]", "see the line before"),
    ("interpolation", "services", "by_default", "network_mode"): (
        "bridge",
        "default",
        "two names of the Engine's for the same network; here `default` is one of the project's",
    ),
    ("interpolation", "services", "empty", "networks"): (
        {"default": None},
        ABSENT,
        'said of `network_mode: ""` only when Compose makes the container, which is then in the default network',
    ),
    ("merge-lists", "networks", "back", "ipam", "config"): (
        [{"subnet": "172.30.0.0/16", "ip_range": "172.30.1.0/24", "gateway": "172.30.0.1"}, {"subnet": "fd00:30::/64"}],
        [{"subnet": "172.30.0.0/16", "ip_range": "172.30.1.0/24"}],
        "Compose loses the gateway, and a whole subnet of which the later file says nothing",
    ),
    ("merge-forms", "services", "number", "ports"): (
        [{"mode": "host", "protocol": "tcp", "target": 82, "published": "8092"}],
        [
            {"mode": "ingress", "protocol": "tcp", "target": 82, "published": "8092"},
            {"mode": "host", "protocol": "tcp", "target": 82, "published": "8092"},
        ],
        "one port, whether a number or text says it; with Compose the second can't be bound",
    ),
    ("networks", "networks", "full", "ipam", "options"): (
        {"foo": "bar"},
        ABSENT,
        "of the specification; Compose drops it in silence",
    ),
    ("profiles-depending", "services", "web", "depends_on", "tools"): (
        ABSENT,
        {"condition": "service_healthy", "required": False},
        "what is not wanted now is not waited for: Compose prints it all the same",
    ),
    ("pulls", "services", "refreshed", "pull_refresh_after"): (
        "24h",
        ABSENT,
        "of the specification; Compose 2.40.3 does not know it yet, and drops it in silence",
    ),
    ("runtime", "services", "long", "environment", "NUMBER"): (
        "1.10",
        "1.1",
        "text stays as it is written; Compose reads it as a number, and loses the zero",
    ),
    ("ssh", "services", "mapping", "build", "ssh", 2): (f"number={CORPUS}/1", "number=1", "a path like any other"),
    ("ssh", "services", "mapping", "build", "ssh", 3): (f"boolean={CORPUS}/true", "boolean=true", "likewise"),
    ("wild/monitoring", "services", "cadvisor", "volumes", 3, "source"): (
        "/var/lib/docker",
        "/var/lib/docker/",
        "one spelling for one path",
    ),
}
"""By case, and path in what is printed: ours, Compose's, and why they differ."""

_LONG_BINDS: dict[tuple[str, str], tuple[int, ...]] = {
    ("extends-files", "near"): (1,),
    ("extends-files", "replaced"): (1,),
    ("mounts", "bind"): (0, 1, 4, 5, 6, 7),
    ("wild/gitea", "runner"): (0,),
    ("wild/media", "jellyfin"): (2, 3),
    ("wild/monitoring", "grafana"): (1,),
}
_CREATED = "the specification: it is true where it is not said; Compose 2.40.3 has it so in the short syntax only"

EXPLAINED |= {
    (case, "services", service, "volumes", index, "bind", "create_host_path"): (True, False, _CREATED)
    for (case, service), indexes in _LONG_BINDS.items()
    for index in indexes
}


def compare(ours: Any, theirs: Any, path: Path_) -> dict[Path_, tuple[Any, Any]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = ours.keys() | theirs.keys()
        pairs = [(key, ours.get(key, ABSENT), theirs.get(key, ABSENT)) for key in keys]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = [(index, *both) for index, both in enumerate(zip(ours, theirs, strict=True))]
    else:
        return {} if ours == theirs else {path: (ours, theirs)}
    return {place: both for key, *two in pairs for place, both in compare(two[0], two[1], (*path, key)).items()}


@pytest.mark.parametrize("case", cases())
def test_the_same_as_docker_compose(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", ENVIRON["HOME"])
    recorded = (CORPUS / f"{case}.json").read_text()
    recorded = recorded.replace(f"{FOLDER}/..", str(CORPUS.parent)).replace(FOLDER, str(CORPUS))
    theirs = in_our_words(json.loads(recorded))
    ours = json.loads(json.dumps(as_compose(load(files(case), environ=ENVIRON))))
    explained = {path: (one, other) for path, (one, other, _) in EXPLAINED.items() if path[0] == case}
    assert compare(ours, theirs, (case,)) == explained


def test_every_case_is_recorded() -> None:
    recorded = {str(path.relative_to(CORPUS).with_suffix("")) for path in CORPUS.glob("**/*.json")}
    assert recorded == set(cases())
    assert {path[0] for path in EXPLAINED} <= recorded
