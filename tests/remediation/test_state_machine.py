"""Random clicks, crashes, outages, role changes and other people's writes, in any order.

Whatever happens: nothing is written without an approval in time, nothing twice, nothing forgotten,
and at no moment a Traefik that loads late has nothing that serves the route.
"""

from __future__ import annotations

import asyncio
import copy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from bot.errors import MeshmedicError
from bot.remediation.change.change import Change
from bot.remediation.change.marker import SUFFIX
from bot.remediation.change.plan import Method
from bot.remediation.change.states import MOVES, ChangeState
from bot.remediation.change.step import StepProgress
from bot.remediation.change.step_progress import objects, standing
from bot.remediation.service import Proposal, RemediationService
from bot.routing.native_lb import ANNOTATION
from tests.examples import examples
from tests.remediation.changes import ANNA, ASKED, BELA, SERVICE, STRANGER, Crash, World, outage

REQUESTS = st.integers(0, 75)
"""Before and after each request is a moment to fail in."""

DELAYS = st.integers(0, 60)
"""After how many requests Traefik has loaded what was written."""

WAYS = st.sampled_from([Method.ANNOTATION, Method.CONVERSION])
PEOPLE = st.sampled_from([ANNA, BELA, STRANGER])
FINAL = frozenset(each for each in ChangeState if not MOVES[each])


