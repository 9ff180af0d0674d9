"""What is answered to which request. No sockets here: a request in, a reply out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from reconciler.web.forms import planned_dict, status_dict

if TYPE_CHECKING:
    from reconciler.watch.overview import Overview, View
    from reconciler.web.access import Access
    from reconciler.web.metrics import Metrics

_JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Attributes:
        method: in capitals; `HEAD` is asked as `GET`.
        path: without the query.
        query: as it stands in the URL.
        headers: by name, each word of it with a capital.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int
    body: bytes
    content_type: str = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """All of it.

    Attributes:
        overview: what there is to be said.
        metrics: the same, counted.
        access: who may ask.
        ask: asks for a cycle of a project, or of all for an empty name.
    """

    overview: Overview
    metrics: Metrics
    access: Access
    ask: Callable[[str], None]

    def answer(self, request: Request) -> Reply:
        """The reply to a request."""
        if not self.access.is_for_us(request.headers):
            return refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                "without a token this can only be asked by the name localhost or an address of loopback",
                "use http://127.0.0.1, or give watch a --token-file",
            )
        routes = self._routes().get(request.path)
        if routes is None:
            return refusal(HTTPStatus.NOT_FOUND, "there is nothing here", f"there are: {', '.join(self._routes())}")
        known = self.access.has_token(request.headers)
        if not known and request.path not in {"/healthz", "/readyz"}:
            return refusal(
                HTTPStatus.UNAUTHORIZED,
                "the token is missing or wrong",
                "send it as: Authorization: Bearer TOKEN",
                {"WWW-Authenticate": 'Bearer realm="reconciler"'},
            )
        handler = routes.get(request.method)
        if handler is None:
            allowed = ", ".join([*routes, *(["HEAD"] if "GET" in routes else [])])
            return refusal(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"{request.method} is not possible here",
                f"use {allowed}",
                {"Allow": allowed},
            )
        if request.method == "POST" and self.access.is_of_another_site(request.headers):
            return refusal(HTTPStatus.FORBIDDEN, "a page of another site asks", "ask without a browser")
        return handler(request, known)

    def _routes(self) -> dict[str, dict[str, Callable[[Request, bool], Reply]]]:
        return {
            "/healthz": {"GET": self._healthz},
            "/readyz": {"GET": self._readyz},
            "/metrics": {"GET": self._metrics},
            "/api/v1/status": {"GET": lambda *_: _json(HTTPStatus.OK, status_dict(self.overview.view))},
            "/api/v1/plan": {"GET": self._plan},
            "/api/v1/reconcile": {"POST": self._reconcile},
        }

    def _healthz(self, _request: Request, _known: bool) -> Reply:
        healthy = self.overview.view.is_healthy
        return _json(HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE, {"healthy": healthy})

    def _readyz(self, _request: Request, known: bool) -> Reply:
        reasons = self.overview.view.in_the_way
        said: dict[str, Any] = {"ready": not reasons}
        if known:  # a message may name what is not everybody's business
            said["in_the_way"] = list(reasons)
        return _json(HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK, said)

    def _metrics(self, request: Request, _known: bool) -> Reply:
        content_type, body = self.metrics.render(request.headers.get("Accept", ""))
        return Reply(HTTPStatus.OK, body, content_type)

    def _plan(self, request: Request, _known: bool) -> Reply:
        view = self.overview.view
        name = _project(request)
        if name and name not in view.projects:
            return _unknown(name, view)
        chosen = [project for project in view.projects.values() if name in {"", project.name}]
        return _json(HTTPStatus.OK, {"plans": [planned_dict(project) for project in chosen]})

    def _reconcile(self, request: Request, _known: bool) -> Reply:
        view = self.overview.view
        name = _project(request)
        if name and name not in view.projects:
            return _unknown(name, view)
        asked = [name] if name else list(view.projects)
        if asked:  # before the first spec is read there is nobody to ask
            self.ask(name)
        return _json(HTTPStatus.ACCEPTED, {"asked": asked})


def refusal(status: int, message: str, hint: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    """A reply that says what is wrong, and what to do."""
    return _json(status, {"error": {"message": message, "hint": hint}}, headers)


def _json(status: int, value: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")
    return Reply(status, body + b"\n", _JSON, headers or {})


def _project(request: Request) -> str:
    return parse_qs(request.query).get("project", [""])[-1]


def _unknown(name: str, view: View) -> Reply:
    return refusal(
        HTTPStatus.NOT_FOUND, f'no project "{name}" is watched', f"there are: {', '.join(view.projects) or 'none yet'}"
    )
