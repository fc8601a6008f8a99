"""Headers of HTTP: Retry-After and Date, and the whole head of a website's answer."""

import math
from datetime import UTC, datetime

from bot.domain.timestamps import ahead
from bot.kube.client import LONGEST_RETRY, retry_after
from bot.probe.outcomes import Ended
from bot.probe.web import headers_of, status_of
from tests.fuzz.target import Target

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def run(text: str) -> object:
    """A pause can be slept, and a clock compared, whatever the header holds."""
    pause = retry_after(text)
    assert pause is None or 0 <= pause <= LONGEST_RETRY
    skew = ahead(NOW, NOW, text)
    assert skew is None or math.isfinite(skew)
    head = text.encode(errors="replace")
    headers = headers_of(head)
    try:
        status = status_of(head)
    except Ended as ended:
        return type(pause), type(skew), ended.outcome, bool(headers)
    return type(pause), type(skew), status, bool(headers)


TARGET = Target(
    "retry_after",
    run,
    words=(
        *(
            "120",
            "0",
            "1.5",
            "Infinity",
            "-0",
            "1e3",
            "Wed, 21 Oct 2026 07:28:00 GMT",
            "Mon, ",
            "99999",
        ),
        *(
            " Feb ",
            "+9999",
            "(comment",
            "HTTP/1.1 200 OK\r\n",
            "Retry-After: ",
            "9" * 20,
            "21 Oct ",
            " 07:28:00 ",
            "\r\n\r\n",
            "-0000",
            ":",
        ),
    ),
)
