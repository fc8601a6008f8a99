"""What is wrong with an object of any kind."""

from bot.domain.situation.phrase import phrase
from bot.domain.verdict import Verdict

PHRASES = (
    phrase("is being deleted", "Terminating", verdict=Verdict.PROGRESSING),
    phrase("doesn't end", "Terminating"),
    phrase("is being changed", "Reconciling", "NotObserved", verdict=Verdict.PROGRESSING),
    phrase("isn't taken up by its controller", "Reconciling", "NotObserved", "NoStatus"),
    phrase("is stuck", "Stalled"),
    phrase("is suspended", "Suspended"),
    phrase("has an unknown state", "ReadyUnknown"),
    phrase(
        "can't be emptied",
        "NamespaceContentRemaining",
        "NamespaceDeletionContentFailure",
        "NamespaceDeletionDiscoveryFailure",
        "NamespaceDeletionGroupVersionParsingFailure",
        "NamespaceFinalizersRemaining",
    ),
    phrase("could not be read", "Malformed", "NotAnObject"),
    phrase("isn't checked", "NoCheck", "NoKind", "NoStatusNeeded"),
    phrase("has a warning", "Warning"),
)
