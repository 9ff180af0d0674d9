"""What a row reads from an Engine is spelled so that a spec which says it wants just that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.convert.spelling import spelled
from reconciler.fields.base import Field
from tests.support.samples import Sample
from tests.unit.fields.test_table import having, instance

APART = ["container_name", "image", "mac_address", "networks", "state", "volumes_from"]
"""Rows whose values `convert.container` makes of more than their canonical form."""


@pytest.mark.parametrize(("row", "sample"), having(lambda _sample: True, but=APART))
def test_each_row(row: Field, sample: Sample) -> None:
    wanted = row.wanted(instance(sample.base, sample.first))
    value: Any = json.loads(json.dumps(spelled(row.path, wanted)).replace('"p_pages"', '"pages"'))
    again = row.wanted(instance(sample.base, {row.path: value}))
    assert again == wanted
