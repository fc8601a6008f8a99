"""Recovered is said only of what was seen well for a while, and what is open is not new."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from bot.alerting.domain.incident import ALERTS, LONGEST_LOOK, Alerts, Incident
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.alerting.domain.visibility import NEVER_SEEN, REFUSED, STALE_WATCH, WATCH
from bot.domain.finding import Finding, Ref
from bot.domain.record import read, written
from bot.domain.report import Report, collapse
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from bot.net.diagnosis.diagnosis import DIAGNOSES
from bot.routing.traefik_word import REQUESTS_FAIL, TRAEFIK_WORD
from tests.examples import examples

START = datetime(2026, 11, 1, tzinfo=UTC)
RULES = Rules(routes=(AlertRoute(1),))
LOOK = timedelta(seconds=15)
BAD = (Verdict.DEGRADED, Verdict.FAILED)
WEB = Finding(
    check="pods",
    subject=Ref("Pod", "apps", "web"),
    verdict=Verdict.FAILED,
    reason="CrashLoopBackOff",
    message="it crashes",
)
READ = {"Pod": 1, "Node": 1}

Show = Callable[[datetime], Report]


def looks(state: Alerts | None, minutes: float, show: Show, begin: datetime) -> Alerts:
    """Look every fifteen seconds for so many minutes."""
    for number in range(int(timedelta(minutes=minutes) / LOOK)):
        state = advance(state, show(begin + number * LOOK), RULES)
    assert state is not None
    return state


def course(*stretches: tuple[float, Show]) -> Alerts:
    state, at = None, START
    for minutes, show in stretches:
        state = looks(state, minutes, show, at)
        at += timedelta(minutes=minutes)
    assert state is not None
    return state


def well(at: datetime) -> Report:
    return Report(at, (), (), READ)


def bad(at: datetime) -> Report:
    return Report(at, collapse((WEB,)), (), READ)


def trying(at: datetime) -> Report:
    return Report(at, collapse((replace(WEB, verdict=Verdict.PROGRESSING),)), (), READ)


def unread(at: datetime) -> Report:
    """Nobody read the kind, and no gap says so."""
    return Report(at, (), (), {"Node": 1})


def without_the_kind(at: datetime) -> Report:
    return Report(at, (), (Gap("Pod", Why.NOT_INSTALLED),), {"Node": 1})


def stale(at: datetime) -> Report:
    return Report(at, (), (Gap("Pod", Why.STALE, "the watch is silent", START),), READ)


def unlisted(at: datetime) -> Report:
    return Report(at, (), (Gap("Pod", Why.UNREACHABLE, "its first list has not come yet"),), READ)


ROUTE = replace(
    WEB,
    check="routes-ingressroute",
    subject=Ref("IngressRoute", "apps", "site"),
    verdict=Verdict.DEGRADED,
    reason=REQUESTS_FAIL,
    message="7 requests did not reach a server",
)
ROUTES = {**READ, "IngressRoute": 1}


def requests_fail(at: datetime) -> Report:
    return Report(at, collapse((ROUTE,)), (), ROUTES)


def none_failed_of_late(at: datetime) -> Report:
    return Report(at, collapse((replace(ROUTE, verdict=Verdict.UNKNOWN),)), (), ROUTES)


def nothing_said(at: datetime) -> Report:
    return Report(at, (), (), ROUTES)


def without_traefik(at: datetime) -> Report:
    return Report(at, (), (Gap(TRAEFIK_WORD, Why.UNREACHABLE, "no pod runs", START),), ROUTES)


def only(state: Alerts) -> Incident:
    (incident,) = state.incidents
    return incident


def test_what_crashes_is_well_for_moments_and_has_not_recovered():
    """For hours: it runs and is even ready between two crashes."""
    crashing = [(0.5, well), (2, trying), (1.5, well), (5, bad)] * 12
    incident = only(course((1, well), (5, bad), *crashing))
    assert incident.ended is None
    assert [moment.what for moment in incident.timeline] == ["failed: CrashLoopBackOff"]


def test_moments_of_health_do_not_add_up_over_a_progress_that_hides_the_next_failure():
    """Only what was looked at, and was well, counts as seen well."""
    state = course((1, well), (5, bad), (1, well), (30, trying), (0.5, well))
    assert only(state).ended is None


def test_a_pause_of_the_bot_is_not_time_in_which_anything_was_seen_well():
    """It may have crashed all the while."""
    state = course((1, well), (5, bad), (0.25, well))
    later = advance(state, well(START + timedelta(hours=3)), RULES)
    assert only(later).ended is None


def test_moments_of_health_do_not_keep_a_failure_from_alarming():
    """Its grace counts the time that it failed."""
    incident = only(course((1, well), *[(1.75, bad), (0.25, well)] * 4))
    assert incident.opened == START + timedelta(minutes=3.25)
    assert incident.ended is None


def test_what_comes_and_goes_is_one_incident():
    """However its times lie: it never fails for its grace, and is never well for long enough."""
    for bad_for, well_for in ((2, 1), (1, 1), (0.5, 1.75)):
        incident = only(course((1, well), *[(bad_for, bad), (well_for, well)] * 60))
        assert incident.ended is None


def test_a_failure_that_comes_seldom_and_soon_goes_is_none():
    """It was well for long enough in between: its grace begins anew."""
    assert course((1, well), *[(1.5, bad), (3, well)] * 20).incidents == ()


def test_what_was_known_and_is_well_for_a_moment_is_no_news():
    """Until it was well for long enough: then its next failure is one."""
    assert course(*[(5, bad), (1, well)] * 10).incidents == ()
    assert only(course((5, bad), (3, well), (5, bad))).ended is None


def test_what_is_gone_has_recovered_only_where_its_kind_was_read():
    """Not read is not gone; a kind that does not exist any more is."""
    broken = [(1, well), (5, bad)]
    assert only(course(*broken, (60, unread))).ended is None
    assert only(course(*broken, (60, unread), (3, well))).ended is not None
    assert only(course(*broken, (3, without_the_kind))).ended is not None


def test_what_refers_to_a_kind_that_cannot_be_seen_has_not_recovered():
    """Without the Services, nobody can tell that a StatefulSet lacks its own."""

    def stale_reference(at: datetime) -> Report:
        return Report(at, (), (Gap("Kustomization", Why.STALE),), READ)

    broken = [(1, well), (5, bad), (30, stale_reference)]
    ended = {each.head.subject: each.ended for each in course(*broken).incidents}
    assert ended[WEB.subject] is None
    ended = {each.head.subject: each.ended for each in course(*broken, (3, well)).incidents}
    assert ended[WEB.subject] is not None


def test_the_time_of_an_incident_is_when_it_was_first_seen_failing():
    """Not when its grace was over, and not when it tried again."""
    incident = only(course((1, well), (1, bad), (1, trying), (5, bad)))
    assert incident.began == START + timedelta(minutes=1)
    assert incident.opened > incident.began


def test_a_watch_that_goes_stale_alarms_once_and_recovers_when_it_is_back():
    """After a grace; a stale moment is none."""
    assert course((1, well), *[(1, stale), (3, well)] * 5).incidents == ()
    broken = [(1, well), (30, stale)]
    incident = only(course(*broken))
    assert incident.head.subject == WATCH
    assert incident.head.reason == STALE_WATCH
    assert "Pod" in incident.head.message
    assert "the watch is silent" in incident.head.message
    assert only(course(*broken, (3, well))).ended == START + timedelta(minutes=31)


def test_a_watch_that_is_stale_when_alerts_begin_alarms_too():
    """Nobody has been told of it."""
    assert only(course((5, stale))).head.subject == WATCH


def test_a_stale_watch_neither_ends_nor_doubles_the_incidents_of_its_kind():
    """It is an incident of its own."""
    state = course((1, well), (5, bad), (10, stale), (5, bad))
    ended = {incident.head.subject: incident.ended for incident in state.incidents}
    assert ended[WEB.subject] is None
    assert ended[WATCH] is not None
    assert len(state.incidents) == 2


def test_a_kind_that_is_never_read_alarms_after_a_longer_time():
    """A slow first list is no fault; half an hour of it is."""
    assert course((1, well), (25, unlisted)).incidents == ()
    assert only(course((1, well), (35, unlisted))).head.reason == NEVER_SEEN


def test_a_kind_that_the_owner_forbids_or_lacks_is_no_alarm():
    """It is a choice, and /doctor's affair."""

    def forbidden(at: datetime) -> Report:
        return Report(at, (), (Gap("Secret", Why.FORBIDDEN), Gap("Lease", Why.OFF)), READ)

    assert course((1, well), (120, forbidden)).incidents == ()


