import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.net.probing import output as lines
from bot.net.probing.protocol import Heard, Outcome, ProbeAnswer, ProberLine

ours = st.sampled_from(
    [
        ProberLine(job="a", answer=ProbeAnswer(id="p", outcome=Outcome.REFUSED, took=1.5)),
        ProberLine(job="a", heard=Heard(source="10.42.0.1", udp=2)),
        ProberLine(job="a", done=True),
    ]
)


@given(st.lists(ours | st.binary(max_size=80)), st.binary(max_size=20))
def test_whatever_stands_between_our_lines_loses_none_of_them(
    log: list[ProberLine | bytes], torn: bytes
) -> None:
    """Other lines of the log, other jobs' lines, and a last one that is cut."""
    raw = [
        msgspec.json.encode(each) if isinstance(each, ProberLine) else each.replace(b"\n", b" ")
        for each in log
    ]
    other = msgspec.json.encode(ProberLine(job="b", done=True))
    text = b"\n".join([other, *raw, b'{"job":"a","done":tr' + torn.replace(b"\n", b"")])
    wanted = [each for each in log if isinstance(each, ProberLine)]
    assert list(lines.lines_of(text, "a")) == wanted


@given(st.binary(max_size=400))
def test_no_log_makes_it_fail(log: bytes) -> None:
    assert [line.job for line in lines.lines_of(log, "a")] == []


def test_the_newest_count_of_each_source_is_what_was_heard() -> None:
    said = [Heard(source="x", udp=1), Heard(source="y", tcp=1), Heard(source="x", udp=3)]
    found = lines.heard(ProberLine(job="a", heard=each) for each in said)
    assert set(found) == {Heard(source="x", udp=3), Heard(source="y", tcp=1)}
