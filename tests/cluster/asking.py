"""One raw request to the API server as somebody, and how it was answered."""

from __future__ import annotations

import base64
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.clusters.real import RealCluster

APPROVER = {
    "Impersonate-User": "meshmedic:approver",
    "Impersonate-Group": "meshmedic:approvers",
    "Impersonate-Extra-discord-id": "100000000000000002",
}
"""As the bot writes for an approved change."""

RBAC = "rbac.authorization.k8s.io"
APPROVER_SUBJECT = {"apiGroup": RBAC, "kind": "User", "name": APPROVER["Impersonate-User"]}
"""The approver, as a binding names it."""

SUCCEEDED = range(200, 300)
TOO_MANY = 429
TRIES = 10


@dataclass(frozen=True)
class Answer:
    """A status code, and what was said."""

    code: int
    body: dict[str, Any]

    @property
    def done(self) -> bool:
        """It was answered with success."""
        return self.code in SUCCEEDED

    @property
    def said(self) -> str:
        """The API server's reason."""
        return str(self.body.get("message", ""))


@dataclass(frozen=True)
class Somebody:
    """Who asks: a token, and an identity to take."""

    url: str
    trusted: ssl.SSLContext
    token: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def acting(self, headers: Mapping[str, str]) -> Somebody:
        """The same token with these impersonation headers."""
        return Somebody(self.url, self.trusted, self.token, headers)

    def ask(
        self, method: str, path: str, body: object = None, content_type: str = "application/json"
    ) -> Answer:
        """One request; of a watch, how it begins. While a kind's cache begins, ask again."""
        for _ in range(TRIES):
            answer = self._once(method, path, body, content_type)
            if answer.code != TOO_MANY:
                break
            time.sleep(1)
        return answer

    def _once(self, method: str, path: str, body: object, content_type: str) -> Answer:
        asked = urllib.request.Request(  # noqa: S310  # ours, and https
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": content_type,
                **self.headers,
            },
        )
        try:
            with urllib.request.urlopen(asked, timeout=20, context=self.trusted) as response:  # noqa: S310
                watching = "watch=true" in path  # which would not end by itself
                return Answer(response.status, {} if watching else _decoded(response.read()))
        except urllib.error.HTTPError as error:
            return Answer(error.code, _decoded(error.read()))


def service_account(real: RealCluster, namespace: str, name: str) -> Somebody:
    """The account with a real token, as a pod would have it."""
    token = real.kubectl("create", "token", name, "-n", namespace).strip()
    url, authority = where(real)
    return Somebody(url, ssl.create_default_context(cadata=authority.decode()), token)


def everything_goes(real: RealCluster) -> Somebody:
    """Whom RBAC refuses nothing: an account of the tests' own that is bound to cluster-admin."""
    for each in ("serviceaccount/tester", "clusterrolebinding/tester"):
        real.kubectl("delete", each, "-n", "default", "--ignore-not-found")
    real.kubectl("create", "serviceaccount", "tester", "-n", "default")
    real.kubectl(
        *("create", "clusterrolebinding", "tester", "--clusterrole=cluster-admin"),
        "--serviceaccount=default:tester",
    )
    return service_account(real, "default", "tester")


def where(real: RealCluster) -> tuple[str, bytes]:
    """The API server's address, and the PEM of who signed its certificate."""
    shown = real.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
    cluster = json.loads(shown)["clusters"][0]["cluster"]
    return cluster["server"], base64.b64decode(cluster["certificate-authority-data"])


def _decoded(body: bytes) -> dict[str, Any]:
    """A JSON object; a watch's lines and a log's text are of no interest here."""
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
