from __future__ import annotations

import time

import pytest

from reconciler.cli.moments import unix_moment
from reconciler.errors import UsageError

NOW = 1772359200.5


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10m", "1772358600.500000000"),
        ("1h30m", "1772353800.500000000"),
        ("500ms", "1772359200.000000000"),
        ("1772359200", "1772359200.000000000"),
        ("1772359200.123456789", "1772359200.123456789"),
        ("2026-03-01T10:00:00Z", "1772359200.000000000"),
        ("2026-03-01T11:00:00+01:00", "1772359200.000000000"),
    ],
)
def test_moments(text: str, moment: str) -> None:
    assert unix_moment(text, NOW, "--since") == moment


def test_without_a_zone_it_is_the_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert unix_moment("2026-03-01", NOW, "--since") == "1772290800.000000000"
        assert unix_moment("2026-03-01T10:00", NOW, "--since") == "1772326800.000000000"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text", ["yesterday", "", "-5", "NaN", "inf", "10 minutes", "2026-13-01", "1e99", "0001-01-01"]
)
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="--since") as caught:
        unix_moment(text, NOW, "--since")
    assert "10m" in caught.value.hint
