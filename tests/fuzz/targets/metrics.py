"""Traefik's Prometheus metrics, which any pod in its place may write."""

from bot.traefik.domain.request_counts import MetricsLines
from tests.fuzz.target import Target


def run(text: str) -> object:
    """In chunks, as they come. What is no number of requests makes no sample."""
    lines = MetricsLines()
    body = text.encode(errors="replace")
    for start in range(0, len(body), 700):
        lines.feed(body[start : start + 700])
    sample = lines.sample()
    if sample is None:
        return None
    assert all(count >= 0 for counts in sample.counts.values() for count in counts.values())
    return len(sample.counts), sample.started is None


TARGET = Target(
    "metrics",
    run,
    words=(
        *(
            'traefik_router_requests_total{code="200",method="GET",router="',
            'apps-site@kubernetescrd"',
            "} ",
        ),
        *(
            'traefik_service_requests_total{code="502",method="GET",service="',
            "} 1\n",
            "} NaN\n",
            "} +Inf\n",
        ),
        *(
            "process_start_time_seconds ",
            "1.7e+09\n",
            "1e300\n",
            "-1\n",
            "# TYPE ",
            "\n",
            ",",
            '\\"',
            "{",
        ),
    ),
)
