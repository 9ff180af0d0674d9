"""What must hold across resources, before any Engine is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.spec.diagnostics import spec_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.model import Spec
    from reconciler.spec.places import Text


def check(spec: Spec, document: Text, warn: Callable[[Diagnostic], None]) -> None:
    """Check a spec as a whole.

    Args:
        spec: what was read.
        document: where, for positions.
        warn: told of each warning.

    Raises:
        SpecError: with every problem, sorted by position.
    """
    from reconciler.spec.checks import addresses, dependencies, names, ports, updates

    subjects = (names, dependencies, ports, addresses, updates)
    found = [problem for subject in subjects for problem in subject.problems(spec, document)]
    for problem in found:
        if problem.severity == "warning":
            warn(problem)
    if errors := [problem for problem in found if problem.severity == "error"]:
        raise spec_error(errors)
