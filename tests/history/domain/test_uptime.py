"""Uptime: each request counts once and on its day, and no host displaces that of another."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.record import MOST, read, written
from bot.history.domain.uptime import (
    BATCHES,
    DAYS,
    HOSTS,
    UPTIME,
    RequestBatch,
    RequestCount,
    UptimeRecord,
    noted,
    since,
    uptime,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SHOP = "shop.example.com"


def counted(seen: int, failed: int = 0) -> RequestCount:
    return RequestCount(seen, failed)


def a_batch(
    at: datetime, seen: int = 10, failed: int = 0, host: str = SHOP, name: str = ""
) -> RequestBatch:
    return RequestBatch(name or f"{at}{host}", at, {host: counted(seen, failed)})


def of(*batches: RequestBatch) -> UptimeRecord:
    record = None
    for batch in batches:
        record = noted(record, batch)
    assert record
    return record


def windows(record: UptimeRecord, now: datetime, host: str = SHOP) -> list[tuple[int, int, int]]:
    """Of each window the days seen, the requests and those that failed; none for no such host."""
    return [
        (window.days_seen, window.requests.seen, window.requests.failed)
        for site in uptime(record, now)
        if site.host == host
        for window in site.windows
    ]


def test_requests_of_a_day_are_added_and_the_next_day_by_utc_begins_anew() -> None:
    midnight = NOON.replace(hour=0) + DAY
    record = of(
        a_batch(NOON, 10, 1),
        a_batch(midnight - timedelta(seconds=1), 5, 2),
        a_batch(midnight, 7),
    )
    assert record.hosts == {SHOP: (counted(15, 3), counted(7))}


def test_the_windows_are_the_last_whole_days_and_today() -> None:
    """So a weekly digest leaves no hour out, whatever the time at which it comes."""
    record = of(*(a_batch(NOON + day * DAY, 10, int(day == 0)) for day in range(40)))
    now = NOON + 39 * DAY
    assert len(record.hosts[SHOP]) == DAYS == 31
    assert windows(record, now) == [(8, 80, 0), (31, 310, 0)]
    assert windows(of(*(a_batch(NOON + day * DAY, 10, 1) for day in range(3))), NOON + 2 * DAY) == [
        (3, 30, 3),
        (3, 30, 3),
    ]


def test_days_without_a_request_are_not_seen_and_no_good_ones() -> None:
    record = of(a_batch(NOON, 10, 5), a_batch(NOON + 3 * DAY, 10))
    assert windows(record, NOON + 4 * DAY) == [(2, 20, 5), (2, 20, 5)]
    assert windows(record, NOON + 9 * DAY) == [(1, 10, 0), (2, 20, 5)]
    assert windows(record, NOON + 20 * DAY) == [(0, 0, 0), (2, 20, 5)]


def test_a_host_that_was_deleted_goes_when_its_days_are_over() -> None:
    gone = of(a_batch(NOON), a_batch(NOON + 30 * DAY, host="blog.example.com"))
    assert windows(gone, NOON + 30 * DAY) == [(0, 0, 0), (1, 10, 0)]
    assert windows(gone, NOON + 31 * DAY) == []
    assert sorted(noted(gone, a_batch(NOON + 31 * DAY, host="a.example")).hosts) == [
        "a.example",
        "blog.example.com",
    ]


def test_a_batch_that_the_record_has_is_not_counted_again() -> None:
    """The outcome of a write may be unknown, and another process may have written since."""
    batch = a_batch(NOON, name="unsure")
    others = [a_batch(NOON, 1, name=f"other-{number}") for number in range(BATCHES - 1)]
    record = of(batch, *others)
    assert noted(record, batch) == record
    assert len(noted(record, a_batch(NOON, name="one more")).batches) == BATCHES


def test_a_batch_of_yesterday_that_comes_late_counts_today() -> None:
    """It was tried again after midnight, or the clocks of two processes differ."""
    record = of(a_batch(NOON + DAY), a_batch(NOON, 5))
    assert record.hosts == {SHOP: (counted(15),)}
    assert windows(record, NOON) == [(1, 15, 0)] * 2


def test_a_clock_that_was_ahead_does_not_stop_the_count() -> None:
    """What is of a day that has not come is dropped."""
    record = of(a_batch(NOON), a_batch(NOON + 3 * DAY), a_batch(NOON + DAY, 3))
    assert record.hosts == {SHOP: (counted(10), counted(3))}
    far = of(a_batch(NOON), a_batch(NOON + 9999 * DAY), a_batch(NOON, 2, name="back"))
    assert far.hosts == {SHOP: (counted(2),)}


def test_the_worst_of_the_last_days_comes_first_and_who_was_not_seen_last() -> None:
    record = None
    for host, at, failed in (
        ("was-bad.example", NOON - 10 * DAY, 9),
        ("gone.example", NOON - 9 * DAY, 10),
        ("well.example", NOON, 0),
        ("bad.example", NOON, 9),
        ("was-bad.example", NOON, 0),
        ("also-well.example", NOON, 0),
    ):
        record = noted(record, a_batch(at, 10, failed, host))
    assert [site.host for site in uptime(record, NOON)] == [
        "bad.example", "was-bad.example", "also-well.example", "well.example", "gone.example",
    ]  # fmt: skip


def test_whoever_makes_new_hosts_all_the_time_displaces_no_other_host() -> None:
    """Those that are asked now stay first, then those of which most was seen."""
    record = of(*(a_batch(NOON + day * DAY, 1440, host="old.example") for day in range(20)))
    for turn in range(3):
        news = {f"n{number}-{turn}.example": counted(2) for number in range(HOSTS - 2)}
        batch = RequestBatch(f"{turn}", NOON + 20 * DAY, {SHOP: counted(5), **news})
        record = noted(record, batch)
    assert len(record.hosts) == HOSTS
    assert record.hosts[SHOP][-1] == counted(15)
    assert record.hosts["old.example"][-2] == counted(1440)
    beyond = {f"h{number}": counted(1) for number in range(2 * HOSTS)}
    assert set(noted(record, RequestBatch("many", NOON + 20 * DAY, beyond)).hosts) == {
        f"h{number}" for number in range(HOSTS)
    }


def a_full_record(length: int) -> UptimeRecord:
    """As many hosts and days as there may be, with names so long."""
    day = int(NOON.timestamp()) // 86_400
    names = [f"{number}".ljust(length, "x") for number in range(HOSTS)]
    return UptimeRecord(day, dict.fromkeys(names, (counted(1440, 1440),) * DAYS), ("id" * 6,) * 12)


def test_a_month_of_500_hosts_fits_into_its_record() -> None:
    text = written(UPTIME, a_full_record(60))
    assert isinstance(text, str)
    assert read(UPTIME, text) == a_full_record(60)


def test_of_the_longest_names_the_oldest_days_go_first() -> None:
    """No host and no day of the last week is lost."""
    text = written(UPTIME, a_full_record(253))
    assert isinstance(text, str)
    assert len(text.encode()) <= MOST
    kept = read(UPTIME, text)
    assert isinstance(kept, UptimeRecord)
    assert len(kept.hosts) == HOSTS
    assert {len(counts) for counts in kept.hosts.values()} <= set(range(10, DAYS))
    alone = UptimeRecord(1, {"a": (counted(1),)})
    assert UPTIME.spare(alone) == UptimeRecord(1)
    assert UPTIME.spare(UptimeRecord(1)) is None
    two = UptimeRecord(1, {"a": (counted(1), counted(0)), "b": (counted(1),)})
    assert UPTIME.spare(two) == UptimeRecord(1, {"b": (counted(1),)})


totals = st.dictionaries(
    st.sampled_from(("a", "b", "c")),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda both: counted(sum(both), min(both))),
)


@given(totals, totals)
def test_a_difference_is_never_negative_and_fails_no_more_than_it_saw(
    before: Mapping[str, RequestCount], now: Mapping[str, RequestCount]
) -> None:
    """Whatever a process that began anew has counted by then."""
    for host, count in since(now, before).items():
        assert 0 <= count.failed <= count.seen <= now[host].seen
        assert count.seen > 0


@given(totals, totals)
def test_what_a_process_counts_is_the_sum_of_its_differences(
    first: Mapping[str, RequestCount], more: Mapping[str, RequestCount]
) -> None:
    later = {
        host: first.get(host, counted(0)) + more.get(host, counted(0)) for host in {*first, *more}
    }
    assert since(later, first) == {host: count for host, count in more.items() if count.seen}


@given(
    st.lists(
        st.tuples(st.integers(-40, 40), st.sampled_from(("a", "b")), st.integers(1, 9)),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_the_clock_does_a_record_is_bounded_and_read_again(
    given_: list[tuple[int, str, int]],
) -> None:
    """Nothing is counted that was not seen, and what counts last counts."""
    record = None
    for number, (days, host, seen) in enumerate(given_):
        record = noted(record, a_batch(NOON + days * DAY, seen, host=host, name=f"{number}"))
    assert record
    text = written(UPTIME, record)
    assert isinstance(text, str)
    assert read(UPTIME, text) == record
    kept = [count for counts in record.hosts.values() for count in counts]
    assert sum(count.seen for count in kept) <= sum(seen for _, _, seen in given_)
    days, host, seen = given_[-1]
    sites = {site.host: site.windows for site in uptime(record, NOON + days * DAY)}
    assert sites[host][0].requests.seen >= seen
    for week, month in sites.values():
        assert week.days_seen <= month.days_seen <= DAYS
        assert week.requests.seen <= month.requests.seen


def test_a_record_of_a_damaged_day_is_shown_as_not_seen() -> None:
    """Somebody may have written any number there."""
    record = msgspec.structs.replace(of(a_batch(NOON)), day=10**12)
    assert uptime(record, NOON) == ()
    assert uptime(msgspec.structs.replace(record, day=-(10**12)), NOON) == ()
    assert uptime(None, NOON) == ()
