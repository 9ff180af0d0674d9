"""`reconciler completion`."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion of this command for a shell.

    bash: eval "$(reconciler completion bash)" in ~/.bashrc. zsh: the same with zsh in ~/.zshrc, after compinit.
    fish: reconciler completion fish | source in ~/.config/fish/config.fish.
    """
    from click.shell_completion import get_completion_class

    from reconciler.cli.main import COMPLETION
    from reconciler.cli.main import command as root

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(found(root, {}, "reconciler", COMPLETION).source())
