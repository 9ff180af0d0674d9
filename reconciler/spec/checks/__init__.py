"""What must hold across resources, before any Engine is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.spec.diagnostics import spec_error

if TYPE_CHECKING:
    from reconciler.spec.model import Spec
    from reconciler.spec.places import Text


def check(spec: Spec, document: Text) -> None:
    """Check a spec as a whole.

    Raises:
        SpecError: with every problem, sorted by position.
    """
    from reconciler.spec.checks import addresses, dependencies, names, ports

    found = [
        problem for subject in (names, dependencies, ports, addresses) for problem in subject.problems(spec, document)
    ]
    if found:
        raise spec_error(found)
