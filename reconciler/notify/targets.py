"""Whom to tell: a webhook or Slack, as `--notify` names it; and what is sent. A URL may be a secret: never shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.errors import UsageError
from reconciler.notify.news import NewsKind

if TYPE_CHECKING:
    from reconciler.notify.limiting import Told

FORM = "v1"
"""The version of a webhook's body: another one where something that a program may rely on is no longer so."""

_MOST_LINES = 20
_LONGEST_FILE = 8192

_WORDS = {
    NewsKind.MENDED: ("mended", "mended again"),
    NewsKind.FAILURE: ("failed", "failed again"),
    NewsKind.ROLLBACK: ("rolled back", "rolled back again"),
    NewsKind.RECOVERY: ("well again", "well again, after more failures"),
}


class Form(StrEnum):
    """What the other side reads. WEBHOOK: our JSON. SLACK: `{"text": …}`, which Mattermost and others read too."""

    WEBHOOK = "webhook"
    SLACK = "slack"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to tell.

    Attributes:
        form: what it reads.
        url: where; a secret.
    """

    form: Form
    url: str = field(repr=False)

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return f"{self.form} {urlsplit(self.url).hostname}"


def parse_target(text: str) -> Target:
    """A target from `webhook=URL` or `slack=URL`; `@FILE` in place of the URL reads it from a file.

    Raises:
        UsageError: it is none; the message shows nothing of the URL.
    """
    form, equals, url = text.partition("=")
    if not equals or form not in set(Form):
        raise UsageError(
            "--notify names neither a webhook nor Slack", "write webhook=URL or slack=URL, or @FILE in place of the URL"
        )
    if url.startswith("@"):
        try:
            with Path(url[1:]).open(encoding="utf-8") as stream:
                url, source = stream.read(_LONGEST_FILE).strip(), f"the file {url[1:]}"
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise UsageError(f"the URL for --notify {form} can't be read from {url[1:]}: {reason}") from error
    else:
        source = f"--notify {form}"
    if not _is_url(url):
        raise UsageError(f"{source} has no URL that begins with https:// or http://", "write it as the service gave it")
    return Target(Form(form), url)


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0 and url.isprintable()
        )
    except ValueError:
        return False


def bodies(target: Target, told: Sequence[Told], at: str, *, summary: bool) -> list[tuple[dict[str, Any], list[Told]]]:
    """What is sent: a body for each project and kind, with what it tells.

    Args:
        target: to whom.
        told: what there is to tell.
        at: the moment, as RFC 3339 writes it.
        summary: whether it sums up what was held back.
    """
    groups: dict[tuple[str, NewsKind], list[Told]] = {}
    for one in told:
        groups.setdefault((one.news.project, one.news.kind), []).append(one)
    return [
        (_body(target.form, project, kind, group, at, summary=summary), group)
        for (project, kind), group in groups.items()
    ]


def _body(form: Form, project: str, kind: NewsKind, told: Sequence[Told], at: str, *, summary: bool) -> dict[str, Any]:
    text = _text(project, kind, told, summary=summary)
    if form is Form.SLACK:
        return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
    return {
        "notification": FORM,
        "kind": kind.value,
        "project": project or None,
        "at": at,
        "summary": summary,
        "text": text,
        "resources": [{"resource": one.news.resource, "text": one.news.text, "count": one.count} for one in told],
    }


def _text(project: str, kind: NewsKind, told: Sequence[Told], *, summary: bool) -> str:
    head = f"{project or 'reconciler'}: {_WORDS[kind][summary]}"
    lines = [
        f"{one.news.resource}: {one.news.text}" if one.count == 1 else f"{one.news.resource}: {_last(one)}"
        for one in told[:_MOST_LINES]
    ]
    if len(told) > _MOST_LINES:
        lines.append(f"and {len(told) - _MOST_LINES} more")
    return f"{head}: {lines[0]}" if len(lines) == 1 else "\n".join([f"{head}:", *(f"• {line}" for line in lines)])


def _last(told: Told) -> str:
    return f"{told.count} times, at last {told.news.text}"
