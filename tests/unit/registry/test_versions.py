from __future__ import annotations

import random

import pytest

from reconciler.registry.challenge import Challenge, parse_challenge
from reconciler.registry.versions import newest_first


@pytest.mark.parametrize(
    "ordered",
    [
        ["1.10.1", "1.10", "1.9", "1"],
        ["v2", "1.27.3", "1.27.3-alpine", "1.27.3-alpine3.20", "1.27.3-rc10", "1.27.3-rc2", "1.27.3-beta", "1.27.2"],
        ["17.2", "17", "17-bookworm", "16", "latest", "alpine", "bookworm"],
        ["3.20", "3.9", "latest", "20260101", "edge"],
        ["2026.11", "2026.2", "latest", "7f3e21abc", "main"],
        ["2.0.0", "2.0.0-alpha.1", "1.0.0"],
    ],
)
def test_the_order(ordered: list[str]) -> None:
    shuffled = random.Random(1).sample(ordered, len(ordered))
    assert newest_first(shuffled) == ordered


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        ("", None),
        ("Basic", Challenge("basic")),
        ('Basic realm="a, \\"b\\""', Challenge("basic", {"realm": 'a, "b"'})),
        ('Bearer realm="https://x/t",Service=y', Challenge("bearer", {"realm": "https://x/t", "service": "y"})),
        ("Bearer nonsense", Challenge("bearer")),
    ],
)
def test_challenges(header: str, challenge: Challenge | None) -> None:
    assert parse_challenge(header) == challenge
