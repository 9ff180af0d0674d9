"""How far a container is that is waited for, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.fields.base import at

if TYPE_CHECKING:
    from reconciler.ports import Tell
    from reconciler.state.snapshot import ContainerState

_DEFAULT_RETRIES = 3
"""The Engine's, where a healthcheck does not say how often it may fail."""


def health_words(state: ContainerState) -> str:
    """How its healthcheck stands, by attempt; empty where there is nothing to say yet."""
    if state.status == "restarting" or state.restart_count:
        return f"restarted {state.restart_count} times" if state.restart_count != 1 else "restarted once"
    if state.health != "starting":
        return ""
    if failed := int(at("State.Health.FailingStreak", state.inspect) or 0):
        retries = at("Config.Healthcheck.Retries", state.inspect) or _DEFAULT_RETRIES
        return f"check failed {failed} of {retries} times"
    if at("State.Health.Log", state.inspect):
        return "check failed in its start period"
    return "first check to come"


def tell_health(state: ContainerState, said: str, tell: Tell | None) -> str:
    """Tell how its healthcheck stands where that is news.

    Args:
        state: the container.
        said: what was told last.
        tell: is told.

    Returns:
        What has been told last by now.
    """
    words = health_words(state)
    if tell is not None and words and words != said:
        tell(words)
    return words
