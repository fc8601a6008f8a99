"""Faults that tests of routes proved, each once: the routes that fail by it follow from it.

It judges no object of its own: `bot.health.causes` makes the finding of what a test of a route
proved, where no other finding names the cause.
"""

from bot.domain.check import Check
from bot.health.causes import ROUTE_FAULTS
from bot.net.diagnosis.diagnosis import DIAGNOSES

CHECK = Check(
    name=ROUTE_FAULTS,
    scope="routes",
    title="Network and backend faults that route tests have proven.",
    judges={},
    documented_as="kubectl describe ingressroute -A",
    advice=(
        "Run `/net diagnose` on one of its routes, or on all: it names the place and the fix. "
        "Where nativeLB works around it, `/fix route` sets it."
    ),
    facts=(DIAGNOSES,),
)