def test_old_trouble_of_a_kind_that_is_read_late_is_not_new():
    """A slow API server at the first start; what breaks after the first look alarms."""
    assert course((5, unlisted), (30, bad)).incidents == ()
    assert only(course((5, unlisted), (1, well), (5, bad))).head.subject == WEB.subject


ROUTE = Finding(
    check="routes-ingressroute",
    subject=Ref("IngressRoute", "apps", "site"),
    verdict=Verdict.DEGRADED,
    reason="RequestsFail",
    message="requests fail",
)


def routes(*findings: Finding, unseen: str = "", why: Why = Why.UNREACHABLE) -> Show:
    """What is found of routes, while something that its check rests on is not seen."""
    gaps = (Gap(unseen, why, "no answer in time"),) if unseen else ()
    facts = {finding.key: TRAEFIK_WORD for finding in findings if finding.reason == REQUESTS_FAIL}
    counts = {"IngressRoute": 1, "Node": 1}
    return lambda at: Report(at, collapse(findings), gaps, counts, facts=facts)


def test_old_trouble_that_only_what_is_read_late_shows_is_not_new():
    """Traefik's log did not answer at the first look, or the Services were not listed yet."""
    well_now, failing = routes(), routes(ROUTE)
    for late in (TRAEFIK_WORD, "Service"):
        first = (1, routes(unseen=late))
        assert course(first, (30, failing)).incidents == ()
        assert only(course(first, (1, well_now), (5, failing))).head.subject == ROUTE.subject


