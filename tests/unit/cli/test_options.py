from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from reconciler.cli.options import orphans_option


@pytest.mark.parametrize(
    ("value", "arguments", "expected"),
    [
        (None, [], False),
        ("", [], False),
        ("0", [], False),
        ("true", [], True),
        ("1", [], True),
        ("0", ["--remove-orphans"], True),
    ],
)
def test_orphans_are_removed_by_composes_variable_too(value: str | None, arguments: list[str], expected: bool) -> None:
    @click.command()
    @orphans_option
    def command(remove_orphans: bool) -> None:
        click.echo(str(remove_orphans))

    done = CliRunner().invoke(command, arguments, env={"COMPOSE_REMOVE_ORPHANS": value})
    assert done.output == f"{expected}\n"
