"""`/fix`: a change in every state and way, why nothing is proposed, what is offered, the audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from msgspec.structs import replace

from bot.net.diagnosis.diagnosis import Effect
from bot.remediation.change.change import Change, ChangeCard, Notes, PullRequest, Undoing
from bot.remediation.change.history import ChangeHistory, proposed
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.proof import Count, Sample, Sort
from bot.remediation.change.states import ChangeState
from bot.remediation.planning.offers import Offers, offers
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.remediation.views import discord as discord_change
from bot.remediation.views import text
from bot.render import cards as discord
from commands.fix import controls
from tests.golden import Pages
from tests.golden.moments import NOW
from tests.golden.shapes import card
from tests.remediation.planning.situations import (
    a_route,
    a_situation,
    nowhere_untouchable,
    with_effect,
)

TESTED = (*([Effect.HELPS] * 3), Effect.USELESS)
ASKED = "ingress/apps/web web.example"
ANNA, BELA = "100000000000000001", "100000000000000002"
EXPIRES = NOW + timedelta(minutes=15)
MINUTE = timedelta(minutes=1)

COURSES: dict[ChangeState, tuple[ChangeState, ...]] = {
    ChangeState.PROPOSED: (),
    ChangeState.APPROVED: (ChangeState.APPROVED,),
    ChangeState.REJECTED: (ChangeState.REJECTED,),
    ChangeState.EXPIRED: (ChangeState.EXPIRED,),
    ChangeState.APPLYING: (ChangeState.APPROVED, ChangeState.APPLYING),
    ChangeState.AWAITING_MERGE: (
        ChangeState.APPROVED,
        ChangeState.APPLYING,
        ChangeState.AWAITING_MERGE,
    ),
    ChangeState.VERIFYING: (ChangeState.APPROVED, ChangeState.APPLYING, ChangeState.VERIFYING),
    ChangeState.DONE: (
        ChangeState.APPROVED,
        ChangeState.APPLYING,
        ChangeState.VERIFYING,
        ChangeState.DONE,
    ),
    ChangeState.ROLLED_BACK: (
        ChangeState.APPROVED,
        ChangeState.APPLYING,
        ChangeState.VERIFYING,
        ChangeState.ROLLED_BACK,
    ),
    ChangeState.FAILED: (ChangeState.APPROVED, ChangeState.APPLYING, ChangeState.FAILED),
}
"""How a change came to each state."""

BEFORE = Sample((Count(Sort.FAILED, "HTTP 502", 18), Count(Sort.REACHED, "HTTP 200", 2)))
PROOF = "18 of 20 requests failed with HTTP 502 → 30 of 30 requests answered HTTP 200"
NOTED = {
    ChangeState.DONE: Notes(baseline=BEFORE, proof=(PROOF,), card=ChangeCard(7, 8)),
    ChangeState.ROLLED_BACK: Notes(
        baseline=BEFORE, proof=(PROOF,), undoing=Undoing(ANNA, NOW, "It didn't help.")
    ),
    ChangeState.VERIFYING: Notes(baseline=BEFORE),
    ChangeState.AWAITING_MERGE: Notes(
        pull_request=PullRequest(12, "https://git.example/homelab/pulls/12")
    ),
}
ENDS = {
    ChangeState.DONE: PROOF,
    ChangeState.REJECTED: "Not today.",
    ChangeState.FAILED: "The API server refused: services is forbidden.",
    ChangeState.ROLLED_BACK: (
        "It didn't help: 18 of 20 requests failed with HTTP 502 → 10 of 10 requests failed with "
        "HTTP 502."
    ),
}


def _history(course: Sequence[ChangeState]) -> ChangeHistory:
    history = proposed(ANNA, NOW, "asked by /fix route")
    for number, state in enumerate(course, 1):
        at = EXPIRES + MINUTE if state is ChangeState.EXPIRED else NOW + number * MINUTE
        by = BELA if state in (ChangeState.APPROVED, ChangeState.REJECTED) else "meshmedic"
        moved = history.moved(state, by=by, at=at, expires=EXPIRES, note=ENDS.get(state, ""))
        assert isinstance(moved, ChangeHistory)
        history = moved
    return history


def _offers(kind: str = "Ingress", tested: tuple[Effect, ...] = ()) -> Offers:
    route = a_route() if kind == "IngressRoute" else None
    return offers(a_situation(route, tested=tested), nowhere_untouchable)


def _plan(way: Method) -> RepairPlan:
    found = _offers("IngressRoute" if way is Method.NATIVE_LB else "Ingress").by(way)
    assert isinstance(found, RepairPlan)
    return found


PULL = RepairPlan(
    target="IngressRoute apps/web",
    way=Method.PULL_REQUEST,
    asked="ingressroute/apps/web web.example",
    host="web.example",
    path="/",
    row="redirect",
    effect="helps",
    evidence=("Cause (proven): a rule on Traefik's node catches the traffic.",),
    risks=("Flux applies it after the merge.",),
    steps=(),
    preview="--- a/apps/web.yaml\n+++ b/apps/web.yaml\n@@ -9 +9,2 @@\n port: 80\n+nativeLB: true\n",
)


def a_change(state: ChangeState, plan: RepairPlan | None = None) -> Change:
    """A change that came to a state."""
    return Change(
        name="20261123-120000-web-1a2b",
        requester=ANNA,
        expires=EXPIRES,
        plan=plan or (PULL if state is ChangeState.AWAITING_MERGE else _plan(Method.ANNOTATION)),
        history=_history(COURSES[state]),
        notes=NOTED.get(state, Notes()),
        version="7",
    )


def _shown(change: Change, found: Offers | None = None) -> str:
    rows = controls.rows(change, found)
    return card(discord_change.change(change, rows, NOW + 5 * MINUTE))


def _of_states() -> dict[str, Callable[[], str]]:
    made: dict[str, Callable[[], str]] = {}
    for state in ChangeState:
        made[f"state-{state}-discord.json"] = lambda state=state: _shown(a_change(state))
        made[f"audit-{state}-discord.json"] = lambda state=state: card(
            discord_change.audit(a_change(state))
        )
        made[f"whole-{state}.txt"] = lambda state=state: f"{text.full_text(a_change(state))}\n"
    return made


def _trial() -> Change:
    """A change that is not proven to help, and is taken back by itself."""
    plan = replace(_plan(Method.ANNOTATION), trial=True, returns_after=60)
    return a_change(ChangeState.DONE, plan)


def _of_ways() -> dict[str, Callable[[], str]]:
    plans: dict[str, Callable[[], RepairPlan]] = {
        "native-lb": lambda: _plan(Method.NATIVE_LB),
        "conversion": lambda: _plan(Method.CONVERSION),
        "pull-request": lambda: PULL,
    }
    return {
        f"way-{name}-discord.json": lambda plan=plan: _shown(a_change(ChangeState.PROPOSED, plan()))
        for name, plan in plans.items()
    }


def _refusal(reason: PlanReason) -> str:
    return card(discord_change.refusal(ASKED, PlanRefusal(reason, "This is why of apps/web.")))


def _listed() -> discord.Card:
    every = [a_change(state) for state in ChangeState]
    return discord_change.listed("Fixes so far", [*every, *every])


def _offered(found: Offers) -> str:
    rows = controls.method_rows(ASKED, [plan.way for plan in found.plans])
    return card(discord_change.offers(ASKED, found, rows))


PASTE = PlanRefusal(
    PlanReason.OWNED, "HelmRelease apps/web keeps it.", "ingress:\n  annotations: {}\n"
)

PAGES: Pages = {
    **_of_states(),
    **_of_ways(),
    **{
        f"refusal-{reason}-discord.json": lambda reason=reason: _refusal(reason)
        for reason in PlanReason
    },
    "proposed-with-other-ways-discord.json": lambda: _shown(
        a_change(ChangeState.PROPOSED), _offers()
    ),
    "trial-discord.json": lambda: _shown(_trial()),
    "refusal-with-paste-discord.json": lambda: card(
        discord_change.refusal(ASKED, PASTE, _offers())
    ),
    "offers-discord.json": lambda: _offered(_offers(tested=TESTED)),
    "offers-of-an-ingressroute-discord.json": lambda: _offered(_offers("IngressRoute")),
    "offers-none-discord.json": lambda: _offered(
        offers(a_situation(diagnosis=with_effect(Effect.USELESS)), nowhere_untouchable)
    ),
    "listed-discord.json": lambda: card(_listed()),
    "listed-nothing-discord.json": lambda: card(discord_change.listed("Open fixes", [])),
    "whole-discord.json": lambda: card(discord_change.details(a_change(ChangeState.DONE))),
}
