"""What `validate` says of projects, as a person reads it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.report.style import one_line
from reconciler.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.report.style import Style
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.model import Spec
    from reconciler.spec.projects import Project


def project_line(project: Project, file: str, style: Style) -> str:
    """Whether a project is valid.

    Args:
        project: that.
        file: the name that the user knows it by.
        style: how to paint.
    """
    if project.spec:
        return f"{project.spec.name} is {style.good('valid')}: {_content(project.spec)}."
    return f"{one_line(file)} is {style.bad('invalid')}: {_found(project.diagnostics)}."


def summary_line(projects: Sequence[Project]) -> str:
    """How many there are, of each sort."""
    valid = sum(project.spec is not None for project in projects)
    parts = [f"{valid} valid"] if valid else []
    if valid < len(projects):
        parts.append(f"{len(projects) - valid} invalid")
    found = _found(diagnostic for project in projects for diagnostic in project.diagnostics)
    return f"{counted(len(projects), 'project')}: {', '.join(parts)}{'; ' if found else ''}{found}."


def _content(spec: Spec) -> str:
    counts = {
        "image": len(spec.images),
        "container": len(spec.containers),
        "network": len(spec.networks),
        "volume": len(spec.volumes),
    }
    return ", ".join(counted(count, kind) for kind, count in counts.items() if count)


def _found(diagnostics: Iterable[Diagnostic]) -> str:
    severities = Counter(diagnostic.severity for diagnostic in diagnostics)
    return ", ".join(counted(count, severity) for severity, count in sorted(severities.items()))
