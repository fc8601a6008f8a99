"""Faults that a test injects into one endpoint of the REST half, so many times."""

from dataclasses import dataclass

from tests.wire.recording import Endpoint
from tests.wire.world import Json

TOO_MANY = 429


@dataclass(slots=True)
class Fault:
    """What goes wrong at one endpoint.

    `after_effect`: the request takes effect, and only its reply is spoiled or lost.
    """

    endpoint: Endpoint
    status: int | None = None
    retry_after: float = 0.0
    everywhere: bool = False
    reset: bool = False
    delay: float = 0.0
    after_effect: bool = False
    left: int = 1
    hits: int = 0

    @property
    def spoils(self) -> bool:
        """Whether the reply is another than the true one; a mere delay spoils nothing."""
        return self.status is not None or self.reset


@dataclass(slots=True)
class Faults:
    """All faults that are still to come, oldest first."""

    pending: list[Fault]

    def add(self, fault: Fault) -> Fault:
        """Let it happen from now on; it counts its hits."""
        self.pending.append(fault)
        return fault

    def take(self, endpoint: Endpoint) -> Fault | None:
        """The fault that this request meets, used up by one."""
        for fault in self.pending:
            if fault.endpoint == endpoint and fault.left:
                fault.left -= 1
                fault.hits += 1
                return fault
        return None


def body(fault: Fault) -> Json:
    """What Discord says: its own words for 429, and no JSON object of use for 5xx."""
    if fault.status == TOO_MANY:
        return {
            "message": "You are being rate limited.",
            "retry_after": fault.retry_after,
            "global": fault.everywhere,
        }
    return {"message": f"{fault.status}: made to fail", "code": 0}


def headers(fault: Fault) -> dict[str, str]:
    """Without `Via` the library takes a 429 for a ban by the network in front of Discord."""
    if fault.status != TOO_MANY:
        return {}
    return {
        "Via": "1.1 google",
        "Retry-After": str(max(1, round(fault.retry_after))),
        "X-RateLimit-Scope": "global" if fault.everywhere else "user",
    }