def test_what_a_fact_that_is_read_late_does_not_show_is_new():
    """At the very look at which it is read first, something else breaks."""
    by_objects = replace(ROUTE, reason="ServiceNotFound")
    for late in (TRAEFIK_WORD, DIAGNOSES):
        state = course((1, routes(unseen=late)), (5, routes(by_objects)))
        assert only(state).head.reason == "ServiceNotFound", late
    # What tests proved before a restart is known by them alone, and not by Traefik's log.
    state = course((1, routes(unseen=DIAGNOSES)), (20, routes(ROUTE)))
    assert only(state).head.reason == REQUESTS_FAIL


def test_old_trouble_that_the_bot_had_no_right_to_see_is_not_new():
    """The kind itself, what its check needs, or what explains a finding: granted later."""
    for late, why in (
        ("IngressRoute", Why.FORBIDDEN),
        ("Middleware", Why.FORBIDDEN),
        ("EndpointSlice", Why.FORBIDDEN),
        ("EndpointSlice", Why.STALE),
        ("Secret", Why.OFF),
        (TRAEFIK_WORD, Why.IN_PART),
    ):
        first = (1, routes(unseen=late, why=why))
        assert course(first, (30, routes(ROUTE))).incidents == (), late
        broken = course(first, (1, routes()), (5, routes(ROUTE)))
        assert only(broken).head.subject == ROUTE.subject, late


def test_what_a_kind_that_was_not_there_shows_is_new():
    """It was installed meanwhile, or only the older lines of a log were not read."""
    for late, why in (
        ("IngressRoute", Why.NOT_INSTALLED),
        ("Middleware", Why.NOT_INSTALLED),
        (TRAEFIK_WORD, Why.OLDER),
        (TRAEFIK_WORD, Why.NOT_SET_UP),
        ("Certificate", Why.FORBIDDEN),
    ):
        first = (1, routes(unseen=late, why=why))
        shown = course(first, (30, routes(ROUTE))).incidents
        # Certificates only explain a finding of a route; that of a pod rests on other kinds.
        assert len(shown) == (0 if late == "Certificate" else 1), late
    other = course((1, routes(unseen="Middleware", why=Why.FORBIDDEN)), (30, bad))
    assert only(other).head.subject == WEB.subject


