"""The corpus has every attribute of the Compose specification in each of its forms; the others are refused by name."""

from __future__ import annotations

import pytest

from reconciler.spec.attributes import TABLES, Place, Standing
from reconciler.spec.document import parse
from tests.support.record_compose import CORPUS, cases, files
from tests.unit.spec.compose.project import Project
from tests.unit.spec.compose.syntaxes import Written, specified, written

_ALL = "*"

REFUSED: list[tuple[str, str, str, str]] = [
    # Where, which form of it, a container (or more) that has it, and what is said of it.
    ("models", _ALL, "image: a}\nmodels: {m: {model: m}", '"models" in the spec is refused: AI models'),
    (
        "containers.*.cpu_count",
        _ALL,
        "image: a, cpu_count: 1",
        '"cpu_count" in container "web" is refused: it is for W',
    ),
    ("containers.*.cpu_percent", _ALL, "image: a, cpu_percent: 1", '"cpu_percent" in container "web" is refused: '),
    (
        "containers.*.credential_spec",
        _ALL,
        "image: a, credential_spec: {file: a}",
        '"credential_spec" in container "web" is refused: it is for Windows',
    ),
    (
        "containers.*.isolation",
        _ALL,
        "image: a, isolation: x",
        '"isolation" in container "web" is refused: it is for W',
    ),
    ("containers.*.models", _ALL, "image: a, models: [m]", '"models" in container "web" is refused: AI models'),
    (
        "containers.*.pre_start",
        _ALL,
        "image: a, pre_start: [{command: a}]",
        '"pre_start" in container "web" is refused: its commands run to their end in containers of their own',
    ),
    (
        "containers.*.provider",
        _ALL,
        "image: a, provider: {type: a}",
        '"provider" in container "web" is refused: a provider is a program',
    ),
    (
        "containers.*.use_api_socket",
        _ALL,
        "image: a, use_api_socket: true",
        '"use_api_socket" in container "web" is refused: it gives the container the Engine',
    ),
    (
        "containers.*.build.isolation",
        _ALL,
        "build: {isolation: hyperv}",
        "is for Windows containers",
    ),
    (
        "configs.*.external",
        "text mapping",
        'image: a}\nconfigs: {c: {external: "true"}',
        '"external" in config "c" is refused: it is Swarm\'s',
    ),
    (
        "configs.*.template_driver",
        _ALL,
        "image: a}\nconfigs: {c: {content: a, template_driver: golang}",
        '"template_driver" in config "c" is refused: ',
    ),
    (
        "secrets.*.external",
        "boolean text mapping",
        "image: a}\nsecrets: {c: {external: true}",
        '"external" in secret "c" is refused: it is Swarm\'s',
    ),
    (
        "secrets.*.driver",
        _ALL,
        "image: a}\nsecrets: {c: {file: a, driver: a}",
        '"driver" in secret "c" is refused: ',
    ),
    (
        "secrets.*.driver_opts",
        _ALL,
        "image: a}\nsecrets: {c: {file: a, driver_opts: {a: b}}",
        '"driver_opts" in secret "c" is refused: ',
    ),
    (
        "secrets.*.template_driver",
        _ALL,
        "image: a}\nsecrets: {c: {file: a, template_driver: a}",
        '"template_driver" in secret "c" is refused: ',
    ),
    (
        "containers.*.post_start.*.command",
        "nothing",
        "image: a, post_start: [{command: }]",
        '"command" in post_start of container "web" has no value',
    ),
    (
        "containers.*.pre_stop.*.command",
        "nothing",
        "image: a, pre_stop: [{command: }]",
        '"command" in pre_stop of container "web" has no value',
    ),
    (
        "containers.*.post_start.*.environment",
        "mapping of nothing",
        "image: a, post_start: [{command: a, environment: {A: }}]",
        'variable "A" has no value',
    ),
    (
        "containers.*.pre_stop.*.environment",
        "mapping of nothing",
        "image: a, pre_stop: [{command: a, environment: {A: }}]",
        'variable "A" has no value',
    ),
    (
        "containers.*.build.additional_contexts",
        "mapping of nothing",
        "build: {additional_contexts: {A: }}",
        'context "A" has no value',
    ),
]

