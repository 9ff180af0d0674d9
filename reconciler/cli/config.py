"""`reconciler config`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import Options, spec_options
from reconciler.cli.printing import print_json
from reconciler.cli.wiring import load_spec

if TYPE_CHECKING:
    from reconciler.spec.model import Spec
    from reconciler.spec.provenance import Trace


@click.command()
@spec_options
@click.option("--images", "wanted", flag_value="images", help="Print the references of its images instead.")
@click.option("--hash", "wanted", flag_value="hash", help="Print the digest of each container's definition instead.")
@click.option("--provenance", "wanted", flag_value="provenance", help="Say where each value came from.")
def command(wanted: str | None, **given: Any) -> None:
    """Print the spec with everything resolved, in the native form."""
    options = Options(**given)
    traces: list[Trace] = []
    spec = load_spec(options, trace=traces.append)
    as_json = options.output == "json"
    if wanted == "images":
        images = sorted({*spec.images, *(container.image for container in spec.containers.values())})
        print_json({"images": images}) if as_json else _lines(images)
    elif wanted == "hash":
        digests = _digests(spec)
        print_json({"digests": digests}) if as_json else _lines(f"{name} {one}" for name, one in digests.items())
    else:
        click.echo(_whole(spec, traces[0] if wanted else None, as_json), nl=False)


def _lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _digests(spec: Spec) -> dict[str, str]:
    from reconciler.fields.base import Instance
    from reconciler.fields.payload import digest

    return {key: digest(Instance(spec, key)) for key in spec.containers}


def _whole(spec: Spec, trace: Trace | None, as_json: bool) -> str:
    from reconciler.spec.writing import native, spec_json, spec_yaml

    data = native(spec)
    if trace is None:
        return spec_json(data) if as_json else spec_yaml(data)
    from reconciler.report.provenance import provenance_comments, provenance_dict
    from reconciler.spec.provenance import provenance

    found = provenance(data, trace)
    if as_json:
        return spec_json({**data, "provenance": provenance_dict(found)})
    return spec_yaml(data, provenance_comments(data, found))
