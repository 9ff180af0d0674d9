"""What the end-to-end tests share: a shell in a folder of its own, with a project of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.command import Shell

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.engine import Engine


@pytest.fixture
def shell(engine: Engine, project: str, busybox_image: str, tmp_path: Path) -> Shell:
    """Commands that talk to the session's Engine."""
    return Shell(engine, project, tmp_path, busybox_image)
