"""From a proposal to its end: exactly what was approved, proven, or taken back."""

import asyncio
from contextlib import AbstractContextManager
from datetime import timedelta

import msgspec
import pytest

from bot.domain.authorization import Role
from bot.domain.principal import acting_as
from bot.domain.refusal import NotObserved
from bot.errors import ClusterError, InputError, Refused
from bot.net.diagnosis.diagnosis import Effect
from bot.remediation.change.approval import Click
from bot.remediation.change.change import Change, waiting
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import Method
from bot.remediation.change.states import ChangeState
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.remediation.service import ChangeRefusal, Proposal, RemediationService
from tests.people import APPROVER, BY_ROLE, Fickle
from tests.remediation.changes import (
    ANNA,
    ASKED,
    BELA,
    INGRESS,
    SERVICE,
    STRANGER,
    World,
    answers,
    outage,
)
from tests.remediation.planning.situations import a_service, with_effect


async def proposed(
    world: World, remediation: RemediationService, way: Method | None = None
) -> Change:
    made = await remediation.propose(ASKED, way, str(ANNA))
    assert isinstance(made, Proposal), made
    return made.change


async def approved(
    world: World, remediation: RemediationService, way: Method | None = None
) -> Change:
    """Proposed, approved by another, and carried to its end."""
    change = await proposed(world, remediation, way)
    made = await remediation.decide(change.name, world.click(BELA), approve=True)
    assert isinstance(made, Change), made
    await remediation.reconciler.wait()
    return await remediation.show(change.name)


async def test_what_is_approved_is_done_proven_and_told() -> None:
    world = World()
    end = await approved(world, world.process())
    assert end.state is ChangeState.DONE
    assert world.annotation() == "true"
    assert [each.state for each in world.told] == [
        ChangeState.APPROVED,
        ChangeState.APPLYING,
        ChangeState.VERIFYING,
        ChangeState.DONE,
    ]
    assert end.who(ChangeState.APPROVED) == str(BELA)
    assert end.notes.proof == ("Requests were made.",)


async def test_nothing_is_written_before_somebody_approves() -> None:
    world = World()
    await proposed(world, world.process())
    assert not world.writer.effects
    assert world.annotation() is None


@pytest.mark.parametrize("way", [Method.ANNOTATION, Method.CONVERSION])
async def test_what_does_not_help_is_taken_back_by_itself(way: Method) -> None:
    """Everything is as it was, and the card says why."""
    world = World()
    world.verifier.helps = False
    before = world.writer.bare()
    end = await approved(world, world.process(), way)
    assert end.state is ChangeState.ROLLED_BACK
    assert world.writer.bare() == before
    assert "Requests were made" in end.history.entries[-1].note


async def test_an_ingress_goes_only_after_the_new_route_is_proven_beside_it() -> None:
    """Else nothing but the label of the hand-over is written, and taken off again."""
    world = World()
    world.verifier.helps = False
    await approved(world, world.process(), Method.CONVERSION)
    did = [each.action for _, each in world.writer.effects if each.object == INGRESS]
    assert did == [Action.LABEL_HAND_OVER] * 2
    world.verifier.helps = True
    end = await approved(world, world.process(), Method.CONVERSION)
    assert end.state is ChangeState.DONE
    assert INGRESS not in world.writer.world


@pytest.mark.parametrize("way", [Method.ANNOTATION, Method.CONVERSION])
async def test_two_hand_overs_of_one_namespace_are_never_under_way_at_once(way: Method) -> None:
    """Each would be compared with the other's Ingress, too. Another way is in nobody's way."""
    world = World()
    first = world.process()
    made = await proposed(world, first, Method.CONVERSION)
    first.reconciler.begin = lambda _change, _work: None  # type: ignore[method-assign]
    await first.decide(made.name, world.click(BELA), approve=True)
    elsewhere = msgspec.structs.replace(made.plan, target="Ingress apps/other")
    under_way = msgspec.structs.replace(world.store.kept[made.name], plan=elsewhere)
    world.store.kept[made.name] = under_way
    second = await proposed(world, first, way)
    if way is Method.CONVERSION:
        with pytest.raises(InputError, match="A change of Ingress apps/other is under way"):
            await first.decide(second.name, world.click(BELA), approve=True)
    else:
        begun = await first.decide(second.name, world.click(BELA), approve=True)
        assert isinstance(begun, Change)


