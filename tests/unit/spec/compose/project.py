"""A project's folder, and what the loader says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from reconciler.errors import SpecError
from reconciler.spec.diagnostics import Diagnostic
from reconciler.spec.loader import load
from reconciler.spec.model import Spec


class Project:
    """A folder, which is the working folder too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warnings: list[Diagnostic] = []

    def write(self, **files: str) -> None:
        """Files by name; `__` stands for a slash, `_` for a dot."""
        for name, text in files.items():
            self.file(name.replace("__", "/").replace("_", "."), text)

    def file(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))

    def load(
        self, *source: str, environ: Mapping[str, str] | None = None, profiles: Sequence[str] = (), **options: Any
    ) -> Spec:
        self.warnings = []
        return load(source or None, environ=environ or {}, profiles=profiles, warn=self.warnings.append, **options)

    def wrong(self, *source: str, **options: Any) -> list[str]:
        """The headlines of what is wrong."""
        with pytest.raises(SpecError) as caught:
            self.load(*source, **options)
        assert all(one.hint for one in caught.value.diagnostics)
        return [one.headline for one in caught.value.diagnostics] or [caught.value.message]

    @property
    def warned(self) -> list[str]:
        return [one.headline for one in self.warnings]
