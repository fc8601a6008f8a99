"""Whatever anybody does in one namespace, the others hear the same, and at the same minute.

Two clusters are the same but for a tenant, who fails, mends, mutes, claims and is blamed as
hypothesis likes. Messages about others, and their history, are compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerting.domain import actions
from bot.alerting.domain.actions import End, OpenIncident, Summary, Tell, due
from bot.alerting.domain.incident import ALERTS, Alerts, Moment
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.domain import record
from bot.domain.finding import Finding, FindingOf, Ref
from bot.domain.report import Report, collapse
from bot.domain.verdict import Verdict
from bot.history.domain.record import History, PastIncident, noted
from tests.examples import examples

START = datetime(2026, 11, 1, tzinfo=UTC)
ROLE = 42
RULES = Rules(routes=(AlertRoute(1, Verdict.FAILED, role=ROLE), AlertRoute(1)))
TENANT = "tenant"
NODE = FindingOf("Node", "", "one", check="nodes")
LINK = FindingOf("Node", "", "one", check="connectivity")
FLUX = FindingOf("Kustomization", "flux-system", "apps", check="flux-kustomizations")
TRAEFIK = FindingOf("Deployment", "kube-system", "traefik", check="workloads")
FAULT = FindingOf("Fault", "", "one: redirect", check="route-faults")
LEDGER = FindingOf("Service", "bank", "ledger", check="endpoints")
SHOP = FindingOf("IngressRoute", "shop", "shop", check="routes-ingressroute")
ALONE = FindingOf("Pod", "zoo", "alone", check="pods")
OTHERS: Mapping[FindingOf, tuple[FindingOf, ...]] = {
    NODE: (),
    LINK: (),
    FLUX: (),
    TRAEFIK: (),
    FAULT: (TRAEFIK, LINK),
    LEDGER: (FLUX, NODE),
    SHOP: (FAULT, NODE),
    ALONE: (),
}
"""What is not the tenant's, and what it truly follows from."""

OWN = tuple(
    FindingOf(kind, TENANT, f"x{number}", check=check)
    for kind, check in (
        ("Pod", "pods"),
        ("Service", "endpoints"),
        ("Certificate", "certificates"),
        ("Kustomization", "flux-kustomizations"),
        ("IngressRoute", "routes-ingressroute"),
    )
    for number in range(2)
)
KINDS = dict.fromkeys(ref.kind for ref in (*OTHERS, *OWN))
BAD = st.sampled_from((Verdict.DEGRADED, Verdict.FAILED))


class Spell(NamedTuple):
    """A time at which something fails."""

    ref: FindingOf
    begins: int
    minutes: int
    verdict: Verdict
    follows: tuple[FindingOf, ...] = ()

    def holds(self, minute: int) -> bool:
        return self.begins <= minute < self.begins + self.minutes


class Message(NamedTuple):
    """What is said about one incident."""

    minute: int
    kind: str
    head: Finding
    worst: Verdict
    role: int | None
    lines: tuple[Moment, ...]


@dataclass(frozen=True)
class Tenant:
    """What the tenant does: it fails, mutes, and is named in the conditions of others.

    crowd: How many Services of it fail alike, from when on.
    """

    spells: tuple[Spell, ...] = ()
    muted: frozenset[FindingOf] = frozenset()
    named: Mapping[FindingOf, tuple[FindingOf, ...]] | None = None
    crowd: tuple[int, int] = (0, 0)


TROUBLE = st.lists(
    st.builds(Spell, st.sampled_from(tuple(OTHERS)), st.integers(0, 80), st.integers(1, 40), BAD),
    max_size=6,
)
TENANTS = st.builds(
    Tenant,
    spells=st.lists(
        st.builds(
            Spell,
            st.sampled_from(OWN),
            st.integers(0, 90),
            st.integers(1, 90),
            BAD,
            st.lists(st.sampled_from((*OTHERS, *OWN)), max_size=2).map(tuple),
        ),
        max_size=20,
    ).map(tuple),
    muted=st.frozensets(st.sampled_from(OWN), max_size=4),
    named=st.dictionaries(
        st.sampled_from(tuple(OTHERS)),
        st.lists(st.sampled_from(OWN), min_size=1, max_size=2).map(tuple),
    ),
    crowd=st.tuples(st.sampled_from((0, 3, 60)), st.integers(0, 60)),
)


