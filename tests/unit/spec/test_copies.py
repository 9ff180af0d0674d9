"""Copies of specs with other attributes."""

from __future__ import annotations

from reconciler.spec.model import Spec


def test_what_was_worked_out_of_a_spec_is_not_true_of_a_copy() -> None:
    before = Spec.model_validate({"name": "p", "containers": {"new": {"image": "i", "was": "old"}}})
    assert before.renamed == {"old": "new"}
    copy = before.model_copy(update={"containers": {}})
    assert copy.renamed == {}
    assert before.renamed == {"old": "new"}


def test_what_was_worked_out_of_a_spec_is_no_part_of_it() -> None:
    raw = {"name": "p", "containers": {"new": {"image": "i", "was": "old"}}}
    one, other = Spec.model_validate(raw), Spec.model_validate(raw)
    assert one.renamed
    assert one == other
    assert one.model_dump() == other.model_dump()


def test_of_two_that_were_one_the_first_is_it() -> None:
    containers = {key: {"image": "i", "was": "old"} for key in ("b", "a")}
    assert Spec.model_validate({"name": "p", "containers": containers}).renamed == {"old": "a"}
