"""The table of attributes: it has every name of the Compose specification's JSON Schema, and agrees with the model."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from reconciler.spec import loaded_attributes
from reconciler.spec.attributes import TABLES, Place, Standing, refusal, table
from reconciler.spec.model import (
    Build,
    Config,
    Container,
    Dependency,
    Endpoint,
    Mount,
    Network,
    Port,
    Secret,
    Spec,
    Volume,
)
from reconciler.spec.model.files import Grant
from reconciler.spec.model.lifecycle import Hook
from reconciler.spec.model.network import Ipam, Pool
from reconciler.spec.model.runtime import Blkio, Device, DeviceRequest, Healthcheck, Logging, Rate, Ulimit, Weight
from reconciler.spec.model.storage import BindOptions, ImageOptions, TmpfsOptions, VolumeOptions
from tests.unit.spec.compose.syntaxes import specified

CONTAINER = ("containers", "*")

MODELS: dict[Place, type[BaseModel]] = {
    (): Spec,
    CONTAINER: Container,
    (*CONTAINER, "build"): Build,
    (*CONTAINER, "depends_on", "*"): Dependency,
    (*CONTAINER, "networks", "*"): Endpoint,
    (*CONTAINER, "ports", "*"): Port,
    (*CONTAINER, "volumes", "*"): Mount,
    (*CONTAINER, "volumes", "*", "bind"): BindOptions,
    (*CONTAINER, "volumes", "*", "volume"): VolumeOptions,
    ("networks", "*"): Network,
    ("volumes", "*"): Volume,
    ("configs", "*"): Config,
    ("secrets", "*"): Secret,
}

BY_THE_LOADER = {
    (): {"services", *loaded_attributes.SPEC},
    CONTAINER: {*loaded_attributes.CONTAINER},
}


PARTS: dict[Place, type[BaseModel]] = {
    (*CONTAINER, "blkio_config"): Blkio,
    (*CONTAINER, "blkio_config", "device_read_bps", "*"): Rate,
    (*CONTAINER, "blkio_config", "device_read_iops", "*"): Rate,
    (*CONTAINER, "blkio_config", "device_write_bps", "*"): Rate,
    (*CONTAINER, "blkio_config", "device_write_iops", "*"): Rate,
    (*CONTAINER, "blkio_config", "weight_device", "*"): Weight,
    (*CONTAINER, "build", "secrets", "*"): Grant,
    (*CONTAINER, "build", "ulimits", "*"): Ulimit,
    (*CONTAINER, "configs", "*"): Grant,
    (*CONTAINER, "deploy", "resources", "reservations", "devices", "*"): DeviceRequest,
    (*CONTAINER, "devices", "*"): Device,
    (*CONTAINER, "gpus", "*"): DeviceRequest,
    (*CONTAINER, "logging"): Logging,
    (*CONTAINER, "post_start", "*"): Hook,
    (*CONTAINER, "pre_stop", "*"): Hook,
    (*CONTAINER, "secrets", "*"): Grant,
    (*CONTAINER, "ulimits", "*"): Ulimit,
    (*CONTAINER, "volumes", "*", "image"): ImageOptions,
    (*CONTAINER, "volumes", "*", "tmpfs"): TmpfsOptions,
    ("networks", "*", "ipam"): Ipam,
    ("networks", "*", "ipam", "config", "*"): Pool,
}
"""What has no table of its own: all that the specification has is supported there."""

READ_BY_THE_LOADER = {"deploy", "develop", "env_file", "extends", "include"}
OF_REFUSED = {"pre_start", "credential_spec", "models", "provider", "external"}


@pytest.mark.parametrize("place", TABLES, ids=".".join)
def test_every_name_of_the_schema_is_in_the_table(place: Place) -> None:
    assert specified()[place].keys() == TABLES[place].keys()


def test_all_93_attributes_of_a_service() -> None:
    assert len(TABLES[CONTAINER]) == 93


@pytest.mark.parametrize("place", PARTS, ids=".".join)
def test_every_name_of_the_schema_is_in_the_model(place: Place) -> None:
    assert specified()[place].keys() == PARTS[place].model_fields.keys()


def test_the_healthcheck() -> None:
    # `disable` is the test NONE.
    assert specified()[*CONTAINER, "healthcheck"].keys() == Healthcheck.model_fields.keys() | {"disable"}


def test_every_place_is_checked() -> None:
    known = {*TABLES, *PARTS, (*CONTAINER, "healthcheck")}
    elsewhere = READ_BY_THE_LOADER | OF_REFUSED
    assert {place for place in specified() if place not in known and not {*place} & elsewhere} == set()


@pytest.mark.parametrize("place", MODELS, ids=".".join)
def test_the_table_says_of_the_model_what_is_so(place: Place) -> None:
    known = {field.alias or name for name, field in MODELS[place].model_fields.items()}
    supported = {name for name, one in TABLES[place].items() if one.standing is Standing.SUPPORTED}
    assert supported == (known & TABLES[place].keys()) | BY_THE_LOADER.get(place, set())


def test_what_is_ignored_or_refused_says_why() -> None:
    for attributes in TABLES.values():
        for name, one in attributes.items():
            if one.standing in {Standing.IGNORED, Standing.REFUSED}:
                assert one.note, name


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), ()),
        (("containers", "networks"), CONTAINER),
        (("containers", "web", "networks", "back"), (*CONTAINER, "networks", "*")),
        (("containers", "web", "ports", 0), (*CONTAINER, "ports", "*")),
        (("containers", "web", "volumes", 0, "bind"), (*CONTAINER, "volumes", "*", "bind")),
        (("containers", "web", "volumes", 0, "volume"), (*CONTAINER, "volumes", "*", "volume")),
        (("networks", "volumes"), ("networks", "*")),
    ],
)
def test_the_table_of_a_place(path: tuple[str | int, ...], place: Place) -> None:
    assert table(path) is TABLES[place]


def test_refusals() -> None:
    web = ("containers", "web")
    assert refusal(web, "image", "x") is None
    assert refusal(web, "nonsense", "x") is None
    assert refusal(("containers", "web", "logging"), "driver", "x") is None
    assert refusal(web, "provider", 'container "web"') == (
        (
            'attribute "provider" in container "web" is refused: a provider is a program that Compose starts, '
            "not a container"
        ),
        "run it on its own",
    )
