"""A Kubernetes Event on the route for every end of a change, beside the Change itself.

Written as the approver identity: the bot's own account creates nothing in people's namespaces.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from bot.errors import ClusterError
from bot.kube.change_writer import headers
from bot.kube.client import Api
from bot.kube.configmap_store import QUICK
from bot.kube.paths import path
from bot.remediation.change.change import Change
from bot.remediation.change.states import ChangeState

log = logging.getLogger(__name__)

TOLD = (ChangeState.APPROVED, ChangeState.DONE, ChangeState.ROLLED_BACK, ChangeState.FAILED)
LONGEST = 1000
"""Characters of a message; an Event takes 1,024."""


class ChangeEvents:
    """Listens to changes."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def tell(self, change: Change) -> None:
        """Record it. What cannot be recorded is in the Change all the same."""
        if change.state not in TOLD or not change.plan.steps:
            return
        made = event(change, datetime.now(UTC))
        events = path("/api/v1/namespaces", made["metadata"]["namespace"], "events")
        by = change.who(ChangeState.APPROVED) or change.requester
        try:
            await self._api.send("POST", events, made, headers=headers(by), total=QUICK)
        except ClusterError as error:
            log.warning("no event was recorded for change %s: %s", change.name, error)


def event(change: Change, at: datetime) -> dict[str, Any]:
    """A core/v1 Event about the object of the last step, which is the route or its Service."""
    about = change.plan.steps[-1].object
    last = change.history.entries[-1]
    api_version = {"Service": "v1", "Ingress": "networking.k8s.io/v1"}.get(
        about.kind, f"{about.group}/v1alpha1"
    )
    when = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    what = f"{change.plan.target}: {last.note}" if last.note else change.plan.target
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "meshmedic-", "namespace": about.namespace},
        "involvedObject": {
            "apiVersion": api_version,
            "kind": about.kind,
            "name": about.name,
            "namespace": about.namespace,
        },
        "reason": f"Change{change.state}",
        "message": f"{change.name} by {last.by}: {what}"[:LONGEST],
        "type": "Warning" if change.state is ChangeState.FAILED else "Normal",
        "source": {"component": "meshmedic"},
        "firstTimestamp": when,
        "lastTimestamp": when,
        "count": 1,
    }
