"""The person behind an interaction, about whom Discord is asked before each write."""

import asyncio

import pytest

from bot.chat.person import FRESH
from bot.domain.authorization import Members, Role, Roles
from bot.domain.principal import acting_as, authorize, refusal
from bot.errors import Refused
from tests.people import APPROVER, OPERATOR, USER, Fickle


async def test_many_writes_at_once_are_one_question() -> None:
    """The pods of a test are made at once, and Discord limits how often it is asked."""
    fickle = Fickle()
    with acting_as(fickle.person()):
        await asyncio.gather(*(authorize() for _ in range(50)))
        assert fickle.asked == [USER]
        fickle.now += FRESH
        await authorize()
    assert fickle.asked == [USER] * 2


class Slow(Fickle):
    """A Discord whose answers take longer than they count."""

    async def __call__(self, user: int, /) -> frozenset[int] | None:
        await asyncio.sleep(0)
        self.now += 2 * FRESH
        return await super().__call__(user)


async def test_many_writes_at_once_are_few_questions_of_a_slow_discord() -> None:
    """Whoever waits has the answer to a question that was asked since; else each waits for all."""
    slow = Slow()
    with acting_as(slow.person()):
        await asyncio.gather(*(authorize() for _ in range(50)))
        assert len(slow.asked) == 1
        await authorize()
    assert len(slow.asked) == 2
    assert slow.now == 4 * FRESH


async def test_what_waits_in_a_queue_is_asked_about_when_its_turn_comes() -> None:
    """A task that was started for somebody acts for them, however late."""
    fickle, turn = Fickle(), asyncio.Event()

    async def write() -> None:
        await turn.wait()
        await authorize()

    with acting_as(fickle.person()):
        await authorize()
        waiting = asyncio.create_task(write())
    fickle.now += 600
    fickle.roles = frozenset()
    turn.set()
    with pytest.raises(Refused, match="no longer have the role operator, so nothing was written"):
        await waiting


async def test_once_refused_an_interaction_writes_no_more_and_shows_no_answer() -> None:
    """Though somebody caught the refusal, and the role came back: half of it is not the whole."""
    fickle = Fickle()
    fickle.silent = True
    with acting_as(fickle.person()):
        assert refusal() is None
        with pytest.raises(
            Refused, match=r"could not be asked.*role operator could not be confirmed"
        ):
            await authorize()
        fickle.silent = False
        with pytest.raises(Refused, match="could not be asked"):
            await authorize()
        assert isinstance(refusal(), Refused)
    assert fickle.asked == [USER]
    with acting_as(fickle.person()):
        await authorize()


@pytest.mark.parametrize(
    ("held", "needed", "more", "may"),
    [
        ({OPERATOR}, Role.OPERATOR, Role.VIEWER, True),
        ({APPROVER}, Role.OPERATOR, Role.VIEWER, True),
        ({OPERATOR}, Role.OPERATOR, Role.APPROVER, False),
        ({OPERATOR}, Role.APPROVER, Role.VIEWER, False),
        ({APPROVER}, Role.OPERATOR, Role.APPROVER, True),
        (set(), Role.VIEWER, Role.VIEWER, False),
        (None, Role.VIEWER, Role.VIEWER, False),
    ],
)
async def test_both_the_commands_role_and_the_writes_are_needed(
    held: set[int] | None, needed: Role, more: Role, may: bool
) -> None:
    fickle = Fickle(None if held is None else frozenset(held))
    with acting_as(fickle.person(needed=needed)):
        if may:
            await authorize(more)
            return
        with pytest.raises(Refused):
            await authorize(more)


async def test_a_person_named_by_user_id_needs_no_role_but_has_to_be_a_member() -> None:
    """An owner without roles; who was thrown out of the server is none any more."""
    fickle = Fickle(frozenset())
    owner = Roles(operators=Members(frozenset({USER})))
    person = fickle.person()
    person.roles = owner
    with acting_as(person):
        await authorize()
        fickle.now += FRESH
        fickle.roles = None
        with pytest.raises(Refused, match="no longer a member of this server"):
            await authorize()
