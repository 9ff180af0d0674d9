from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.spec.compose.project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Project(folder)
