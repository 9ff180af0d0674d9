"""Where the digest key and the files for containers lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.engine.here import Here


def as_user(monkeypatch: pytest.MonkeyPatch, user: int, environ: dict[str, str]) -> Here:
    monkeypatch.setattr("os.geteuid", lambda: user)
    return Here.of({"HOME": "/home/me", **environ})


def test_of_root_and_of_a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root = as_user(monkeypatch, 0, {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert (root.runtime, root.state) == (Path("/run/docker-reconciler"), Path("/var/lib/docker-reconciler"))
    user = as_user(monkeypatch, 1000, {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert (user.runtime, user.state) == (
        tmp_path / "docker-reconciler",
        Path("/home/me/.local/state/docker-reconciler"),
    )
    assert as_user(monkeypatch, 1000, {}).runtime is None
    assert as_user(monkeypatch, 1000, {"XDG_STATE_HOME": "/state"}).state == Path("/state/docker-reconciler")
    assert as_user(monkeypatch, 0, {"RECONCILER_RUNTIME_DIR": "/x"}).runtime == Path("/x")
    assert as_user(monkeypatch, 0, {"RECONCILER_RUNTIME_DIR": ""}).runtime is None


def test_the_key_is_kept(tmp_path: Path) -> None:
    first, again = (Here(None, tmp_path / "a" / "b", 0) for _ in range(2))
    assert first.key == again.key
    assert first.key_id == again.key_id
    assert len(first.key) == 32
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == ["digest-key"]
    other = Here(None, tmp_path / "c", 0)
    assert other.key_id != first.key_id


@pytest.mark.parametrize("text", ["no key at all", ""])
def test_a_key_that_can_t_be_read_is_not_overwritten(tmp_path: Path, text: str) -> None:
    (tmp_path / "digest-key").write_text(text)
    here = Here(None, tmp_path, 0)
    assert len(here.key) == 32
    assert (tmp_path / "digest-key").read_text() == text


def test_where_it_can_t_be_kept_it_lives_as_long_as_we_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    here = Here(None, tmp_path / "file", 0)
    assert here.key == here.key
    assert here.key != Here(None, tmp_path / "file", 0).key
