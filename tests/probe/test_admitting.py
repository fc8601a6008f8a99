"""Which jobs an agent does, and with which word it refuses the others."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.net.probing import signed_job
from bot.net.probing.protocol import Probe, ProbeJob, ProbeKind
from bot.probe import admitting
from bot.probe.admitting import Admission, Request, RequestDenied
from bot.probe.job import AgentJob as Admitted
from tests.probe import signing

NOW = 1000.0
STARTED = 900.0
JOB = ProbeJob(id="j", expires=NOW + 60)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keys"
    path.write_bytes(signing.line(signing.key()) + b"\n" + signing.line(signing.key("replica")))
    return path


@pytest.fixture
def admission(keys: Path) -> Admission:
    return Admission("alpha", keys, STARTED)


def heard(sent: signed_job.SignedRequest) -> Request:
    """The head, as it arrives."""
    pairs = tuple((name.lower(), value) for name, value in sent.headers.items())
    return Request("POST", "/jobs", pairs)


def asked(admission: Admission, sent: signed_job.SignedRequest, now: float = NOW) -> Admitted:
    admission.look(heard(sent), now)
    return admission.admit(heard(sent), sent.body, now)


def denied(
    admission: Admission, sent: signed_job.SignedRequest, now: float = NOW
) -> tuple[int, str]:
    with pytest.raises(RequestDenied) as caught:
        asked(admission, sent, now)
    return caught.value.status, str(caught.value)


@pytest.mark.parametrize("name", ["ours", "replica"])
def test_a_job_is_admitted_by_each_key_that_is_known(admission: Admission, name: str) -> None:
    sent = signing.signed(JOB, issued=NOW, by=signing.key(name))
    assert asked(admission, sent).id == "j"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1"),
        *("::ffff:169.254.169.254", "0.1.2.3", "::", "224.0.0.1", "ff02::1", "255.255.255.255"),
        *("2002:7f00:1::", "64:ff9b::a9fe:a9fe", "2001:0:7f00:1::1", "240.0.0.1"),
    ],
)
def test_what_a_machine_keeps_for_itself_is_not_asked_by_a_signed_job_either(
    admission: Admission, address: str
) -> None:
    """Whoever has the key learns nothing of the agent's own machine; its listener may be tested."""
    job = msgspec.structs.replace(JOB, probes=(Probe("a", ProbeKind.HTTP, address, 8473),))
    status, why = denied(admission, signing.signed(job, issued=NOW))
    assert status == 400
    assert "means another machine" in why
    if address == "127.0.0.1":
        admission.own_ports |= {8473}
        assert asked(admission, signing.signed(job, issued=NOW)).probes


@pytest.mark.parametrize("address", ["169.254.169.254", "224.0.0.1", "::"])
def test_tests_on_one_machine_open_loopback_alone(keys: Path, address: str) -> None:
    opened = Admission("alpha", keys, STARTED, loopback=True)
    to = Probe("a", ProbeKind.TCP, "127.0.0.1", 1)
    job = msgspec.structs.replace(JOB, probes=(to,))
    assert asked(opened, signing.signed(job, issued=NOW)).probes
    job = msgspec.structs.replace(
        JOB, id="k", probes=(msgspec.structs.replace(to, address=address),)
    )
    assert denied(opened, signing.signed(job, issued=NOW))[0] == 400


def test_a_job_is_done_once_and_may_be_asked_anew(admission: Admission) -> None:
    sent = signing.signed(JOB, issued=NOW)
    asked(admission, sent)
    assert denied(admission, sent, NOW + 59) == (409, "this job was done already")
    again = signing.signed(JOB, issued=NOW + 1)
    assert denied(admission, again)[0] == 409, "the id is what makes it the same"
    asked(admission, signing.signed(msgspec.structs.replace(JOB, id="k"), issued=NOW))


def test_a_job_that_was_sent_before_a_restart_is_not_done_again(keys: Path) -> None:
    """A new process remembers nothing; it takes nothing that is older than itself."""
    sent = signing.signed(JOB, issued=NOW)
    asked(Admission("alpha", keys, STARTED), sent)
    status, why = denied(Admission("alpha", keys, NOW + 1), sent, NOW + 2)
    assert (status, "issue it again" in why) == (409, True)