class Changes(RuleBasedStateMachine):
    """Two processes of which one acts at a time, and a world that does what it wants."""

    names = Bundle("names")

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.world.store.watch = self._watch
        self.leads = 0
        self.processes = [self._process(each) for each in (0, 1)]
        self.was = copy.deepcopy(self.world.writer.bare())
        self.meddled = False
        self.wrong: list[str] = []
        self.finals: dict[str, ChangeState] = {}

    def _watch(self, old: Change, new: Change) -> None:
        """Who approves may do so at that very moment; what is done stands.

        Noted rather than raised: what is carried out beside answers for its own errors.
        """
        if new.state is ChangeState.APPROVED is not old.state:
            if int(new.who(ChangeState.APPROVED)) not in self.world.approvers:
                self.wrong.append("approved by somebody who may not")
            if self.world.now >= new.expires:
                self.wrong.append("approved too late")
        if new.state is ChangeState.DONE is not old.state and not self.meddled:
            how = standing(new.plan.steps, {**dict.fromkeys(objects(new.plan.steps)), **self.live})
            if set(how) != {StepProgress.DONE}:
                self.wrong.append(f"done, and not all of it stands: {how}")

    @property
    def live(self) -> dict[Any, Any]:
        return self.world.writer.world

    def _process(self, number: int) -> RemediationService:
        return self.world.process(may_act=lambda: self.leads == number)

    @property
    def remediation(self) -> RemediationService:
        return self.processes[self.leads]

    def run(self, work: Any) -> Any:
        """Do it; a crash ends the process, and another one begins in its place."""

        async def whole() -> Any:
            found = await work
            await self.remediation.reconciler.wait()
            return found

        try:
            return self.loop.run_until_complete(whole())
        except MeshmedicError:
            self.loop.run_until_complete(self.remediation.reconciler.wait())
            return None
        except Crash:
            return None
        finally:
            self.world.wire.next = lambda _: None
            if self.crashed:
                self._bury()

    crashed = False

    def _bury(self) -> None:
        """What ran in the dead process runs no more."""
        self.crashed = False
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.processes[self.leads] = self._process(self.leads)

    @rule(
        target=names, way=st.sampled_from([None, Method.ANNOTATION, Method.CONVERSION]), who=PEOPLE
    )
    def propose(self, way: Method | None, who: int) -> Any:
        made = self.run(self.remediation.propose(ASKED, way, str(who)))
        return made.change.name if isinstance(made, Proposal) else multiple()

    @rule(name=names, who=PEOPLE, approve=st.booleans())
    def decide(self, name: str, who: int, approve: bool) -> None:
        self.run(self.remediation.decide(name, self.world.click(who), approve=approve))

    @rule(name=names)
    def two_click_at_once(self, name: str) -> None:
        async def both() -> None:
            clicks = [
                self.remediation.decide(name, self.world.click(who), approve=True)
                for who in (ANNA, BELA)
            ]
            await asyncio.gather(*clicks, return_exceptions=True)

        self.run(both())

    @rule(name=names, who=PEOPLE)
    def roll_back(self, name: str, who: int) -> None:
        self.run(self.remediation.roll_back(name, self.world.click(who)))

    @rule(of_ingresses=DELAYS, of_routes=DELAYS)
    def traefik_is_slower(self, of_ingresses: int, of_routes: int) -> None:
        """Each kind by itself; what it has loaded stays so."""
        self.world.traefik.slow("10.42.0.2", Ingress=of_ingresses, IngressRoute=of_routes)

    @rule(way=WAYS, after=REQUESTS, dies=st.booleans(), helps=st.booleans())
    def the_api_or_the_process_fails_while_it_is_carried_out(
        self, way: Method, after: int, dies: bool, helps: bool
    ) -> None:
        """The n-th request from the approval on; and again while somebody goes on with it."""
        self.world.approvers |= {ANNA, BELA}
        self.world.verifier.helps = helps
        made = self.run(self.remediation.propose(ASKED, way, str(ANNA)))
        if isinstance(made, Proposal):
            self._strike(after, dies=dies)
            self.run(
                self.remediation.decide(made.change.name, self.world.click(BELA), approve=True)
            )

    @rule(after=REQUESTS, dies=st.booleans())
    def or_while_it_is_taken_back(self, after: int, dies: bool) -> None:
        self.world.approvers |= {ANNA}
        for each in list(self.world.store.kept.values()):
            if each.state is ChangeState.DONE:
                self._strike(after, dies=dies)
                self.run(self.remediation.roll_back(each.name, self.world.click(ANNA)))

    @rule(after=REQUESTS, dies=st.booleans(), helps=st.booleans())
    def or_while_it_goes_on(self, after: int, dies: bool, helps: bool) -> None:
        self.world.verifier.helps = helps
        self._strike(after, dies=dies)
        self.run(self.remediation.reconciler.go_on())

    def _strike(self, after: int, *, dies: bool) -> None:
        """The n-th request from now: the process dies in it, or nobody answers any more."""
        left = [after]

        def strike(what: str) -> None:
            left[0] -= 1
            if left[0] < 0 and dies:
                self.crashed = True
                raise Crash
            if left[0] < 0 and what.startswith("before"):
                outage(what)

        self.world.wire.next = strike

    @rule()
    def go_on(self) -> None:
        self.run(self.remediation.reconciler.go_on())

    @rule()
    def another_takes_over(self) -> None:
        self.leads = 1 - self.leads

    @rule(minutes=st.sampled_from([1, 7, 16, 24 * 60, 8 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.world.passes(minutes=minutes)

    @rule(who=PEOPLE, is_one=st.booleans())
    def roles_change(self, who: int, is_one: bool) -> None:
        (self.world.approvers.add if is_one else self.world.approvers.discard)(who)

    @rule()
    def somebody_else_writes(self) -> None:
        """The same field, so that it is neither as it was nor as it shall be."""
        if made := copy.deepcopy(self.world.writer.world.get(SERVICE)):
            made["metadata"].setdefault("annotations", {})[ANNOTATION] = "false"
            self.world.writer.put(SERVICE, made)
            self.meddled = True

    @invariant()
    def nothing_is_written_without_an_approval_in_time(self) -> None:
        for name, _ in self.world.writer.effects:
            change = self.world.store.kept[name]
            assert change.entered(ChangeState.APPROVED), f"{name} was never approved"

    @invariant()
    def nothing_wrong_was_written(self) -> None:
        assert not self.wrong

    @invariant()
    def no_step_takes_effect_twice(self) -> None:
        """Once in each direction: whoever comes second finds it done."""
        done: dict[tuple[str, Any], int] = {}
        for key in self.world.writer.effects:
            done[key] = done.get(key, 0) + 1
        if not self.meddled:
            assert all(number == 1 for number in done.values()), done

    @invariant()
    def the_route_is_always_served(self) -> None:
        assert not self.world.traefik.unserved

    @invariant()
    def a_final_state_is_final(self) -> None:
        for name, change in self.world.store.kept.items():
            if name in self.finals:
                assert change.state is self.finals[name]
            if change.state in FINAL:
                self.finals[name] = change.state

    def teardown(self) -> None:
        """Let it all come to its end: every change does, and what went back is as it was."""
        if not hasattr(self, "world"):
            return
        self.world.wire.next = lambda _: None
        for _ in range(6):
            self.run(self.remediation.reconciler.go_on())
            self.world.passes(minutes=30)
        changes = self.world.store.kept.values()
        assert not [at for at in self.live if at.name.endswith(SUFFIX)]
        assert {each.state for each in changes} <= FINAL | {ChangeState.DONE}
        if not self.meddled and not any(map(_stands, changes)):
            assert self.world.writer.bare() == self.was
        self.loop.close()


def _stands(change: Change) -> bool:
    """Whether its effects are still there, or some of them may be."""
    return change.state in (ChangeState.DONE, ChangeState.FAILED)


Changes.TestCase.settings = settings(max_examples=examples(200), stateful_step_count=20)
TestChanges = Changes.TestCase