@pytest.mark.parametrize("effect", [Effect.USELESS, Effect.HARMS, Effect.NEEDLESS])
async def test_what_is_proven_useless_or_harmful_is_refused(effect: Effect) -> None:
    world = World()
    world.context_reader.more = {"diagnosis": with_effect(effect)}
    made = await world.process().propose(ASKED, None, str(ANNA))
    assert isinstance(made, PlanRefusal)
    assert not world.store.kept


async def test_without_a_request_that_fails_or_can_be_made_nothing_is_proposed() -> None:
    """Nobody could tell whether it helped."""
    world = World()
    for before in (answers(200, 20), NotObserved("There is no prober.")):
        world.verifier.before = before
        made = await world.process().propose(ASKED, None, str(ANNA))
        assert isinstance(made, PlanRefusal)
        assert made.reason is PlanReason.NO_PROOF
    assert not world.store.kept


async def test_a_plan_that_the_api_server_refuses_is_not_proposed() -> None:
    """Admission, RBAC and schemas are asked by a dry run first."""
    world = World()
    world.writer.refuses = "The approver identity may not do this."
    with pytest.raises(ClusterError, match="may not"):
        await world.process().propose(ASKED, None, str(ANNA))
    assert not world.store.kept


async def test_who_is_no_approver_decides_nothing() -> None:
    world = World()
    remediation = world.process()
    change = await proposed(world, remediation)
    for approve in (True, False):
        with pytest.raises(Refused):
            await remediation.decide(change.name, world.click(STRANGER), approve=approve)
    world.approvers = set()
    with pytest.raises(Refused, match="Nobody may approve"):
        await remediation.decide(change.name, world.click(ANNA), approve=True)
    assert not world.writer.effects


async def test_two_people_are_needed_where_the_policy_says_so() -> None:
    world = World()
    object.__setattr__(world.policy, "two_people", frozenset({"apps"}))
    remediation = world.process()
    change = await proposed(world, remediation)
    with pytest.raises(Refused, match="another person"):
        await remediation.decide(change.name, world.click(ANNA), approve=True)
    assert isinstance(
        await remediation.decide(change.name, world.click(BELA), approve=True), Change
    )
    await remediation.reconciler.wait()


async def test_after_its_time_nobody_approves_and_it_is_closed() -> None:
    world = World()
    remediation = world.process()
    change = await proposed(world, remediation)
    world.passes(minutes=15)
    with pytest.raises(Refused, match="expired"):
        await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.go_on()
    assert (await remediation.show(change.name)).state is ChangeState.EXPIRED


async def test_an_approval_whose_second_look_took_too_long_does_nothing() -> None:
    """The time counts when it is written, not when it was clicked."""
    world = World()
    remediation = world.process()
    change = await proposed(world, remediation)
    click = world.click(BELA)
    world.wire.next = lambda what: (
        world.passes(minutes=20) if what == "before context_reader" else None
    )
    with pytest.raises(Refused, match="expired"):
        await remediation.decide(change.name, click, approve=True)
    assert not world.writer.effects


async def test_two_clicks_at_once_do_it_once() -> None:
    """Whoever comes second is told that somebody was faster."""
    world = World()
    one, two = world.process(), world.process()
    change = await proposed(world, one)
    clicks = [
        each.decide(change.name, world.click(user), approve=True)
        for each, user in ((one, ANNA), (two, BELA))
    ]
    found = await asyncio.gather(*clicks, return_exceptions=True)
    assert sum(isinstance(each, Change) for each in found) == 1
    assert sum(isinstance(each, Refused) for each in found) == 1
    await asyncio.gather(one.reconciler.wait(), two.reconciler.wait())
    assert len(world.writer.effects) == 1


async def test_changed_evidence_shows_a_new_plan_and_writes_nothing() -> None:
    world = World()
    remediation = world.process()
    change = await proposed(world, remediation)
    world.context_reader.more = {"diagnosis": with_effect(Effect.UNKNOWN)}
    made = await remediation.decide(change.name, world.click(BELA), approve=True)
    assert isinstance(made, ChangeRefusal)
    assert made.instead
    assert made.instead.change.plan.trial
    assert (await remediation.show(change.name)).state is ChangeState.REJECTED
    assert not world.writer.effects


