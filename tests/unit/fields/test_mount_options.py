from __future__ import annotations

import pytest

from reconciler.fields.mount_options import same_options


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("addr=x,rw", "rw,addr=x"),
        ("addr=192.0.2.5,nolock,soft,rw", "rw,nolock,addr=192.0.2.5,soft"),
        ("size=1m,uid=1000", "uid=1000,size=1m"),
        ("rw,", "rw"),
    ],
)
def test_the_order_of_different_things_means_nothing(one: str, other: str) -> None:
    assert same_options(one, other)
    assert same_options(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ro,rw", "rw,ro"),
        ("exec,noexec", "noexec,exec"),
        ("noatime,relatime", "relatime,noatime"),
        ("soft,hard", "hard,soft"),
        ("vers=3,vers=4", "vers=4,vers=3"),
        ("vers=3,nfsvers=4", "nfsvers=4,vers=3"),
        ("tcp,proto=udp", "proto=udp,tcp"),
        ("rw", "ro"),
        ("addr=x,rw", "addr=x"),
        ("addr=x", "addr=y"),
        ("rw,rw", "rw"),
    ],
)
def test_a_later_one_wins(one: str, other: str) -> None:
    assert not same_options(one, other)
    assert not same_options(other, one)
