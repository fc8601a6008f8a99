"""What is wrong with a Service, and with its endpoints."""

from bot.domain.situation.phrase import phrase

PHRASES = (
    phrase("has no ready pod", "NoReadyEndpoints"),
    phrase("selects no pod", "NoPods"),
    phrase("has only pods that are ending", "OnlyTerminating"),
    phrase("is scaled to zero", "ScaledToZero"),
    phrase("has no address", "NoAddress", "NoAddresses"),
    phrase("has a port name that its endpoints lack", "PortNamesDiffer"),
    phrase("sends to a port that no container declares", "TargetPortNotExposed"),
    phrase("has endpoints that can't be seen", "EndpointSlicesNotSeen"),
    phrase("isn't ready", "NotReady"),
)
