"""A practice BambooHR: the API that is read after a hint, and the webhook that it sends.

Facts: documentation.bamboohr.com, "Get employee", "Webhooks", as in adapters/hr/bamboohr.py.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class PracticeBambooHr:
    """Employees by id, each a dict of the API's own field names."""

    api_key = "practice-api-key"
    private_key = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

    def __init__(self) -> None:
        self.employees: dict[str, dict[str, Any]] = {}
        self.down = False

    def settings(self, base_url: str) -> dict[str, object]:
        """What to write under `hr:` to reach it."""
        return {
            "source": "bamboohr",
            "base_url": base_url,
            "secret": self.private_key,
            "token": self.api_key,
        }

    def webhook(self, employee: str, at: datetime) -> tuple[bytes, dict[str, str]]:
        """A signed "employee.updated", as it is sent."""
        body = json.dumps(
            {
                "type": "employee.updated",
                "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "data": {
                    "companyId": "48213",
                    "employeeId": employee,
                    "changedFields": ["status"],
                },
            }
        ).encode()
        stamp = str(int(at.timestamp()))
        signed = hmac.new(self.private_key.encode(), body + stamp.encode(), hashlib.sha256)
        return body, {"x-bamboohr-timestamp": stamp, "x-bamboohr-signature": signed.hexdigest()}

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/api/v1/employees/{id}", self._read)])

    async def _read(self, request: Request) -> Response:
        basic = base64.b64encode(f"{self.api_key}:x".encode()).decode()
        if self.down:
            return Response(status_code=503)
        if request.headers.get("authorization") != f"Basic {basic}":
            return Response(status_code=401)
        found = self.employees.get(request.path_params["id"])
        if request.path_params["id"] == "0":
            found = {"status": "Active"}
        if found is None:
            return Response(status_code=404)
        wanted = request.query_params.get("fields", "").split(",")
        return JSONResponse(
            {"id": request.path_params["id"], **{name: found.get(name) for name in wanted}}
        )
