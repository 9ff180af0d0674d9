"""Where it listens, and who may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import UsageError
from reconciler.web.access import Access, parse_address, read_token

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:9180", "127.0.0.1", 9180, True),
        (":9180", "127.0.0.1", 9180, True),
        ("9180", "127.0.0.1", 9180, True),
        ("localhost:0", "localhost", 0, True),
        ("[::1]:9180", "::1", 9180, True),
        ("127.9.9.9:1", "127.9.9.9", 1, True),
        ("0.0.0.0:9180", "0.0.0.0", 9180, False),
        ("[::]:9180", "::", 9180, False),
        ("192.0.2.7:80", "192.0.2.7", 80, False),
    ],
)
def test_an_address_is_of_this_machine_unless_it_says_otherwise(
    text: str, host: str, port: int, loopback: bool
) -> None:
    found = parse_address(text)
    assert (found.host, found.port, found.is_loopback) == (host, port, loopback)
    if loopback:
        assert Access.to(found, None).token is None
    else:
        with pytest.raises(UsageError, match="there is no token"):
            Access.to(found, None)
    assert Access.to(found, TOKEN).token == TOKEN


@pytest.mark.parametrize(
    "text", ["", "host", "host:", "1:2:3", "::1:80", "127.0.0.1:99999", "127.0.0.1:x", "http://a:1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no address to listen on"):
        parse_address(text)


def test_a_host_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="is not known"):
        parse_address("no-such-host.invalid:80")


def test_the_token_comes_from_the_file_or_else_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}-file\n")
    assert read_token(None, {}) is None
    assert read_token(None, {"RECONCILER_TOKEN": TOKEN}) == TOKEN
    assert read_token(str(file), {"RECONCILER_TOKEN": TOKEN}) == f"{TOKEN}-file"


@pytest.mark.parametrize("content", ["", "short", "with a\x07bell in it and more", "größer als sechzehn Zeichen"])
def test_a_bad_token_is_refused_and_not_shown(content: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(UsageError) as refused:
        read_token(str(file), {})
    assert not content or content not in str(refused.value)


def test_a_token_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_token(str(tmp_path / "none"), {})


def test_the_token_is_compared_whole() -> None:
    access = Access(TOKEN)
    assert TOKEN not in repr(access)
    assert access.has_token({"Authorization": f"Bearer {TOKEN}"})
    assert access.has_token({"Authorization": f"bearer  {TOKEN}"})
    for wrong in ("", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ", f"Bearer {TOKEN[:-1]}", "Bearer \udcff"):
        assert not access.has_token({"Authorization": wrong})
    assert not access.has_token({})
    assert Access(None).has_token({})


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:9180", "LOCALHOST.:1", "127.0.0.1", "127.0.0.1:9180", "[::1]:9"]
)
def test_loopback_is_asked_by_its_own_names(host: str) -> None:
    assert Access(None).is_for_us({"Host": host})


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:9180", "127.0.0.1.evil.example", "10.0.0.1", "[", "@"]
)
def test_other_names_are_not_for_us_where_there_is_no_token(host: str) -> None:
    assert not Access(None).is_for_us({"Host": host})
    assert Access(TOKEN).is_for_us({"Host": host})
