"""`reconciler convert`."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import Options, engine_options, spec_options
from reconciler.cli.printing import print_json
from reconciler.cli.wiring import connected
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.convert.container import Existing
    from reconciler.convert.result import Conversion
    from reconciler.engine.engine import DockerEngine
    from reconciler.spec.diagnostics import Diagnostic
    from reconciler.spec.provenance import Trace

_PROGRAMS = ("docker", "podman")
_LINE = re.compile(r"(?:\s*#[^\n]*\n)*\s*(?:[$>%#]\s+)?(?:sudo\s+)?(?:\w+=\S*\s+)*(?:docker|podman)\s", re.ASCII)
_STANDARD_INPUT = "-"
_MOST = 1 << 20


class _Command(click.Command):
    """Takes all that stands behind `docker` as its words, with `--` before it or without."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for index, word in enumerate(args):
            if word == "--":
                break
            if word in _PROGRAMS and not (index and args[index - 1].startswith("-")):
                args = [*args[:index], "--", *args[index:]]
                break
        return super().parse_args(ctx, args)


@click.command(cls=_Command)
@click.argument("what", nargs=-1, metavar="[FILE]... | -- docker run ... | 'docker run ...'")
@click.option("--container", metavar="NAME", help="A container that is there, by its name or ID.")
@spec_options
@engine_options
def command(what: tuple[str, ...], container: str | None, **given: Any) -> None:
    """Write a native spec for a Compose file, a container, or a docker run line.

    What could not be carried over stands in comments at the top, or in `notes` with -o json. A line may also stand in a
    file, or come from standard input with -f -.
    """
    options = Options(**given)
    if container and (what or options.file):
        raise UsageError("--container and files exclude each other", "convert one thing at a time")
    if container:
        title, found = f"the container {container}", _container(container, options)
    elif what[:1] and what[0] in _PROGRAMS:
        from reconciler.convert.shell import literal

        # The shell has put in what it had to.
        title, found = "a docker run line", _run([literal(word) for word in what], options)
    else:
        title, found = _files((*what, *options.file), options)
    if options.output == "json":
        print_json({"spec": found.data, "notes": list(found.notes)})
    else:
        click.echo(_text(title, found), nl=False)


def _text(title: str, found: Conversion) -> str:
    from reconciler.spec.diagnostics import printable
    from reconciler.spec.writing import spec_yaml

    comments = [f"Made from {title} by `reconciler convert`.", *found.notes]
    return "".join(f"# {printable(comment)}\n" for comment in comments) + spec_yaml(found.data)


def _files(files: tuple[str, ...], options: Options) -> tuple[str, Conversion]:
    """What the files hold: a line, or specs that are merged."""
    text = b""
    if len(files) == 1:
        line = _LINE.match(files[0])
        text = files[0].encode() if line else _content(files[0])
        if line or _LINE.match(text.decode(errors="replace")):
            from reconciler.convert.shell import words_of

            return "a docker run line", _run(words_of(text.decode(errors="replace")), options)
    return "a Compose file", _spec(files, text, options)


def _content(file: str) -> bytes:
    """What is in a file that may hold a line; empty where it is something else."""
    if file == _STANDARD_INPUT:
        return sys.stdin.buffer.read()
    path = Path(file)
    if path.suffix in {".yaml", ".yml"} or not path.is_file() or path.stat().st_size > _MOST:
        return b""
    return path.read_bytes()


def _run(words: list[str], options: Options) -> Conversion:
    from reconciler.convert.check import checked
    from reconciler.convert.run import from_run

    conversion, flags = from_run(words, options.project)
    return checked(conversion, os.environ, flags)


def _spec(files: tuple[str, ...], text: bytes, options: Options) -> Conversion:
    from reconciler.convert.compose import from_spec
    from reconciler.spec.loader import Asked, files_of, is_standard_input, load_files, load_text

    here = Path.cwd()
    warnings: list[Diagnostic] = []
    traces: list[Trace] = []
    asked = Asked(
        options.project,
        dict(os.environ),
        frozenset(options.profile),
        tuple(map(Path, options.env_file)),
        warn=warnings.append,
        trace=traces.append,
        leave_out=True,
    )
    if is_standard_input(files):
        return from_spec(load_text(text, here, asked).spec, traces[0], warnings, here)
    paths = files_of(files, os.environ, here, options.env_file)
    return from_spec(load_files(paths, here, asked).spec, traces[0], warnings, paths[0].parent)


def _container(name: str, options: Options) -> Conversion:
    from reconciler.convert.check import checked, tidied
    from reconciler.convert.container import from_container

    with connected(options) as engine:
        found = existing(engine, name)
    return tidied(checked(from_container(found, options.project), {}))


def existing(engine: DockerEngine, name: str) -> Existing:
    """A container, and all that its conversion must know."""
    from reconciler.convert.container import Existing, others
    from reconciler.errors import NotFound

    inspect = engine.inspect(name).inspect
    names: dict[str, str] = {}
    for other in others(inspect):
        with suppress(NotFound):  # it is gone, and its ID is all that is left of it
            names[other] = engine.inspect(other).name
    return Existing(inspect, engine.image(inspect["Image"]), engine.info(), names)
