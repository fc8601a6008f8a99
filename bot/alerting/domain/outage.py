"""The incident of an API server that does not answer, which is told before it can be stored.

Its id is made from the last transition of the Lease, so that it is the same however often the one
who led last tries. The next leader finds the message by the id, and stores the incident then.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from bot.alerting.domain.incident import Alerts, Incident, MessageRecord, Moment, Sent
from bot.domain.finding import Finding, Ref
from bot.domain.outage import OutageReason
from bot.domain.posting import COMPONENT_IDS, component_id
from bot.domain.redaction.redact import redact
from bot.domain.verdict import Verdict

CHECK = "api-server"
"""No check judges it: it is the incident of what keeps all checks from looking."""

SUBJECT = Ref("APIServer", "", "kubernetes")

GONE_AFTER = timedelta(minutes=3)
"""How long no request succeeds before it is told: longer than an API server takes to restart."""

WORD = "api-server-gone"

SAYS = {
    OutageReason.UNREACHABLE: "The bot gets no answer",
    OutageReason.ERRORS: "The bot gets errors only",
    OutageReason.NOT_ALLOWED: "The bot is refused",
}


@dataclass(frozen=True, slots=True)
class FoundOutage:
    """A message about an outage that stands in a channel: its incident's id, and since when.

    over: It says itself that the outage is over.
    """

    id: str
    message: int
    opened: datetime
    over: bool = False


def stem(lease: str, transitions: int) -> str:
    """What the ids of all outages end with that are told in one term of a Lease."""
    text = f"{lease}@{transitions}/{WORD}"
    return hashlib.blake2b(text.encode(), digest_size=7).hexdigest()


def outage_id(stem: str, number: int) -> str:
    """The id of an outage: which one it is in its term. Discord takes 25 characters as a nonce."""
    return f"{number}-{stem}"


NUMBERS = range(1, 101)
"""Of the outages of one term that another process finds."""


def ids_by_component(stems: Iterable[str]) -> dict[int, str]:
    """The ids of all outages of some terms, by the component ids of their messages."""
    ids = (outage_id(stem, number) for stem in stems for number in NUMBERS)
    return {component_id(id_): id_ for id_ in ids}


EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def detail(incident: Incident) -> int:
    """When an outage began and whether it is over, as a component id; 0 for other incidents.

    Twice the seconds since 2020, and one more once it is over: that is enough until 2054.
    """
    if not is_outage(incident):
        return 0
    number = 2 * int((incident.opened - EPOCH).total_seconds()) + bool(incident.ended)
    return number if number in COMPONENT_IDS else 0


def by_components(
    ids: Sequence[int | None], message: int, known: Mapping[int, str]
) -> FoundOutage | None:
    """The outage of a message with these component ids, if it is one of `known`.

    In any other message, the second component has one of the small ids that Discord counts out. So
    none is taken for an outage, even if its mark had the id of one.
    """
    match ids:
        case [int(mark), int(detail), *_] if mark in known and detail in COMPONENT_IDS:
            opened = EPOCH + timedelta(seconds=detail // 2)
            return FoundOutage(known[mark], message, opened, over=bool(detail % 2))
        case _:
            return None


BEGAN = re.compile(r"-# since <t:(\d{1,11}):R> · ")
OVER = " · over"
"""How the last line of an outage's message begins and ends in 0.1.0."""


def by_text(text: str, message: int, stems: tuple[str, ...]) -> FoundOutage | None:
    """The outage of a message of 0.1.0, which has the id in a text, if that has such a stem."""
    last = text.rpartition("\n")[2]
    began, (_, incident, id_) = BEGAN.match(last), last.removesuffix(OVER).rpartition(" incident ")
    if not (began and incident and id_.endswith(stems)):
        return None
    opened = datetime.fromtimestamp(int(began[1]), UTC)
    return FoundOutage(id_, message, opened, over=last.endswith(OVER))


def is_outage(incident: Incident) -> bool:
    """Whether an incident began as an outage of the API server."""
    return incident.keys[0].startswith(f"{CHECK}/")


def shows_outage(incident: Incident) -> bool:
    """Whether its message is about the API server: not while only what is left of it lasts."""
    return is_outage(incident) and (bool(incident.ended) or incident.head.check == CHECK)


def finding(reason: OutageReason, error: str = "", since: datetime | None = None) -> Finding:
    """That the API server is gone, as a finding."""
    what = f"{SAYS[reason]}: {error}" if error else f"{SAYS[reason]}."
    return Finding(
        check=CHECK,
        subject=SUBJECT,
        verdict=Verdict.FAILED,
        reason=str(reason),
        message=redact(what)[:MESSAGE],
        since=since,
    )


def reason_of(error: str) -> OutageReason | None:
    """How the API server fails, by the text of one of our errors; None where it is no error."""
    if error.startswith(UNREACHABLE):
        return OutageReason.UNREACHABLE
    answer = ANSWERED.match(error)
    if answer is None:
        return None
    refused = int(answer[1]) in (401, 403)
    return OutageReason.NOT_ALLOWED if refused else OutageReason.ERRORS


UNREACHABLE = "The API server at "
ANSWERED = re.compile(r"The API server answered (\d{3})")
"""How the errors of `bot.kube.client` begin."""


def incident_of(
    id_: str,
    opened: datetime,
    *,
    reason: OutageReason = OutageReason.UNREACHABLE,
    error: str = "",
    seen: str = "",
) -> Incident:
    """The incident, without its message. `seen` is what was known before it, in one line."""
    head = finding(reason, error)
    first = f"last seen: {seen}" if seen else "the last request that succeeded"
    return Incident(
        id=id_,
        head=head,
        keys=(head.key,),
        opened=opened,
        worst=Verdict.FAILED,
        timeline=(Moment(opened, redact(first)),),
    )


MESSAGE = 600
"""Characters of the message that are stored."""


def open_outage(state: Alerts) -> Incident | None:
    """The outage that is not over, as far as the state knows."""
    return next(filter(is_outage, state.unfinished), None)


def adopted(state: Alerts, told: Iterable[Incident]) -> Alerts:
    """The state with outages whose messages stand, but which nobody could store.

    From then on they are incidents as others: over once the API server was seen to answer for long
    enough. Adopting one again changes nothing.
    """
    for incident in told:
        record = incident.posted
        if record and state.incident(incident.id) is None:
            sent = Sent(record.channel, record.begun, incident.party)
            state = replace(
                state,
                incidents=(*state.incidents, incident),
                messages=(*state.messages, sent),
            )
    return state


def interrupted(state: Alerts, back_at: datetime) -> Alerts:
    """The state in which an open outage is well only since the API server answered again."""
    incident = open_outage(state)
    if incident and incident.clear and incident.clear < back_at:
        return state.with_incident(replace(incident, clear=None, well=None))
    return state


def posted(incident: Incident, channel: int, message: int, role: int | None) -> Incident:
    """The incident with its message, which shows all of it."""
    record = MessageRecord(channel, incident.id, incident.opened, message)
    return replace(
        incident,
        posted=record,
        shown=incident.revision,
        roles=(role,) if role else (),
        thread=replace(incident.thread, told=incident.revision),
    )
