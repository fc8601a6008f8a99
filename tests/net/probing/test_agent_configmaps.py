"""Which public keys stay for the agents to know."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.net.probing import signed_job
from bot.net.probing.agent_configmaps import KEY_LIFE, MOST_KEYS, renewed_keys

NOW = 1_800_000_000.0
OURS = signed_job.public_key(7, NOW + KEY_LIFE).decode()


def line(end: float) -> str:
    return signed_job.public_key(5, end).decode()


def test_what_is_over_or_no_key_goes_and_the_others_stay() -> None:
    present = {"good": line(NOW + 1), "over": line(NOW), "none": "x", "empty": "", "key-a": "old"}
    assert renewed_keys(present, "key-a", OURS, NOW) == {
        "over": None,
        "none": None,
        "empty": None,
        "key-a": OURS,
    }


def test_of_too_many_those_go_that_end_first() -> None:
    """A process in a crash loop makes a key each time, and agents read 16 files."""
    present = {f"key-{number}": line(NOW + 10 + number) for number in range(40)}
    patch = renewed_keys(present, "ours", OURS, NOW)
    left = {name for name in present if name not in patch}
    assert left == {f"key-{number}" for number in range(40 - MOST_KEYS + 1, 40)}


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=30), max_size=30))
def test_whatever_is_there_ours_is_among_few(present: dict[str, str]) -> None:
    patch = renewed_keys(present, "ours", OURS, NOW)
    after = {**present, **patch}
    kept = {name: text for name, text in after.items() if text is not None}
    assert kept["ours"] == OURS
    assert len(kept) <= MOST_KEYS


@given(st.sampled_from(["NaN", "1e999", "-1", '"soon"', "null", "[]", "true"]))
def test_an_end_that_is_no_time_is_over(end: str) -> None:
    broken = f'{{"modulus":"5","not_after":{end}}}'
    assert renewed_keys({"a": broken}, "ours", OURS, NOW)["a"] is None
    assert msgspec.json.decode(OURS)["modulus"] == "7"
