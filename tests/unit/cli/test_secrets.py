"""Commands that need no Engine never print what a secret holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import load
from reconciler.cli.main import run

SHOP = """\
name: shop
containers:
  web: {image: "a:1", configs: [site], secrets: [token, key]}
configs:
  site: {environment: SITE}
secrets:
  token: {environment: TOKEN}
  key: {file: ./key.pem}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "key.pem").write_text("hunter2")
    (tmp_path / ".env").write_text("SITE=listen 80;\n")
    monkeypatch.setenv("TOKEN", "hunter2")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ["config"],
        ["config", "-o", "json"],
        ["config", "--provenance"],
        ["config", "--hash"],
        ["validate"],
        ["validate", "-o", "json"],
    ],
    ids=" ".join,
)
def test_what_is_printed(
    command: list[str], folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["reconciler", *command, *(["-f"] if command[0] == "config" else []), "shop.yaml"])
    assert run() == 0
    captured = capsys.readouterr()
    assert "hunter2" not in captured.out + captured.err


def test_the_variables_are_those_of_the_spec(folder: Path) -> None:
    spec = load(folder / "shop.yaml", environ={"TOKEN": "hunter2"})
    assert spec.configs["site"].value == "listen 80;"
    assert spec.secrets["token"].value == "hunter2"
    assert spec.secrets["key"].value is None
    assert "hunter2" not in repr(spec)
    assert "hunter2" not in spec.model_dump_json()
    unset = load(folder / "shop.yaml")
    assert unset.secrets["token"].value is None
