"""`reconciler lock`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.locking import lock_file, read
from reconciler.cli.options import Options, engine_options, spec_options
from reconciler.cli.printing import print_json
from reconciler.cli.whole_file import write_whole
from reconciler.cli.wiring import connected, load_spec
from reconciler.errors import ExitCode, ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.state.images import Offer


@click.command()
@spec_options
@engine_options
@click.option("--check", is_flag=True, help="Write nothing; exit with 2 where the lock is no longer up to date.")
def command(*, check: bool, **given: Any) -> int:
    """Write the digest of each image's tag to reconciler.lock, beside the spec.

    apply, plan and watch with --locked use just these images.
    """
    options = Options(**given)
    spec = load_spec(options)
    path = lock_file(options)
    from reconciler.planning.locked import differences, lock_text, lockable

    before = read(path) if check or path.exists() else {}
    found = lockable(spec)
    with connected(options) as engine:
        offers = engine.offers(found.references)
    digests = _digests(offers, "nothing has been written")
    changed = [*differences(spec, before, offers)]
    if not check:
        _write(path, lock_text(digests, found.left_out))
    if options.output == "json":
        print_json(
            {
                "lock": str(path),
                "images": digests,
                "left_out": dict(found.left_out),
                "changes": changed,
                "written": not check,
            }
        )
    elif check:
        click.echo("\n".join(changed) or f"{path.name} is up to date: {_counted(digests)}.")
    else:
        for line in changed if before else ():
            click.echo(line)
        for reference, why in found.left_out.items():
            click.echo(f"{reference} is left out: {why}")
        click.echo(f"Wrote {path.name}: {_counted(digests)}.")
    return ExitCode.CHANGES_PENDING if check and changed else ExitCode.OK


def _counted(digests: Mapping[str, str]) -> str:
    return f"{len(digests)} image{'' if len(digests) == 1 else 's'}"


def _digests(offers: Mapping[str, Offer], so: str) -> dict[str, str]:
    digests = {reference: offer.digest for reference, offer in offers.items() if offer.digest}
    if failed := [(reference, offer) for reference, offer in offers.items() if not offer.digest]:
        reference, offer = failed[0]
        more = f" (and {len(failed) - 1} more)" if failed[1:] else ""
        raise ReconcilerError(
            f"the registry can't say what {reference} is{more}: {offer.problem}; {so}",
            offer.hint or "try again once it answers",
        )
    return digests


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise ReconcilerError(
            f"the lock can't be written to {path}: {error.strerror}", "check the folder's permissions"
        ) from error