def findings(trouble: Sequence[Spell], tenant: Tenant, minute: int) -> Iterator[Finding]:
    """What fails at a minute; of several spells of one object the worst."""
    worst: dict[FindingOf, Spell] = {}
    for spell in (*trouble, *tenant.spells, *_crowd(tenant)):
        before = worst.get(spell.ref)
        worse = before is None or spell.verdict.rank > before.verdict.rank
        if spell.holds(minute) and worse:
            worst[spell.ref] = spell
    for ref, spell in worst.items():
        claims = (tenant.named or {}).get(ref, ())
        yield Finding(
            check=ref.check,
            subject=Ref(ref.kind, ref.namespace, ref.name),
            verdict=spell.verdict,
            reason="Broken",
            message="",
            follows=(*claims, *OTHERS.get(ref, spell.follows)),
        )


def _crowd(tenant: Tenant) -> Iterator[Spell]:
    count, begins = tenant.crowd
    for number in range(count):
        ref = FindingOf("Service", TENANT, f"crowd-{number}", check="endpoints")
        yield Spell(ref, begins, 90, Verdict.FAILED)


def told(
    trouble: Sequence[Spell], tenant: Tenant, minutes: int = 130
) -> tuple[list[Message], list[PastIncident]]:
    """The messages about others, each with its minute, and their incidents in the history."""
    state: Alerts | None = None
    history: History | None = None
    said: list[Message] = []
    for minute in range(-1, minutes):
        now = START + timedelta(minutes=minute)
        found = collapse(tuple(findings(trouble, tenant, minute)))
        muted = {ref.key: "muted by the annotation" for ref in tenant.muted}
        report = Report(now, found, (), dict.fromkeys(KINDS, 1), muted=muted)
        state = _kept(advance(state, report, RULES))
        if minute % 5 == 0:
            history = noted(history, report)
        for act in due(state, now, RULES):
            state = _posted(state, act, now)
            if isinstance(act, OpenIncident | Summary | End | Tell):
                said += _about_others(act, minute)
    assert history is not None
    past = [one for one in history.incidents if f"/{TENANT}/" not in one.key]
    return sorted(said, key=repr), sorted(past, key=repr)


def _kept(state: Alerts) -> Alerts:
    text = record.written(ALERTS, state)
    assert isinstance(text, str)
    kept = record.read(ALERTS, text)
    assert isinstance(kept, Alerts)
    return kept


def _posted(state: Alerts, act: actions.Act, now: datetime) -> Alerts:
    """The state after Discord took it."""
    if isinstance(act, actions.Edit):
        return actions.edited(state, act)
    claimed = actions.claimed(state, act, now)
    assert claimed is not None
    return actions.posted(claimed, act, 1)


def _about_others(act: OpenIncident | Summary | End | Tell, minute: int) -> Iterator[Message]:
    role = None if isinstance(act, End) else act.role
    heads = act.incidents if isinstance(act, Summary) else (act.incident,)
    for incident in heads:
        if incident.head.subject.namespace != TENANT:
            lines = act.lines if isinstance(act, Tell) else ()
            kind = type(act).__name__
            yield Message(minute, kind, incident.head, incident.worst, role, lines)


@given(TROUBLE, TENANTS)
@settings(max_examples=examples(100))
def test_whatever_a_tenant_does_the_others_hear_the_same_at_the_same_minute(trouble, tenant):
    """By failures, annotations, labels and names: neither hidden, nor late, longer, or worse."""
    assert told(trouble, tenant) == told(trouble, Tenant())


def test_a_failing_node_is_told_at_its_own_minute_amid_450_failures_of_a_tenant():
    """With its role, and so are Flux, Traefik, and the only failure of somebody else."""
    refs = (NODE, FLUX, TRAEFIK, ALONE)
    trouble = [Spell(ref, 10 + number, 100, Verdict.FAILED) for number, ref in enumerate(refs)]
    tenant = Tenant(crowd=(450, 2), named=dict.fromkeys(refs, OWN[:1]))
    said, past = told(trouble, tenant, 30)
    assert (said, past) == told(trouble, Tenant(), 30)
    assert len(past) == len(refs)
    calls = {(one.minute, str(one.head.subject)): one.role for one in said if one.kind != "End"}
    assert calls == {
        (11, "Node one"): ROLE,
        (14, "Kustomization flux-system/apps"): ROLE,
        (14, "Deployment kube-system/traefik"): ROLE,
        (15, "Pod zoo/alone"): ROLE,
    }
