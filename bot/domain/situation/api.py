"""What the bot can't see: the API server, or kinds of objects."""

from bot.domain.situation.phrase import phrase

PHRASES = (
    phrase("doesn't answer", "Unreachable"),
    phrase("answers with errors only", "ServerErrors"),
    phrase("refuses the bot", "NotAllowed"),
)

WATCH = (
    phrase("can't be seen any longer", "StaleWatch"),
    phrase("can't be seen in full", "NeverSeen"),
    phrase("may not be read in full", "Forbidden"),
)
