"""`reconciler search`."""

from __future__ import annotations

import click

from reconciler.cli.options import Options, engine_options, json_errors, output_option
from reconciler.cli.printing import print_json, style, width
from reconciler.cli.wiring import connected
from reconciler.errors import EngineError, UsageError

_MOST_OF_HUB = 100


@click.command()
@click.argument("what", metavar="TERM|REGISTRY/REPOSITORY")
@output_option
@engine_options
@click.option("--limit", type=click.IntRange(min=1), default=25, show_default=True, help="At most so many.")
@json_errors
def command(what: str, output: str, limit: int, host: str | None, context: str | None) -> None:
    """Find images on Docker Hub, or the tags of a repository, newest versions first.

    A TERM is searched for by the Engine. A REPOSITORY with its REGISTRY (docker.io/library/nginx,
    registry.example:5000/team/app) is asked for by this machine, with Docker's login.
    """
    if _names_a_registry(what):
        _tags(what, output, limit)
    else:
        _search(what, Options(host=host, context=context), output, limit)


def _names_a_registry(what: str) -> bool:
    """Docker's own rule for the first part of a reference."""
    first, slash, _ = what.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _search(term: str, options: Options, output: str, limit: int) -> None:
    from reconciler.report.search_text import Found, found_text

    if limit > _MOST_OF_HUB:
        raise UsageError(f"--limit {limit}: Docker Hub tells {_MOST_OF_HUB} at most", f"say --limit {_MOST_OF_HUB}")
    with connected(options) as engine:
        try:
            rows = engine.search(term, limit)
        except EngineError as error:
            if error.status is None:
                raise
            raise type(error)(
                f"the Engine can't search Docker Hub: {error.message}",
                error.hint or "the Engine's machine must reach index.docker.io",
                status=error.status,
            ) from error
    found = [
        Found(
            str(row.get("name") or ""),
            str(row.get("description") or ""),
            int(row.get("star_count") or 0),
            bool(row.get("is_official")),
        )
        for row in rows
    ]
    if output == "json":
        images = [
            {"name": one.name, "description": one.description, "stars": one.stars, "official": one.official}
            for one in found
        ]
        print_json({"term": term, "images": images})
    else:
        click.echo(found_text(term, found, style(), width()))


def _tags(what: str, output: str, limit: int) -> None:
    from reconciler.engine.credentials import registry_login
    from reconciler.registry.client import RegistryClient
    from reconciler.registry.versions import newest_first
    from reconciler.report.search_text import tags_text
    from reconciler.spec.invalid import Invalid
    from reconciler.spec.reference import parse_reference

    try:
        reference = parse_reference(what)
    except Invalid as error:
        raise UsageError(str(error), error.hint) from None
    if ":" in what.rpartition("/")[2] or reference.digest:
        raise UsageError(f'"{what}" names one image, not a repository', "leave the tag out")
    client = RegistryClient(reference.domain, registry_login(reference.domain))
    try:
        tags = newest_first(client.tags(reference.path))
    finally:
        client.close()
    name = f"{reference.domain}/{reference.path}"
    if output == "json":
        print_json({"repository": name, "tags": tags[:limit], "total": len(tags)})
    else:
        click.echo(tags_text(name, tags[:limit], len(tags), style()))