async def test_evidence_that_is_gone_declines_with_the_reason() -> None:
    world = World()
    remediation = world.process()
    change = await proposed(world, remediation)
    world.context_reader.more = {"diagnosis": with_effect(Effect.USELESS)}
    made = await remediation.decide(change.name, world.click(BELA), approve=True)
    assert isinstance(made, ChangeRefusal)
    assert made.instead is None
    world.context_reader.more = {}
    world.verifier.before = answers(200, 20)
    made = await remediation.decide(change.name, world.click(BELA), approve=True)
    assert isinstance(made, ChangeRefusal)
    assert "Nothing fails now" in made.detail
    assert not world.writer.effects


async def test_what_is_done_can_be_taken_back_for_a_week() -> None:
    world = World()
    remediation = world.process()
    before = world.writer.bare()
    end = await approved(world, remediation)
    await remediation.roll_back(end.name, world.click(ANNA))
    await remediation.reconciler.wait()
    assert (await remediation.show(end.name)).state is ChangeState.ROLLED_BACK
    assert world.writer.bare() == before
    again = await approved(world, remediation)
    world.passes(days=8)
    with pytest.raises(InputError, match="7 days"):
        await remediation.roll_back(again.name, world.click(ANNA))


async def test_what_somebody_changed_since_is_not_taken_back_but_named() -> None:
    world = World()
    remediation = world.process()
    end = await approved(world, remediation)
    notes = {"traefik.ingress.kubernetes.io/service.nativelb": "false"}
    world.writer.put(SERVICE, a_service(metadata={"annotations": notes}))
    made = await remediation.roll_back(end.name, world.click(ANNA))
    assert isinstance(made, ChangeRefusal)
    assert "Service apps/web was changed by somebody else" in made.detail
    with pytest.raises(Refused):
        await remediation.roll_back(end.name, world.click(STRANGER))


async def test_an_object_that_changed_before_the_write_is_left_alone() -> None:
    """Between approval and write somebody was there: nothing is forced."""
    world = World()
    remediation = world.process()
    change = await proposed(world, remediation)
    notes = {"traefik.ingress.kubernetes.io/service.nativelb": "false"}

    def somebody(what: str) -> None:
        if what == "after write":
            world.wire.next = lambda _: None
            world.writer.put(SERVICE, a_service(metadata={"annotations": notes}))

    world.wire.next = somebody
    await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    end = await remediation.show(change.name)
    assert end.state is ChangeState.FAILED
    assert "was changed by somebody else" in end.history.entries[-1].note
    assert world.annotation() == "false"


async def test_an_outage_in_the_middle_is_waited_for() -> None:
    """Nothing is forgotten, and the next look goes on."""
    world = World()
    remediation = world.process()
    change = await proposed(world, remediation)

    def fails(what: str) -> None:
        if what == "before step" and world.store.kept[change.name].state is ChangeState.APPLYING:
            outage(what)

    world.wire.next = fails
    await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    assert (await remediation.show(change.name)).state is ChangeState.APPLYING
    world.wire.next = lambda _: None
    await remediation.reconciler.go_on()
    await remediation.reconciler.wait()
    assert (await remediation.show(change.name)).state is ChangeState.DONE


async def test_a_taking_back_that_was_cut_off_is_finished_whatever_is_seen_then() -> None:
    """Half undone is neither: it was decided, and saved before anything was undone."""
    world = World()
    world.verifier.helps = False
    remediation = world.process()
    change = await proposed(world, remediation)

    def cut(what: str) -> None:
        if what == "before write" and len(world.writer.effects) > 1:
            outage(what)

    world.wire.next = cut
    await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    assert (await remediation.show(change.name)).state is ChangeState.VERIFYING
    world.wire.next = lambda _: None
    world.verifier.helps = True
    second = world.process()
    await second.reconciler.go_on()
    await second.reconciler.wait()
    assert (await second.show(change.name)).state is ChangeState.ROLLED_BACK
    assert len(world.writer.effects) == 2


async def test_what_was_approved_before_a_restart_is_looked_at_again_before_it_is_done() -> None:
    world = World()
    remediation = world.process()
    change = await proposed(world, remediation)
    await remediation.journal.move(change, ChangeState.APPROVED, str(BELA))
    world.context_reader.more = {"diagnosis": with_effect(Effect.USELESS)}
    second = world.process()
    await second.reconciler.go_on()
    await second.reconciler.wait()
    assert (await second.show(change.name)).state is ChangeState.APPROVED
    world.passes(minutes=20)
    await second.reconciler.go_on()
    assert (await second.show(change.name)).state is ChangeState.EXPIRED
    assert not world.writer.effects


