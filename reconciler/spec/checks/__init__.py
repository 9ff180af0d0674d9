"""What must hold across resources, before any Engine is asked."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from reconciler.spec.problems import MOST, not_listed

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
        found = subject.problems(spec, document)
        yield from islice(found, MOST)
        if next(found, None):  # each costs a search for what was meant: a hostile file has tens of thousands
            yield document.diagnostic((), *not_listed())
