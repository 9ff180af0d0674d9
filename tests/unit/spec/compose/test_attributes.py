"""The table of attributes: it has every name of the Compose specification's JSON Schema, and agrees with the model."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

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
from reconciler.spec.model.storage import BindOptions, VolumeOptions

CONTAINER = ("containers", "*")

# The names in https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json, 2026.
SCHEMA: dict[Place, str] = {
    (): "version name include services models networks volumes secrets configs",
    CONTAINER: """
        annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name
        cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec
        depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file
        environment expose extends external_links extra_hosts gpus group_add healthcheck hostname image init ipc
        isolation label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit
        models network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_stop
        privileged profiles provider pull_policy pull_refresh_after read_only restart runtime scale secrets
        security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits
        use_api_socket user userns_mode uts volumes volumes_from working_dir""",
    (*CONTAINER, "build"): """
        additional_contexts args cache_from cache_to context dockerfile dockerfile_inline entitlements extra_hosts
        isolation labels network no_cache no_cache_filter platforms privileged provenance pull sbom secrets shm_size
        ssh tags target ulimits""",
    (*CONTAINER, "depends_on", "*"): "condition required restart",
    (*CONTAINER, "deploy"): """
        endpoint_mode labels mode placement replicas resources restart_policy rollback_config update_config""",
    (*CONTAINER, "networks", "*"): """
        aliases driver_opts gw_priority interface_name ipv4_address ipv6_address link_local_ips mac_address priority""",
    (*CONTAINER, "ports", "*"): "app_protocol host_ip mode name protocol published target",
    (*CONTAINER, "volumes", "*"): "bind consistency image read_only source target tmpfs type volume",
    (*CONTAINER, "volumes", "*", "bind"): "create_host_path propagation recursive selinux",
    (*CONTAINER, "volumes", "*", "volume"): "labels nocopy subpath",
    ("networks", "*"): "attachable driver driver_opts enable_ipv4 enable_ipv6 external internal ipam labels name",
    ("volumes", "*"): "driver driver_opts external labels name",
    ("configs", "*"): "content environment external file labels name template_driver",
    ("secrets", "*"): "driver driver_opts environment external file labels name template_driver",
}

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
    (): {"services", "include"},
    CONTAINER: {"deploy", "env_file", "extends", "label_file", "profiles", "scale"},
}


@pytest.mark.parametrize("place", SCHEMA, ids=".".join)
def test_every_name_of_the_schema_is_in_the_table(place: Place) -> None:
    assert set(SCHEMA[place].split()) == TABLES[place].keys()


def test_every_table_is_checked() -> None:
    assert TABLES.keys() == SCHEMA.keys()
    assert len(TABLES[CONTAINER]) == 92


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