@pytest.mark.parametrize(
    ("sent", "status", "why"),
    [
        (signing.signed(JOB, "beta", issued=NOW), 421, "this is alpha"),
        (signing.signed(JOB, issued=NOW, by=signing.key("theirs")), 403, "no key"),
        (signing.signed(JOB, issued=NOW + 61), 403, "future"),
        (signing.signed(ProbeJob(id="j", expires=NOW - 1), issued=NOW), 400, "expired 1 s ago"),
        (signing.signed(ProbeJob(id="j", expires=NOW + 901), issued=NOW), 400, "more than 900 s"),
        (signing.signed(b"{}", issued=NOW), 400, "id is not str"),
        (signing.signed(b"[" * 100_000, issued=NOW), 400, "not JSON"),
    ],
)
def test_each_refusal_has_its_word(
    admission: Admission, sent: signed_job.SignedRequest, status: int, why: str
) -> None:
    got, said = denied(admission, sent)
    assert got == status
    assert why in said


def test_a_job_for_another_node_does_not_become_ours_by_another_header(
    admission: Admission,
) -> None:
    """The node is in what is signed."""
    sent = signing.signed(JOB, "beta", issued=NOW)
    sent.headers[signed_job.NODE] = "alpha"
    assert denied(admission, sent)[0] == 403


def test_a_job_does_not_become_new_by_another_header(admission: Admission) -> None:
    sent = signing.signed(JOB, issued=NOW - 200)
    sent.headers[signed_job.ISSUED] = str(round(NOW * 1000))
    assert denied(admission, sent)[0] == 403


def test_a_key_whose_time_is_over_admits_nothing(tmp_path: Path) -> None:
    """And a key that is written while the agent runs is known at once."""
    path = tmp_path / "keys"
    path.write_bytes(signing.line(signing.key(), not_after=NOW - 1))
    admission = Admission("alpha", path, STARTED)
    sent = signing.signed(JOB, issued=NOW)
    assert denied(admission, sent)[0] == 403
    path.write_bytes(signing.line(signing.key(), not_after=NOW + 1))
    asked(admission, sent)


def test_a_refused_job_is_not_taken_for_done(admission: Admission) -> None:
    """Who cannot sign cannot use up an id either."""
    denied(admission, signing.signed(JOB, issued=NOW, by=signing.key("theirs")))
    asked(admission, signing.signed(JOB, issued=NOW))


def test_what_it_remembers_is_bounded_and_forgotten_in_time(admission: Admission) -> None:
    for number in range(admitting.MOST_REMEMBERED):
        admission._done[str(number)] = NOW + 10
    late = ProbeJob(id="late", expires=NOW + 100)
    assert denied(admission, signing.signed(late, issued=NOW))[0] == 503
    asked(admission, signing.signed(late, issued=NOW + 11), NOW + 11)


@given(
    st.sampled_from([signed_job.NODE, signed_job.ISSUED, signed_job.SIGNATURE]),
    st.text(st.characters(codec="latin-1"), max_size=800) | st.none(),
)
def test_no_header_that_was_tampered_with_is_admitted(
    keys: Path, name: str, value: str | None
) -> None:
    sent = signing.signed(JOB, issued=NOW)
    if value is None:
        del sent.headers[name]
    elif sent.headers[name] != value:
        sent.headers[name] = value
    else:
        return
    assert denied(Admission("alpha", keys, STARTED), sent)[0] in (403, 409, 421)


@given(st.data())
def test_no_body_that_was_tampered_with_is_admitted(keys: Path, data: st.DataObject) -> None:
    sent = signing.signed(JOB, issued=NOW)
    cut = data.draw(st.integers(0, len(sent.body)))
    more = data.draw(st.binary(max_size=20))
    body = sent.body[:cut] + more + sent.body[cut + data.draw(st.integers(0, 5)) :]
    if body != sent.body:
        other = signed_job.SignedRequest(sent.headers, body)
        assert denied(Admission("alpha", keys, STARTED), other)[0] == 403


def test_both_ends_have_the_same_words_and_limits() -> None:
    assert admitting.PREFIX == signed_job.PREFIX
    assert admitting.AHEAD == signed_job.AHEAD
    assert admitting.MOST_BODY == signed_job.MOST_BODY
    names = (signed_job.NODE, signed_job.ISSUED, signed_job.SIGNATURE)
    assert tuple(name.lower() for name in names) == (
        admitting.NODE,
        admitting.ISSUED,
        admitting.SIGNATURE,
    )


@given(st.text(max_size=30))
def test_a_node_is_named_so_that_what_is_signed_means_one_thing(node: str) -> None:
    try:
        signed = signed_job.signed_bytes(node, 1, b"{}")
    except ValueError:
        return
    assert signed.split(b"\n") == [b"meshmedic.dev/job/v1", node.encode(), b"1", b"{}"]