async def test_what_is_for_a_time_goes_back_when_the_time_is_over() -> None:
    world = World()
    remediation = world.process()
    end = await approved(world, remediation)
    for_a_day = world.store.kept[end.name]
    plan = msgspec.structs.replace(for_a_day.plan, returns_after=60)
    world.store.kept[end.name] = msgspec.structs.replace(for_a_day, plan=plan)
    world.passes(minutes=59)
    await remediation.reconciler.go_on()
    assert (await remediation.show(end.name)).state is ChangeState.DONE
    assert (await remediation.show(end.name)).returns_at == world.now + timedelta(minutes=1)
    world.passes(minutes=1)
    await remediation.reconciler.go_on()
    await remediation.reconciler.wait()
    assert (await remediation.show(end.name)).state is ChangeState.ROLLED_BACK
    assert world.annotation() is None


async def test_the_same_proposal_is_shown_again_and_not_made_twice() -> None:
    world = World()
    remediation = world.process()
    first, second = await proposed(world, remediation), await proposed(world, remediation)
    assert first.name == second.name
    third = await proposed(world, remediation, Method.CONVERSION)
    assert third.name != first.name
    assert (await remediation.show(first.name)).state is ChangeState.REJECTED


async def test_a_process_that_does_not_act_writes_nothing() -> None:
    world = World()
    leader = world.process()
    change = await proposed(world, leader)
    await leader.journal.move(change, ChangeState.APPROVED, str(BELA))
    paused = world.process(may_act=lambda: False)
    await paused.reconciler.go_on()
    await paused.reconciler.wait()
    assert not world.writer.effects


@pytest.mark.parametrize("field", ["was", "to"])
async def test_a_change_whose_steps_were_tampered_with_is_refused(field: str) -> None:
    """Whoever can write Changes cannot make the bot write something else."""
    world = World()
    remediation = world.process()
    change = await proposed(world, remediation)
    (step,) = change.plan.steps
    other = '{"other.example/annotation": "x"}'
    tampered = msgspec.structs.replace(step, **{field: other})
    plan = msgspec.structs.replace(change.plan, steps=(tampered,))
    now = world.store.kept[change.name]
    world.store.kept[change.name] = msgspec.structs.replace(now, plan=plan)
    await remediation.journal.move(
        await remediation.show(change.name), ChangeState.APPROVED, str(BELA)
    )
    approved_one = await remediation.show(change.name)
    await remediation.executor.apply(approved_one)
    assert (await remediation.show(change.name)).state in (
        ChangeState.ROLLED_BACK,
        ChangeState.FAILED,
    )
    assert not world.writer.effects


async def test_what_waits_is_named_until_it_is_over() -> None:
    """Digests say it: an approval that expires, and a change that is for a time only."""
    world = World()
    remediation = world.process()
    change = await proposed(world, remediation)
    (line,) = waiting(await remediation.every(), world.now)
    assert line.endswith("waits for an approver until 2026-11-23 12:15 UTC")
    assert waiting(await remediation.every(), change.expires) == ()
    await remediation.decide(change.name, world.click(BELA), approve=True)
    await remediation.reconciler.wait()
    assert waiting(await remediation.every(), world.now) == ()
    done = world.store.kept[change.name]
    plan = msgspec.structs.replace(done.plan, returns_after=60)
    world.store.kept[change.name] = msgspec.structs.replace(done, plan=plan)
    (line,) = waiting(await remediation.every(), world.now)
    assert line.endswith("it is put back at 2026-11-23 13:00 UTC")


def person(fickle: Fickle, user: int = BELA) -> AbstractContextManager[None]:
    """A click of somebody who was an approver by then."""
    return acting_as(fickle.person(user, Role.APPROVER))


def by_role(world: World) -> RemediationService:
    """A process whose approvers are named by a role."""
    made = world.process()
    made.roles = BY_ROLE
    return made


def role_click(world: World, user: int = BELA) -> Click:
    return Click(user, frozenset({APPROVER}), world.now)


