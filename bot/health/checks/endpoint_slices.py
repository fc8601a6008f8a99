"""EndpointSlices, for `meshmedic judge`. Source: discovery.k8s.io/v1.

A Service may have several (one for each family of addresses): one ready endpoint in any is enough.
"""

from __future__ import annotations

from bot.domain.check import Check
from bot.domain.finding import HEALTHY, Judgement
from bot.domain.resources import discovery
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health import known_names
from bot.routing import service_endpoints as serving


def judge(slice_: discovery.EndpointSlice, snapshot: Snapshot) -> Judgement:
    """Degraded at most: it does not say whether its Service is meant to have any endpoint."""
    service = (slice_.metadata.labels or {}).get(serving.SERVICE_NAME, "")
    slices = snapshot.of(discovery.EndpointSlice).by_label(serving.SERVICE_NAME)
    state = serving.merged(slices.get((slice_.namespace, service), [slice_]))
    if state.ready:
        return HEALTHY
    if state.draining:
        message = "Its last endpoints are terminating."
        return Judgement(Verdict.DEGRADED, "OnlyTerminating", message)
    if state.unready:
        return Judgement(Verdict.DEGRADED, "NotReady", "None of its endpoints is ready.")
    return Judgement(Verdict.DEGRADED, "NoAddresses", "It has no endpoints.")


CHECK = Check(
    name="endpoint-slices",
    title="EndpointSlices without a ready endpoint.",
    judges={discovery.EndpointSlice: judge},
    documented_as="kubectl get endpointslices -A",
    advice="Find out why the pods of its Service are not ready.",
    known_as=known_names.service,
)
