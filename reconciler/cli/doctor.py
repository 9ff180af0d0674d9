"""`reconciler doctor`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import engine_options, output_option
from reconciler.cli.printing import print_json, style, width
from reconciler.errors import ExitCode


@click.command()
@output_option
@engine_options
def command(output: str, host: str | None, context: str | None) -> int:
    """Check what reconciler needs: the Engine, Docker's configuration, this machine.

    It changes nothing. The exit code is 1 where something is wrong.
    """
    from reconciler.doctor.examine import examine  # each command pays for what it needs
    from reconciler.doctor.finding import Verdict
    from reconciler.engine import buildx
    from reconciler.engine.endpoint import resolve
    from reconciler.engine.engine import connect
    from reconciler.report.doctor_text import doctor_dict, finding_text, verdict_text

    found = []
    for finding in examine(
        lambda: connect(host, context, os.environ),
        lambda: str(resolve(host, context, os.environ, Path.home())),
        _Logins(),
        lambda: buildx.version(os.environ),
        os.environ,
    ):
        found.append(finding)
        if output == "text":
            click.echo(finding_text(finding, style(), width()))
    if output == "json":
        print_json(doctor_dict(found))
    else:
        click.echo(f"\n{verdict_text(found, style())}")
    return ExitCode.FAILED if any(one.verdict is Verdict.WRONG for one in found) else ExitCode.OK


class _Logins:
    """Docker's own logins, of this user."""

    def registries(self) -> list[str]:
        from reconciler.engine.credentials import configured_registries

        return configured_registries()

    def login(self, registry: str) -> dict[str, Any] | None:
        from reconciler.engine.credentials import registry_login

        login = registry_login(registry)
        # A login in the file itself does not always say where it is for.
        server = "https://index.docker.io/v1/" if registry == "docker.io" else registry
        return {"ServerAddress": server, **login} if login else None
