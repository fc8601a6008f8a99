"""How a message of the bot is claimed, and how it is known again in Discord.

A message has a mark: a short text that no other message has. Discord gets it as the nonce, and as
the numeric id of the message's first component, where people do not see it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

PATIENCE = timedelta(seconds=90)
"""How long a claimed message is left to the process that claimed it.

Longer than the log lines of an alert may take (`bot.alerting.discord_channel.LOG_SECONDS`) and then
two requests to Discord (`bot.chat.channel.SECONDS`), of a message and of what replaces it where it
is rejected: by then it has arrived, or never will. Also longer than a Lease outlives its holder.
"""

LONGEST_NONCE = 25
"""Characters. Source: Discord, "Create Message"."""

COMPONENT_IDS = range(1 << 16, 1 << 31)
"""The component ids of marks: 32 bits with a sign, and far above those that Discord counts out.

Source: Discord, "Anatomy of a Component".
"""


def left_alone(claimed: datetime, now: datetime) -> bool:
    """Whether a claimed message is left to the process that claimed it.

    Either way: a clock that was set back must not make it wait for ever.
    """
    return abs(now - claimed) < PATIENCE


def nonce(mark: str) -> str:
    """The mark in 25 characters, by which Discord takes two tries within minutes for one."""
    if len(mark) <= LONGEST_NONCE:
        return mark
    return hashlib.blake2b(mark.encode(), digest_size=12).hexdigest()


def component_id(mark: str) -> int:
    """The mark as the id of a component.

    Two marks have the same id with a probability of 1 in 2,147,418,112. A search sees 500 messages
    at most, of which each has one such id: it takes another message for the wanted one less than
    once in 4 million searches.
    """
    number = int.from_bytes(hashlib.blake2b(mark.encode(), digest_size=8).digest())
    return COMPONENT_IDS[number % len(COMPONENT_IDS)]
