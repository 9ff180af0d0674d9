"""What must hold across resources, before any Engine is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.model import Spec
    from reconciler.spec.places import Text


def problems(spec: Spec, document: Text) -> Iterator[Diagnostic]:
    """Everything that is wrong with a spec as a whole, and what it should be warned of.

    Args:
        spec: what was read.
        document: where, for positions.
    """
    from reconciler.spec.checks import addresses, dependencies, names, ports, updates

    for subject in (names, dependencies, ports, addresses, updates):
        yield from subject.problems(spec, document)
