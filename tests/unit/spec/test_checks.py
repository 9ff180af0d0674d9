from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import SpecError
from reconciler.spec.loader import load

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.spec.diagnostics import Diagnostic


def said(folder: Path, container: dict[str, Any], environ: dict[str, str] | None = None) -> list[tuple[str, int, int]]:
    """Message, line and column of what is wrong with this container."""
    file = folder / "spec.yaml"
    file.write_text(json.dumps({"containers": {"web": {"image": "a", **container}}}, indent=1))
    try:
        load(file, environ=environ or {})
    except SpecError as error:
        return [(one.message, one.line, one.column) for one in error.diagnostics]
    return []


def test_an_environment_has_an_upper_bound(tmp_path: Path) -> None:
    long = {"LONG": "x" * 99_000}
    assert not said(tmp_path, {"environment": {f"V{n}": "${LONG}" for n in range(10)}}, long)
    many = said(tmp_path, {"environment": {f"V{n}": "${LONG}" for n in range(11)}}, long)
    assert [message for message, *_ in many] == ["the environment is too large: 1063 KiB"]
    one = said(tmp_path, {"environment": {"A": "", "PRIVATE": "x" * 200_000}})
    assert [message for message, *_ in one] == ['variable "PRIVATE" is too long: 195 KiB']


@pytest.mark.parametrize(
    ("ports", "line"),
    [
        (["8000-8004:80-84", "8004:90"], 7),
        (["${RANGE}:80-84", "8004:90"], 7),
        (["8004:90", "${RANGE}:80-84"], 7),
        (["${RANGE}:80-84", "8004:90", "${ONE}:1"], 5),  # it can't be known: the whole list
    ],
)
def test_a_port_after_a_range_is_found_at_its_own_place(tmp_path: Path, ports: list[str], line: int) -> None:
    found = said(tmp_path, {"ports": ports}, {"RANGE": "8000-8004", "ONE": "1"})
    assert [(message, at) for message, at, _ in found] == [("host port 8004/tcp is published twice", line)]


def test_addresses_of_two_versions_do_not_meet(tmp_path: Path) -> None:
    assert not said(tmp_path, {"ports": ["0.0.0.0:80:80", "[::]:80:80"]})
    assert not said(tmp_path, {"ports": ["127.0.0.1:80:80", "127.0.0.2:80:80", "80:80/udp"]})
    assert said(tmp_path, {"ports": ["[::1]:80:80", "[::]:80:80"]})
    assert said(tmp_path, {"ports": ["[::1]:80:80", "80:80"]})


@pytest.mark.parametrize("attribute", ["ports", "expose"])
def test_few_bytes_can_not_stand_for_billions_of_ports(tmp_path: Path, attribute: str) -> None:
    start = time.process_time()
    found = said(tmp_path, {attribute: ["1-65535"] * 20_000})
    assert len(found) == 1
    assert "more than 20000" in found[0][0]
    assert time.process_time() - start < 5  # it takes some tenths of a second


def test_thousands_of_ports_that_meet_are_said_once_an_item(tmp_path: Path) -> None:
    found = said(tmp_path, {"ports": ["1-5000:1-5000", "1-5000:1-5000"]})
    assert [message for message, *_ in found] == ["host port 1/tcp is published twice"]


def test_what_is_not_required_may_be_missing(tmp_path: Path) -> None:
    warnings: list[str] = []
    file = tmp_path / "spec.yaml"

    def write(required: bool, **others: dict[str, Any]) -> None:
        web = {"image": "a", "depends_on": {"db": {"required": required}}}
        file.write_text(json.dumps({"name": "p", "containers": {"web": web, **others}}))

    for others, message in (
        ({}, 'container "db" is not declared'),
        ({"db": {"image": "a", "state": "absent"}}, 'container "web" depends on "db", which is to be absent'),
    ):
        write(False, **others)
        load(file, environ={}, warn=lambda one: warnings.append(one.message))
        assert warnings.pop() == message
        write(True, **others)
        with pytest.raises(SpecError) as caught:
            load(file, environ={})
        assert [one.message for one in caught.value.diagnostics] == [message]
    assert not warnings


@pytest.mark.parametrize(
    ("job", "warns"),
    [({}, True), ({"restart": "on-failure"}, True), ({"restart": "always"}, False), ({"state": "completed"}, False)],
)
def test_what_is_waited_for_until_it_has_completed_is_a_job(tmp_path: Path, job: dict[str, Any], warns: bool) -> None:
    file = tmp_path / "spec.yaml"
    warnings: list[Diagnostic] = []
    web = {"image": "a", "depends_on": {"job": {"condition": "service_completed_successfully"}}}
    file.write_text(json.dumps({"name": "p", "containers": {"web": web, "job": {"image": "a", **job}}}))

    load(file, environ={}, warn=warnings.append)

    said = 'container "web" waits until "job" has completed, and that is to run all the time'
    assert [(one.message, one.hint.startswith("write `state: completed`")) for one in warnings] == [
        (said, True)
    ] * warns


def test_every_replica_has_a_name_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    web = {"image": "a", "replicas": 3}
    for name, wrong in (("p-web-3", True), ("p-web-4", False)):
        file.write_text(
            json.dumps({"name": "p", "containers": {"web": web, "x": {"image": "a", "container_name": name}}})
        )
        if wrong:
            with pytest.raises(SpecError, match='"web" and "x" would both be named "p-web-3"'):
                load(file, environ={})
        else:
            load(file, environ={})


def test_replicas_and_the_ports_of_a_range(tmp_path: Path) -> None:
    assert not said(tmp_path, {"replicas": 3, "ports": ["8000-8002:80"]})
    assert [message for message, *_ in said(tmp_path, {"replicas": 4, "ports": ["8000-8002:80"]})] == [
        "4 replicas can't each have one of the 3 host ports 8000-8002"
    ]


def test_start_first_in_a_compose_file_is_taken_back_where_it_can_not_work(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    order = {"deploy": {"update_config": {"order": "start-first", "parallelism": 2}}}
    services = {
        "fixed": {"image": "a", "ports": ["443:443"], **order},
        "host": {"image": "a", "network_mode": "host", **order},
        "chosen": {"image": "a", "ports": ["80"], **order},
    }
    file.write_text(json.dumps({"services": services}))
    warnings: list[Diagnostic] = []

    spec = load(file, environ={}, warn=warnings.append)

    assert {key: one.update.order for key, one in spec.containers.items()} == {
        "fixed": "stop-first",
        "host": "stop-first",
        "chosen": "start-first",
    }
    assert {one.update.parallelism for one in spec.containers.values()} == {2}
    assert [one.message.removesuffix("; stop-first is taken instead") for one in warnings] == [
        "start-first can't work: host port 443 would be bound twice during the update",
        "start-first can't work in the host's network: both containers would listen on the same ports",
    ]
    assert {one.severity for one in warnings} == {"warning"}