def test_old_trouble_is_not_new_after_an_outage_that_began_at_once():
    """Its grace would be over when the API server is back."""
    state = looks(None, 0.25, routes(unseen=TRAEFIK_WORD), START)
    state = looks(state, 0.25, routes(ROUTE), START + LOOK)
    state = looks(state, 5, routes(ROUTE), START + timedelta(minutes=10))
    assert state.incidents == ()


def test_what_was_seen_failing_without_it_alarms_as_before():
    """That Traefik's log is read at last makes nothing known that is new."""
    unheard = routes(unseen=TRAEFIK_WORD)
    failing = routes(ROUTE, unseen=TRAEFIK_WORD)
    state = course((1, unheard), (1, failing), (5, routes(ROUTE)))
    assert only(state).head.subject == ROUTE.subject


def revoked(at: datetime) -> Report:
    gap = Gap("Pod", Why.FORBIDDEN, 'needs the verbs "list" and "watch" on pods', START)
    return Report(at, (), (gap,), READ)


def forbidden_for_a_new_process(at: datetime) -> Report:
    return Report(at, (), (Gap("Pod", Why.FORBIDDEN),), {"Node": 1})


def test_the_loss_of_a_right_to_read_alarms_once_and_ends_when_it_is_back():
    """What breaks there goes unnoticed."""
    broken = [(1, well), (10, revoked)]
    incident = only(course(*broken))
    assert (incident.head.subject, incident.head.reason) == (WATCH, REFUSED)
    assert incident.head.message.startswith("I may not read Pod any more: needs the verbs")
    assert incident.ended is None
    assert only(course(*broken, (3, well))).ended == START + timedelta(minutes=11)


def test_a_right_that_was_lost_is_not_back_because_the_bot_was_restarted():
    """The new process has never read the kind; nor has it while its first list is awaited."""
    broken = [(1, well), (10, revoked), (1, unlisted), (30, forbidden_for_a_new_process)]
    assert only(course(*broken)).ended is None
    assert only(course(*broken, (3, well))).ended is not None
    assert course((60, forbidden_for_a_new_process)).incidents == ()


def test_what_somebody_found_out_in_private_is_no_public_alert():
    """Also later: not until somebody asks in public, or it shows by itself."""

    def private(at: datetime) -> Report:
        return Report(at, collapse((replace(WEB, private=True),)), (), READ)

    assert course((1, well), (60, private)).incidents == ()
    assert only(course((1, well), (60, private), (5, bad))).ended is None
    assert only(course((1, well), (5, bad), (60, private))).ended is None


