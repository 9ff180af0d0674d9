"""The tables of networks and volumes: whole, and each row declared, spelt otherwise, changed, and taken out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.fields import ownership
from reconciler.fields.place_payload import network_as_it_is, network_payload, volume_payload
from reconciler.fields.places import NETWORK, NOT_ON_THE_ENGINE, VOLUME
from reconciler.planning.place_diff import place_differences
from reconciler.spec.model import Ipam, Network, Pool, Spec, Volume
from tests.support.place_samples import NETWORKS, VOLUMES, PlaceSample
from tests.support.simulated import NEW, OLD, Daemon, Scene, changes

if TYPE_CHECKING:
    from collections.abc import Mapping


def cases(table: Mapping[str, tuple[PlaceSample, ...]]) -> list[Any]:
    return [
        pytest.param(sample, id=f"{path}-{number}")
        for path, samples in table.items()
        for number, sample in enumerate(samples, 1)
    ]


def test_every_attribute_has_a_row_or_a_reason() -> None:
    rows = {row.path for row in NETWORK}
    ipam = {f"ipam.{name}" for name in Ipam.model_fields}
    assert rows | (NOT_ON_THE_ENGINE.keys() - {"protect"}) == (Network.model_fields.keys() - {"ipam"}) | ipam
    assert {row.path for row in VOLUME} | NOT_ON_THE_ENGINE.keys() == Volume.model_fields.keys()
    assert all(NOT_ON_THE_ENGINE.values())


def test_every_row_has_samples() -> None:
    assert {row.path for row in NETWORK} == NETWORKS.keys()
    assert {row.path for row in VOLUME} == VOLUMES.keys()
    pools = [pool for sample in NETWORKS["ipam.config"] for pool in sample.first["ipam"]["config"]]
    assert {name for pool in pools for name in pool} == Pool.model_fields.keys()


@pytest.mark.parametrize("sample", cases(NETWORKS))
def test_a_network_declared_changed_and_taken_out_again(sample: PlaceSample) -> None:
    scene = Scene()

    def declare(declared: Mapping[str, Any]) -> None:
        scene.declare({"web": {"networks": ["front"]}}, networks={"front": {**sample.base, **declared}})

    declare({})
    scene.converge()
    steps = [(sample.first, sample.added), (sample.again, ()), (sample.second, sample.changed)]
    for declared, paths in [*steps, (sample.first, sample.changed), ({}, sample.removed), ({}, ())]:
        before, container = set(scene.daemon.has.networks), scene.id("web")
        declare(declared)
        found = {name: (said[0], sorted(said[1])) for name, said in changes(scene.plan()).items()}
        wanted = {"p_front": ("replace", list(paths)), "p-web-1": ("update", ["networks"])} if paths else {}
        assert found == wanted
        scene.converge()
        assert scene.id("web") == container
        assert (set(scene.daemon.has.networks) == before) is (not paths)


@pytest.mark.parametrize("sample", cases(VOLUMES))
def test_a_volume_declared_changed_and_taken_out_again(sample: PlaceSample) -> None:
    steps = [
        (sample.base, sample.first, sample.added),
        (sample.first, sample.again, ()),
        (sample.first, sample.second, sample.changed),
        (sample.first, sample.base, sample.removed),
    ]
    for before, after, paths in steps:
        scene = Scene()
        scene.daemon.call("POST", "/volumes/create", None, volume_body(before))
        scene.declare({"web": {"volumes": ["data:/d"]}}, volumes={"data": dict(after)})
        plan = scene.plan()
        said = " ".join([*(one.message for one in plan.conflicts), *(one.message for one in plan.notices)])
        assert all(path in said for path in paths)
        assert bool(said) is bool(paths)
        assert not [change for change in plan.changes if change.resource.kind == "volume"]
        assert not [action for action in plan.actions if action.resource.kind == "volume"]
        only_labels = paths and all(path.startswith("labels.") for path in paths)
        assert bool(plan.conflicts) is bool(paths and not only_labels)


def volume_body(declared: Any) -> dict[str, Any]:
    volume = Volume.model_validate(declared)
    return volume_payload(Spec(name="p", volumes={"data": volume}), "data", volume)


def test_the_payloads_by_other_eyes() -> None:
    """Payload and observation come from the same rows: a wrong pair of them would agree."""
    network = Network.model_validate(
        {
            "driver": "overlay",
            "driver_opts": {"o": 1},
            "attachable": True,
            "internal": True,
            "enable_ipv4": False,
            "enable_ipv6": True,
            "ipam": {
                "driver": "default",
                "options": {"a": "b"},
                "config": [
                    {"subnet": "fd00::/64", "gateway": "fd00::9"},
                    {"subnet": "10.0.0.0/24", "ip_range": "10.0.0.128/25", "aux_addresses": {"x": "10.0.0.7"}},
                ],
            },
            "labels": {"l": "x"},
        }
    )
    payload = network_payload(Spec(name="p", networks={"front": network}), "front", network)
    labels = payload.pop("Labels")
    assert payload == {
        "Name": "p_front",
        "CheckDuplicate": True,
        "Driver": "overlay",
        "Options": {"o": "1"},
        "Attachable": True,
        "Internal": True,
        "EnableIPv4": False,
        "EnableIPv6": True,
        "IPAM": {
            "Driver": "default",
            "Options": {"a": "b"},
            "Config": [
                {"Subnet": "10.0.0.0/24", "IPRange": "10.0.0.128/25", "AuxiliaryAddresses": {"x": "10.0.0.7"}},
                {"Subnet": "fd00::/64", "Gateway": "fd00::9"},
            ],
        },
    }
    assert labels.items() >= {"l": "x", ownership.PROJECT: "p", ownership.RESOURCE: "front"}.items()
    assert ownership.declared(labels) == {
        *("driver", "driver_opts.o", "attachable", "internal", "enable_ipv4", "enable_ipv6", "ipam.driver"),
        *("ipam.options.a", "ipam.config.ipv4", "ipam.config.ipv6", "ipam.config.ipv6_gateway", "labels.l"),
    }


def test_a_plain_network_declares_nothing() -> None:
    payload = network_payload(Spec(name="p"), "default", Network())
    assert payload.keys() == {"Name", "CheckDuplicate", "Labels"}
    assert ownership.DECLARED not in payload["Labels"]


@pytest.mark.parametrize("about", [NEW, OLD], ids=["28.5", "20.10"])
def test_what_the_engine_and_others_add_is_no_difference(about: Any) -> None:
    scene = Scene(Daemon(about))
    scene.daemon.add_image("app:1", Cmd=["idle"])
    scene.declare({"web": {}}, volumes={"data": {}}, networks={"default": {"driver_opts": {"x": "1"}}})
    scene.converge()
    [network] = scene.daemon.has.networks.values()
    network["Options"]["com.docker.network.driver.mtu"] = "1500"
    network["Labels"] |= {"com.docker.compose.network": "x", "of.a.plugin": "y"}
    network["EnableIPv6"] = network["ConfigOnly"] = True
    network["IPAM"]["Config"].append({"Subnet": "fd00::/64", "Gateway": "fd00::1/64"})
    network["IPAM"]["Options"] = {"foo": "bar"}
    scene.daemon.has.volumes["p_data"] |= {"Options": {"type": "tmpfs"}, "Status": {"x": 1}}
    scene.expect_in_sync()


def test_a_gateway_that_the_engine_chose_is_no_difference() -> None:
    network = Network.model_validate({"ipam": {"config": [{"subnet": "10.0.0.0/24"}]}})
    report = {"IPAM": {"Config": [{"Subnet": "10.0.0.0/24", "Gateway": "10.0.0.1"}]}}
    assert place_differences(NETWORK, network, report, {}) == []


def test_mount_options_in_another_order_are_the_same_to_the_local_driver_only() -> None:
    def differs(options: str, there: str, driver: str) -> bool:
        volume = Volume.model_validate({"driver": driver, "driver_opts": {"type": "nfs", "o": options}})
        return bool(place_differences(VOLUME, volume, {"Driver": driver, "Options": {"type": "nfs", "o": there}}, {}))

    assert not differs("addr=x,rw", "rw,addr=x", "local")
    assert differs("addr=x,rw", "ro,addr=x", "local")
    assert differs("addr=x,rw", "rw,addr=x", "theirs")
    scene = Scene()
    scene.declare({}, volumes={"data": {"driver_opts": {"type": "nfs", "o": "addr=x,rw", "device": ":/d"}}})
    scene.converge()
    scene.declare({}, volumes={"data": {"driver_opts": {"type": "nfs", "o": "rw,addr=x", "device": ":/d"}}})
    scene.expect_in_sync()
    scene.declare({}, volumes={"data": {"driver_opts": {"type": "nfs", "o": "", "device": ":/d"}}})
    assert scene.plan().conflicts


def test_a_secret_in_an_option_is_not_shown() -> None:
    volume = Volume.model_validate({"driver_opts": {"o": "addr=x,password=one"}})
    [change] = place_differences(VOLUME, volume, {"Options": {"o": "addr=x,password=two"}}, {})
    assert change.sensitive
    scene = Scene()
    scene.daemon.call("POST", "/volumes/create", None, volume_body({"driver_opts": {"o": "addr=x,password=two"}}))
    scene.declare({}, volumes={"data": {"driver_opts": {"o": "addr=x,password=one"}}})
    [conflict] = scene.plan().conflicts
    assert "driver_opts.o differs" in conflict.message
    assert "one" not in conflict.message.partition("options:")[2]


def test_a_network_made_again_as_it_was_is_no_difference() -> None:
    for sample in [sample for samples in NETWORKS.values() for sample in samples]:
        network = Network.model_validate({**sample.base, **sample.first})
        daemon = Daemon()
        body = network_payload(Spec(name="p", networks={"front": network}), "front", network)
        daemon.call("POST", "/networks/create", None, body)
        [before] = daemon.call("GET", "/networks")
        daemon.call("DELETE", f"/networks/{before['Id']}")
        daemon.call("POST", "/networks/create", None, network_as_it_is(before))
        [after] = daemon.call("GET", "/networks")
        assert {**before, "Id": ""} == {**after, "Id": ""}
