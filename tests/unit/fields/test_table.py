"""The table is whole: each attribute has a row, each row samples, and what a row writes it also reads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.fields.base import OLDEST, Field, Instance, Mend
from reconciler.fields.ownership import write_json
from reconciler.fields.payload import create_payload, digest
from reconciler.fields.table import DATED, NOT_ON_THE_ENGINE, ROW, TABLE, defining_rows
from reconciler.spec.model import Container, Spec
from tests.support.samples import CONTENTS, NO_CHANGE, ONE_SPELLING, ONE_VALUE, SAMPLES, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PLACES: Mapping[str, Any] = {
    "networks": {"front": {}, "back": {}, "static": {"external": True}},
    "volumes": {"pages": {}},
    **CONTENTS,
}


def having(part: Callable[[Sample], object], but: Sequence[str] = ()) -> list[Any]:
    """The samples that have a part, but for those of some rows."""
    return [
        pytest.param(ROW[path], sample, id=f"{path}-{number}")
        for path, samples in SAMPLES.items()
        for number, sample in enumerate(samples, 1)
        if path not in but and part(sample)
    ]


ALL = having(lambda _sample: True)
SAMPLES_OF_ALL = [sample for samples in SAMPLES.values() for sample in samples]


def instance(*declared: Mapping[str, Any] | None) -> Instance:
    """A container with these attributes."""
    container: dict[str, Any] = {"image": "test-idle:1"}
    for one in declared:
        container |= one or {}
    filled = json.loads(json.dumps({"name": "p", "containers": {"c": container}, **PLACES}))
    return Instance(Spec.model_validate(filled, context={"folder": Path("/")}), "c", image_id="sha256:1")


def test_every_attribute_has_a_row_or_a_reason() -> None:
    assert set(ROW) | set(NOT_ON_THE_ENGINE) == set(Container.model_fields)
    assert not set(ROW) & set(NOT_ON_THE_ENGINE)
    assert len(ROW) == len(TABLE)


@pytest.mark.parametrize(("row", "sample"), ALL)
def test_no_sample_needs_a_newer_engine_than_its_row_says(row: Field, sample: Sample) -> None:
    one = instance(sample.base, sample.first)
    assert all(since <= row.newest for since in row.since(row.wanted(one)).values())


def test_every_row_that_is_dated_says_how_far() -> None:
    assert {row.path for row in DATED} == {row.path for row in TABLE if row.newest > OLDEST}


@pytest.mark.parametrize("path", ROW)
def test_every_row_has_samples(path: str) -> None:
    assert path in SAMPLES, f"add two values of `{path}`, and another spelling, to tests/support/samples.py"
    assert any(sample.second for sample in SAMPLES[path]) or path in ONE_VALUE
    assert any(sample.again for sample in SAMPLES[path]) or path in ONE_SPELLING


def test_samples_that_are_combined_have_an_attribute_each() -> None:
    combined = [one for samples in SAMPLES.values() for one in samples if not (one.alone or one.running or one.refused)]
    attributes = [attribute for one in combined for attribute in one.first]
    assert sorted(set(attributes)) == sorted(attributes)


def test_no_sample_and_no_excuse_is_left_over() -> None:
    assert set(SAMPLES) == set(ROW)
    assert all(path in SAMPLES and not any(sample.second for sample in SAMPLES[path]) for path in ONE_VALUE)
    assert all(path in SAMPLES and not any(sample.again for sample in SAMPLES[path]) for path in ONE_SPELLING)


@pytest.mark.parametrize(("row", "sample"), having(lambda sample: sample.again))
def test_another_spelling_is_the_same_value(row: Field, sample: Sample) -> None:
    assert sample.again is not None
    first, again = instance(sample.base, sample.first), instance(sample.base, sample.again)
    if row.path != "image":
        assert row.wanted(first) == row.wanted(again)
    assert digest(first) == digest(again)


def backwards(value: Any) -> Any:
    """The same value, with the keys of every mapping in it the other way round."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("row", "sample"), ALL)
def test_the_digest_is_of_sorted_json_whatever_the_order_of_keys(row: Field, sample: Sample) -> None:
    """As every version has made it: containers that an earlier one made have it on a label."""
    for value in filter(None, (sample.first, sample.second)):
        wanted = instance(sample.base, value)
        fields = {row.path: wanted.canonical(row) for row in defining_rows(wanted)}
        text = write_json({"form": 1, "fields": fields})
        assert digest(wanted) == f"1:{hashlib.sha256(text.encode()).hexdigest()}", row.path
        assert digest(instance(sample.base, backwards(value))) == digest(wanted)