class OneObject(RuleBasedStateMachine):
    """An object that does anything, and a process that may be a new one at each look."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.state = advance(None, well(START), RULES)
        self.seen_well = timedelta()
        self.looked: datetime | None = START

    def _look(self, report: Report, *, is_well: bool, is_bad: bool) -> None:
        before = self._of_web()
        self.state = advance(self.state, report, RULES)
        assert advance(self.state, report, RULES) == self.state, "the same again changes nothing"
        if is_bad:
            self.seen_well = timedelta()
        elif is_well and self.looked:
            self.seen_well += min(self.now - self.looked, LONGEST_LOOK)
        self.looked = self.now if is_well else None
        after = self._of_web()
        if len(after) > len(before):
            assert is_bad, "only what fails is new"
            assert all(incident.ended for incident in before), "what is open is not new"
        if sum(bool(one.ended) for one in after) > sum(bool(one.ended) for one in before):
            assert is_well, "only what is well recovers"
            assert self.seen_well >= RULES.steady, "and only after it was seen well for a while"

    def _of_web(self) -> list[Incident]:
        return [each for each in self.state.incidents if WEB.key in each.keys]

    @rule(verdict=st.sampled_from(list(Verdict)), times=st.sampled_from((1, 2, 4, 9, 40)))
    def is_(self, verdict: Verdict, times: int) -> None:
        for _ in range(times):
            self.now += LOOK
            finding = replace(WEB, verdict=verdict)
            shown = () if verdict is Verdict.HEALTHY else (finding,)
            report = Report(self.now, collapse(shown), (), READ)
            self._look(report, is_well=not shown, is_bad=verdict in BAD)

    @rule(
        show=st.sampled_from((unread, stale, unlisted)),
        times=st.sampled_from((1, 2, 9, 40)),
    )
    def is_not_seen(self, show: Show, times: int) -> None:
        for _ in range(times):
            self.now += LOOK
            self._look(show(self.now), is_well=False, is_bad=False)

    @rule()
    def the_bot_starts_anew(self) -> None:
        text = written(ALERTS, self.state)
        assert isinstance(text, str)
        kept = read(ALERTS, text)
        assert kept == self.state
        self.state = kept

    @rule(hours=st.sampled_from((1, 5)))
    def nobody_looks(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def it_is_in_one_open_incident_at_most(self) -> None:
        assert sum(incident.ended is None for incident in self._of_web()) <= 1


TestOneObject = OneObject.TestCase
TestOneObject.settings = settings(max_examples=examples(60), stateful_step_count=30)


def test_a_route_whose_requests_failed_is_no_longer_seen_failing_and_has_not_recovered():
    """Nobody looks for requests that succeed; what is well is never said of silence."""
    failing = [(1, nothing_said), (20, requests_fail)]
    assert only(course(*failing, (45, none_failed_of_late))).ended is None
    incident = only(course(*failing, (45, none_failed_of_late), (3, nothing_said)))
    assert incident.ended is not None
    assert incident.timeline[-1].what == "no longer seen failing"


def test_a_route_that_a_repair_was_seen_to_help_has_recovered():
    """Requests were seen to be answered after those that failed, whatever else is silent later."""

    def works(at: datetime) -> Report:
        return Report(at, (), (), ROUTES, seen_well=frozenset({ROUTE.key}))

    for stretches in (((3, works),), ((1, works), (3, nothing_said))):
        incident = only(course((1, nothing_said), (20, requests_fail), *stretches))
        assert incident.ended is not None
        assert (incident.timeline[-1].what, incident.silent) == ("recovered", False)
    again = course((1, nothing_said), (20, requests_fail), (1, works), (5, requests_fail))
    silent = looks(again, 3, nothing_said, START + timedelta(minutes=27))
    assert only(silent).timeline[-1].what == "no longer seen failing"


def test_a_traefik_that_cannot_be_read_keeps_the_incident_of_a_route_open():
    """However long; then it is seen again."""
    lost = course((1, nothing_said), (20, requests_fail), (120, without_traefik))
    (of_route,) = (incident for incident in lost.incidents if incident.head.check == ROUTE.check)
    assert of_route.ended is None
    later = looks(lost, 3, nothing_said, START + timedelta(hours=3))
    assert all(incident.ended for incident in later.incidents)


def test_what_is_wrong_with_a_route_by_its_objects_recovers_as_others_do():
    def refused(at: datetime) -> Report:
        return Report(at, collapse((replace(ROUTE, reason="ServiceNotFound"),)), (), ROUTES)

    incident = only(course((1, nothing_said), (20, refused), (3, nothing_said)))
    assert incident.timeline[-1].what == "recovered"


def test_a_pod_whose_route_failed_with_it_has_recovered():
    """Of both it is the pod that was seen well."""

    def both(at: datetime) -> Report:
        route = replace(ROUTE, follows=(WEB.subject,))
        return Report(at, collapse((WEB, route)), (), ROUTES)

    incident = only(course((1, nothing_said), (5, both), (3, nothing_said)))
    assert (incident.head.key, incident.timeline[-1].what) == (WEB.key, "recovered")
