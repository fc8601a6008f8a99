"""The bot's first message after its installation, posted once in the first channel that it knows.

Without a channel it waits until somebody chooses one.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from msgspec.structs import replace

from bot.chat.lost_channels import LostChannels
from bot.chat.outbox import Claim, Outbox
from bot.domain.election import Leadership
from bot.domain.record import Store
from bot.domain.report import Report
from bot.errors import MeshmedicError
from bot.setup.domain.choices import ChannelPurpose, ServerChoices
from bot.setup.domain.first_look import WELCOME, FirstLook, WelcomeRecord

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=10)
"""How long kinds that can't be read now hold the message back."""

AGAIN = timedelta(minutes=1)
"""Between two tries."""


class Looking(Protocol):
    """Makes reports of everything."""

    async def check(self) -> Report:
        """Examine the cluster."""
        ...


class WelcomePosts(Protocol):
    """Where the message goes. Each call raises MeshmedicError where Discord doesn't take it."""

    async def post(self, channel: int, look: FirstLook) -> int:
        """Post it; its id."""
        ...

    async def find(self, channel: int, since: datetime) -> int | None:
        """The id of the bot's own first message, if it is there."""
        ...


@dataclass(frozen=True, slots=True)
class _Posting:
    """The message on its way."""

    channel: int
    look: FirstLook
    before: WelcomeRecord


@dataclass
class Welcome(Outbox[_Posting]):
    """Posts the first message. `is_new` says whether the installation is."""

    store: Store
    channel: WelcomePosts
    lost: LostChannels
    leadership: Leadership
    health: Looking
    choices: Callable[[], ServerChoices]
    is_new: Callable[[], Awaitable[bool]]
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _over: bool = False
    _next: datetime | None = None
    _since: datetime | None = None

    async def turn(self) -> None:
        """Post it where it is owed; what fails is tried again in a minute."""
        now = self.clock()
        if self._over or (self._next and now < self._next) or not self.leadership.may_act():
            return
        self._next, self._since = now + AGAIN, self._since or now
        try:
            await self._turn(patient=now - self._since < PATIENCE)
        except MeshmedicError as error:
            log.warning("the first message waits: %s", error)

    async def _turn(self, *, patient: bool) -> None:
        record = await self.store.read(WELCOME) or await self._begun()
        self._over = record.over
        channel = self._place()
        if record.over or not channel:
            return
        report = (await self.health.check()).public
        if look := FirstLook.of(report, patient=patient):
            posting = _Posting(channel, look, record)
            if error := await self.lost.tried(channel, lambda: self.deliver(posting)):
                raise error

    def _place(self) -> int:
        choices = self.choices()
        return next(filter(None, map(choices.channel, ChannelPurpose)), 0)

    async def _begun(self) -> WelcomeRecord:
        made = WelcomeRecord(owed=await self.is_new())
        _before, record = await self.store.change(WELCOME, lambda old: old or made)
        return record

    async def claim(self, message: _Posting) -> Claim | None:
        """Unless another process claimed it just now, or it is over.

        A claim of another channel proves nothing of this one, in which nothing is looked for then.
        """
        now = self.clock()

        def change(old: WelcomeRecord | None) -> WelcomeRecord:
            return (old or message.before).claimed(message.channel, now)

        before, made = await self.store.change(WELCOME, change)
        if made == before:
            return None
        return Claim(made.at if made.renewed else None)

    async def find(self, message: _Posting, since: datetime) -> int | None:
        """In the channel of the claim, which is the message's."""
        return await self.channel.find(message.channel, since)

    async def post(self, message: _Posting) -> int:
        """As the channel does."""
        return await self.channel.post(message.channel, message.look)

    async def record(self, message: _Posting, posted: int, *, found: bool) -> None:
        """It is over."""
        del found

        def change(old: WelcomeRecord | None) -> WelcomeRecord:
            return replace(old or message.before, message=posted)

        await self.store.change(WELCOME, change)
        self._over = True
