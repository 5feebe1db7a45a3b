"""An orchestrator in memory, strict about ids: what the fake client answers with."""

from __future__ import annotations

import json
from collections.abc import Callable

from atlas_perf.protocols.fake import FakeHttpClient
from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.response import Response


class OrchestratorDouble:
    """Runs that exist until they are deleted, each ended after some number of looks at it."""

    def __init__(self, *clients: FakeHttpClient, looks_until_ended: int = 2) -> None:
        self.runs: dict[str, int] = {}
        self.created: list[str] = []
        self.deleted: list[str] = []
        self.not_found: list[str] = []
        self._looks_until_ended = looks_until_ended
        for http in clients:
            self.serve(http)

    def serve(self, http: FakeHttpClient) -> None:
        """Answer one more client."""
        http.answer("GET", "/actuator/health", json={"status": "UP"})
        http.answer("GET", "/api/runs?*", json={"content": []})
        http.answer("POST", "/api/runs", self._create)
        http.answer("GET", "/api/runs/*", self._existing(self._read))
        http.answer("DELETE", "/api/runs/*", self._existing(self._delete))
        http.answer("POST", "/api/runs/*/graft", self._existing(lambda key: Response(status=200)))

    def _create(self, request: Request) -> Response:
        key = f"run-{len(self.created)}"
        self.created.append(key)
        self.runs[key] = 0
        return json_response(201, {"id": key, "status": "pending"})

    def _read(self, key: str) -> Response:
        self.runs[key] += 1
        ended = self.runs[key] >= self._looks_until_ended
        return json_response(200, {"id": key, "status": "completed" if ended else "running"})

    def _delete(self, key: str) -> Response:
        del self.runs[key]
        self.deleted.append(key)
        return Response(status=204)

    def _existing(self, answer: Callable[[str], Response]) -> Callable[[Request], Response]:
        def respond(request: Request) -> Response:
            key = request.url.split("/")[3]
            if key in self.runs:
                return answer(key)
            self.not_found.append(key)
            return Response(status=404)

        return respond


def json_response(status: int, body: object) -> Response:
    return Response(status=status, wire_body=json.dumps(body).encode())