@pytest.mark.parametrize(
    "given",
    [
        {"environment": {"Z": 'a "b" \\ \t\u0001\u007f\u2028é😀', "A": "1", "É": ""}},
        {"labels": {"z": "1", "a": "2"}},
        {"annotations": {"z": "1", "a": "2"}},
        {"sysctls": {"net.z": "1", "net.a": "2"}},
        {"storage_opt": {"size": "1G", "a": "2"}},
        {"tmpfs": ["/z:size=1m", "/a"]},
        {"logging": {"driver": "json-file", "options": {"z": "1", "a": "2"}}},
        {"ulimits": {"nproc": 1, "core": 2}},
        {"gpus": [{"capabilities": ["gpu"], "options": {"z": "1", "a": "2"}}]},
        {"volumes": [{"type": "volume", "target": "/d", "volume": {"labels": {"z": "1", "a": "2"}}}]},
        {"extra_hosts": {"z": "10.0.0.1", "a": "10.0.0.2"}},
    ],
    ids=lambda given: next(iter(given)),
)
def test_the_digest_of_several_keys_is_of_sorted_json(given: Mapping[str, Any]) -> None:
    wanted = instance(given)
    fields = {row.path: wanted.canonical(row) for row in defining_rows(wanted)}
    text = write_json({"form": 1, "fields": fields})
    assert digest(wanted) == f"1:{hashlib.sha256(text.encode()).hexdigest()}"
    assert digest(instance(backwards(given))) == digest(wanted)


@pytest.mark.parametrize(("row", "sample"), having(lambda sample: sample.second))
def test_another_value_is_another(row: Field, sample: Sample) -> None:
    assert sample.second is not None
    first, second = instance(sample.base, sample.first), instance(sample.base, sample.second)
    if row.path != "image":
        assert row.wanted(first) != row.wanted(second)
    assert (digest(first) == digest(second)) is (row.always or row.path == "image")


@pytest.mark.parametrize(("row", "sample"), ALL)
def test_what_a_row_writes_it_reads(row: Field, sample: Sample) -> None:
    for value in filter(None, (sample.first, sample.second)):
        wanted = instance(sample.base, value)
        if not (row.always or row.is_declared(wanted)):
            continue  # a value that means the same as none
        if row.path not in {"image", "state"}:  # a payload has neither the ID nor what is done later
            assert row.same(row.wanted(wanted), row.actual(inspected(wanted)))


@pytest.mark.parametrize(("row", "sample"), having(lambda sample: sample.second, but=("image", "state")))
def test_a_sample_expects_the_mend_that_the_row_declares(row: Field, sample: Sample) -> None:
    """Of image and state it depends on what is there."""
    assert sample.second is not None
    first, second = (row.wanted(instance(sample.base, value)) for value in (sample.first, sample.second))
    assert (row.mend(second, first) is Mend.REPLACE) is (sample.changed[0] == "replace")


@pytest.mark.parametrize(("row", "sample"), ALL)
def test_a_value_can_be_shown(row: Field, sample: Sample) -> None:
    for value in filter(None, (sample.base, sample.first, sample.second)):
        wanted = row.wanted(instance(sample.base, value))
        for one in wanted.values() if row.by_key else [wanted]:
            text = row.show(one)
            assert text
            assert "\n" not in text


def inspected(wanted: Instance) -> Mapping[str, Any]:
    """What an Engine would report that adds nothing and drops nothing."""
    payload = create_payload(wanted)
    return {
        "Id": "0" * 64,
        "Name": f"/{wanted.name}",
        "Image": wanted.image_id,
        "State": {"Status": "created"},
        "Config": {"Hostname": "0" * 12, **payload},
        "HostConfig": payload["HostConfig"],
        "NetworkSettings": {
            "Networks": payload["NetworkingConfig"]["EndpointsConfig"] or {payload["HostConfig"]["NetworkMode"]: {}}
        },
    }


@pytest.mark.parametrize("row", [pytest.param(row, id=row.path) for row in TABLE if row.rests])
def test_nothing_declared_and_nothing_reported_is_no_difference(row: Field) -> None:
    assert row.always
    several = [
        one for one in (instance(sample.base, sample.first) for sample in SAMPLES_OF_ALL) if not row.is_declared(one)
    ]
    assert several
    others: dict[str, Any] = {other.rests: 64 << 20 for other in TABLE if other.rests not in {"", row.rests}}
    for nothing in ({}, {row.rests: None}, {row.rests: 0}, {row.rests: ""}):
        for host in (nothing, others | nothing):
            actual = row.actual({"HostConfig": host})
            assert all(row.same(row.wanted(one), actual) for one in several)


@pytest.mark.parametrize(
    ("row", "sample"), having(lambda sample: sample.added != NO_CHANGE, [row.path for row in TABLE if not row.rests])
)
def test_a_value_is_reported_where_its_row_says_that_it_rests(row: Field, sample: Sample) -> None:
    assert create_payload(instance(sample.base, sample.first))["HostConfig"][row.rests]


@pytest.mark.parametrize(("row", "sample"), having(lambda sample: sample.second, but=("image",)))
def test_a_plan_shows_two_values_in_two_texts(row: Field, sample: Sample) -> None:
    made = instance(sample.base, sample.first)
    first, second = row.wanted(made), row.wanted(instance(sample.base, sample.second))
    if row.by_key:
        both = [(first[key], second[key]) for key in first.keys() & second.keys() if first[key] != second[key]]
    else:
        both = [(first, second)] if row.always or row.is_declared(made) else []
    for one, other in both:
        assert row.show(one) != row.show(other)