ACCEPTED: list[tuple[str, str, str]] = [
    # Forms of which 2.40.3 has no result to compare with: it stops at them, mostly with a panic.
    ("containers.*.pid", "nothing", "image: a, pid: "),
    ("containers.*.cpu_period", "text", "image: a, cpu_period: 20ms"),
    ("containers.*.cpu_rt_period", "text", "image: a, cpu_rt_period: 20ms"),
    ("containers.*.blkio_config.weight", "text", 'image: a, blkio_config: {weight: "300"}'),
    (
        "containers.*.blkio_config.weight_device.*.weight",
        "text",
        'image: a, blkio_config: {weight_device: [{path: /a, weight: "300"}]}',
    ),
    ("containers.*.build.additional_contexts", "mapping of number", "build: {additional_contexts: {a: 1}}"),
    ("containers.*.build.additional_contexts", "mapping of boolean", "build: {additional_contexts: {a: true}}"),
    ("containers.*.build.ulimits", "mapping of text", 'build: {ulimits: {a: "1"}}'),
    ("containers.*.build.ulimits.*.hard", "text", 'build: {ulimits: {a: {soft: "1", hard: "1"}}}'),
    ("containers.*.build.ulimits.*.soft", "text", 'build: {ulimits: {a: {soft: "1", hard: "1"}}}'),
    ("containers.*.build.no_cache_filter", "text", "build: {no_cache_filter: a}"),
    ("containers.*.build.no_cache_filter", "list of text", "build: {no_cache_filter: [a, b]}"),
    (
        "containers.*.volumes.*.tmpfs.mode",
        "text",
        'image: a, volumes: [{type: tmpfs, target: /a, tmpfs: {mode: "0700"}}]',
    ),
]

VALUES: list[tuple[str, str]] = [
    # Values that Compose has a meaning for, and we have not.
    ("image: a, volumes: [{type: npipe, source: a, target: /a}]", "the mount type npipe is Windows's"),
    ("image: a, volumes: [{type: cluster, source: a, target: /a}]", "the mount type cluster is Swarm's"),
    ("image: a, volumes: [{type: tmpfs, target: /a, tmpfs: {mode: 1023}}]", "the mode 1023 can be read as octal and"),
    ("image: a, secrets: [{source: a, mode: 440}]", "the mode 440 can be read as octal and as decimal"),
]


def _place(path: str) -> tuple[Place, str]:
    place, _, name = path.rpartition(".")
    return tuple(place.split(".")) if place else (), name


def _of_the_corpus() -> set[Written]:
    merged = [path for case in cases() for path in files(case)]
    named = [*CORPUS.glob("parts/**/*.yaml"), *CORPUS.glob("wild/*.yml")]
    return {one for path in [*merged, *named] for one in written(parse(path.read_bytes(), path.name).data)}


def _missing() -> dict[str, list[str]]:
    """What is neither in the corpus nor said to be refused: by attribute, its forms."""
    there = _of_the_corpus()
    for path, forms, _, _ in REFUSED:
        place, name = _place(path)
        known = specified()[place][name]
        there |= {(place, name, form) for form in (known if forms == _ALL else known & _split(forms))}
    there |= {(*_place(path), form) for path, form, _ in ACCEPTED}
    whole = [path for path, forms, _, _ in REFUSED if forms == _ALL or "mapping" in forms.split()]
    gone = {(*place, name) for place, name in map(_place, whole)}
    found: dict[str, list[str]] = {}
    for place, attributes in specified().items():
        if any(place[: len(one)] == one for one in gone):
            continue  # what is below what is refused
        for name, allowed in attributes.items():
            if left := sorted(form for form in allowed if (place, name, form) not in there):
                found[".".join((*place, name))] = left
    return found


def _split(forms: str) -> set[str]:
    return {forms} if forms.startswith("mapping of") else set(forms.split())


def test_every_attribute_is_there_in_each_of_its_forms() -> None:
    assert _missing() == {}


def test_what_is_refused_is_what_the_table_says() -> None:
    refused = {
        ".".join((*place, name))
        for place, attributes in TABLES.items()
        for name, one in attributes.items()
        if one.standing is Standing.REFUSED
    }
    assert refused <= {path for path, _, _, _ in REFUSED}


@pytest.mark.parametrize(("written_so", "said"), [(text, said) for _, _, text, said in REFUSED] + VALUES)
def test_what_is_not_in_the_corpus_is_refused_by_name(project: Project, written_so: str, said: str) -> None:
    project.write(compose_yaml="services:\n  web: {" + written_so + "}\n")
    assert said in project.wrong()[0]


@pytest.mark.parametrize("written_so", [text for _, _, text in ACCEPTED])
def test_what_only_compose_stumbles_over_is_read(project: Project, written_so: str) -> None:
    project.write(compose_yaml="services:\n  web: {" + written_so + "}\n")
    assert project.load().containers
