"""What Traefik 3.6.13 answered to HEAD and GET of `/`, for each kind of backend and Middleware.

Seen by the prober itself, through Traefik's file provider on loopback. `named` is the `Server` of
the backends, which Traefik passes on, and `hidden` one that the Middleware `headers` has set.
"""

from __future__ import annotations

from typing import Any

from bot.net.probing.protocol import Outcome, ProbeAnswer, WebFacts

TEXT = "text/plain; charset=utf-8"
NAMED = {"server": "named"}
OWN_PRINT, OF_GO = "8567d50a5fc51c03", "540cc33ef216c819"
"""The fingerprints of Traefik's own not-found page, and of the same page of a backend in Go."""


def an_answer(status: int, backend: str = "", **facts: Any) -> ProbeAnswer:
    """An answer with a status and facts."""
    return ProbeAnswer(
        id="p",
        outcome=Outcome.OK,
        status=status,
        backend=backend,
        web=WebFacts(latency=1.0, **facts),
    )


FINE = an_answer(200, **NAMED, content_type="text/html", length=5)
MAINTENANCE = an_answer(503, **NAMED, content_type="text/html", length=18, retry_after="120")
BARE_503 = an_answer(503, **NAMED, length=0)
NO_HEAD, NO_HEAD_501 = an_answer(405, **NAMED, length=1), an_answer(501, **NAMED, length=1)
DEAD = an_answer(502, length=11)
HANGS = an_answer(504, length=15)
NO_SERVER = an_answer(503, content_type=TEXT, length=20)
BREAKER_OPEN = an_answer(503, length=19)
BACKEND_CERTIFICATE = an_answer(500, length=21)
NOT_FOUND = an_answer(404, OWN_PRINT, content_type=TEXT, length=19)
NOT_FOUND_OF_GO = an_answer(404, OF_GO, content_type=TEXT, length=19)
LOGIN = an_answer(401, content_type="text/plain", length=17, login=True)
FORWARD_302 = an_answer(302, **NAMED, location="login.example")
FORWARD_401 = an_answer(401, **NAMED, length=2)
FORWARD_DEAD = an_answer(500)
FORWARD_DEAD_BY_GET = an_answer(500, length=0)
REFUSED_ADDRESS = an_answer(403, length=9)
TO_HTTPS = an_answer(308, location="shop.example", length=18)
TO_HTTPS_BY_GET = an_answer(301, location="shop.example", length=17)
ELSEWHERE = an_answer(307, location="other.example", length=18)
TOO_MANY = an_answer(429, length=26)
DEAD_RENAMED = an_answer(502, server="hidden", length=11)
DEAD_WITH_PAGE = an_answer(502, **NAMED, content_type="text/html", length=5)
NO_SERVER_WITH_PAGE = an_answer(503, **NAMED, content_type="text/html", length=5)