async def test_who_lost_the_role_while_it_was_looked_at_again_approves_nothing() -> None:
    """The click had the role; what counts is the moment of the write."""
    world, fickle = World(), Fickle(frozenset())
    remediation = by_role(world)
    change = await proposed(world, remediation)
    with person(fickle), pytest.raises(Refused, match="no longer have the role approver"):
        await remediation.decide(change.name, role_click(world), approve=True)
    assert fickle.asked == [BELA], "once, and no earlier than it counts"
    assert (await remediation.show(change.name)).state is ChangeState.PROPOSED
    assert not world.writer.effects
    fickle.roles = frozenset({APPROVER})
    with person(fickle):
        made = await remediation.decide(change.name, role_click(world), approve=True)
    assert isinstance(made, Change)


async def test_an_approved_change_is_carried_out_though_the_approver_lost_the_role() -> None:
    """The approval is stored, and any process carries it out."""
    world, fickle = World(), Fickle(frozenset({APPROVER}))
    remediation = by_role(world)
    change = await proposed(world, remediation)
    with person(fickle):
        await remediation.decide(change.name, role_click(world), approve=True)
        fickle.roles = frozenset()
        fickle.now += 600
        await remediation.reconciler.wait()
    assert (await remediation.show(change.name)).state is ChangeState.DONE
    assert fickle.asked == [BELA]


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        (None, "could not be asked.*role approver could not be confirmed"),
        ((), "no longer have the role approver"),
    ],
)
async def test_a_person_who_is_not_known_to_be_an_approver_now_decides_nothing(
    roles: tuple[int, ...] | None, why: str
) -> None:
    """Neither to approve, to reject nor to take back; a new plan takes no place either."""
    world, fickle = World(), Fickle(frozenset({APPROVER}))
    remediation = by_role(world)
    change = await proposed(world, remediation)
    fickle.roles, fickle.silent = frozenset(roles or ()), roles is None
    for approve in (True, False):
        with person(fickle), pytest.raises(Refused, match=why):
            await remediation.decide(change.name, role_click(world), approve=approve)
    world.context_reader.more = {"diagnosis": with_effect(Effect.UNKNOWN)}
    with person(fickle), pytest.raises(Refused, match=why):
        await remediation.decide(change.name, role_click(world), approve=True)
    world.context_reader.more = {}
    assert (await remediation.show(change.name)).state is ChangeState.PROPOSED
    assert len(await remediation.every()) == 1
    await remediation.decide(change.name, role_click(world), approve=True)
    await remediation.reconciler.wait()
    with person(fickle), pytest.raises(Refused, match=why):
        await remediation.roll_back(change.name, role_click(world))
    await remediation.reconciler.go_on()
    await remediation.reconciler.wait()
    assert (await remediation.show(change.name)).state is ChangeState.DONE


async def test_an_operators_proposal_does_not_end_somebody_elses() -> None:
    """Who asked for it may replace it, and so may an approver; the role is asked for again."""
    world, fickle = World(), Fickle()
    remediation = by_role(world)
    first = await proposed(world, remediation, Method.ANNOTATION)
    with (
        acting_as(fickle.person(STRANGER)),
        pytest.raises(InputError, match=f"{first.name} is proposed.*somebody else"),
    ):
        await remediation.propose(ASKED, Method.CONVERSION, str(STRANGER))
    held = frozenset({APPROVER})
    with (
        acting_as(fickle.person(BELA)),
        pytest.raises(Refused, match="no longer have the role approver"),
    ):
        await remediation.propose(ASKED, Method.CONVERSION, str(BELA), roles=held)
    assert (await remediation.show(first.name)).state is ChangeState.PROPOSED
    assert len(await remediation.every()) == 1
    second = await proposed(world, remediation, Method.CONVERSION)
    assert (await remediation.show(first.name)).state is ChangeState.REJECTED
    fickle.roles = held
    with acting_as(fickle.person(BELA)):
        third = await remediation.propose(ASKED, Method.ANNOTATION, str(BELA), roles=held)
    assert isinstance(third, Proposal)
    assert (await remediation.show(second.name)).state is ChangeState.REJECTED


async def test_a_person_who_lost_the_operator_role_proposes_nothing() -> None:
    world, fickle = World(), Fickle(frozenset())
    remediation = by_role(world)
    with (
        acting_as(fickle.person(STRANGER)),
        pytest.raises(Refused, match="no longer have the role operator"),
    ):
        await remediation.propose(ASKED, Method.ANNOTATION, str(STRANGER))
    assert not world.store.kept
