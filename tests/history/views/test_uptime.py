"""Uptime in words: how many requests were seen, on how many days, and never better than it was."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from bot.history.domain.uptime import RequestCount, SiteUptime, UptimeWindow
from bot.history.views import uptime


def a_site(host: str, *windows: tuple[int, int, int]) -> SiteUptime:
    """Each window by the days seen, the requests and those that failed."""
    return SiteUptime(
        host,
        tuple(
            UptimeWindow(days, days_seen, RequestCount(seen, failed))
            for days, (days_seen, seen, failed) in zip((7, 30), windows, strict=True)
        ),
    )


def shown(*sites: SiteUptime) -> list[str]:
    return list(uptime.lines(sites))


def test_a_site_is_a_line_with_its_requests_and_the_days_on_which_they_were_seen() -> None:
    """What the longer time adds nothing to is told once; what was not seen is no uptime."""
    lines = shown(
        a_site("shop.example.com", (8, 10_072, 5), (31, 43_101, 5)),
        a_site("new.example.com", (3, 4_320, 1), (3, 4_320, 1)),
        a_site("gone.example.com", (0, 0, 0), (1, 1, 0)),
    )
    assert lines == [
        "shop.example.com: 7 days 99.95 % of 10,072 requests · 30 days 99.98 % of 43,101",
        "new.example.com: 7 days 99.97 % of 4,320 requests (3 days seen)",
        "gone.example.com: not seen for 7 days · 30 days 100 % of 1 request (1 day seen)",
    ]


def test_ten_sites_are_spelled_out_and_the_others_are_at_least_as_good_as_it_says() -> None:
    """Of those that were not seen it says so, and no percentage."""
    bad = [a_site(f"bad-{n}", (8, 100, 10 - n), (31, 100, 10 - n)) for n in range(10)]
    better = a_site("better", (8, 10_000, 3), (31, 10_000, 3))
    best = a_site("best", (8, 10_000, 0), (31, 10_000, 0))
    unseen = a_site("unseen", (0, 0, 0), (9, 100, 50))
    assert len(shown(*bad)) == 10
    assert shown(*bad, better, best)[10:] == ["and 2 more with 99.97 % or more in 7 days"]
    assert shown(*bad, best, best)[10:] == ["and 2 more with 100 % in 7 days"]
    assert shown(*bad, better, unseen)[10:] == [
        "and 1 more with 99.97 % or more in 7 days, and 1 not seen for 7 days"
    ]
    assert shown(*bad, unseen)[10:] == ["and 1 more not seen for 7 days"]


@example((10**7, 1))
@example((10**7, 10**7 - 1))
@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_a_percentage_is_never_rounded_up_and_is_none_only_where_nothing_was_answered(
    requests: tuple[int, int],
) -> None:
    """100 % means all of them."""
    seen, failed = requests
    (line,) = shown(a_site("a", (8, seen, failed), (31, seen, failed)))
    percent = re.search(r"7 days ([\d.]+) % of", line)
    assert percent
    answered = seen - failed
    assert (percent[1] == "100") == (failed == 0)
    assert (percent[1] == "0") == (answered == 0)
    if answered and failed:
        hundredths = round(100 * float(percent[1]))
        exact = 10_000 * answered / seen
        assert hundredths == max(1, int(exact))
        assert hundredths < 10_000
