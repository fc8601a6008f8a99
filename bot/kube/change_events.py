"""A Kubernetes Event on the route whenever a change is approved, done, rolled back or failed.

Written as the approver identity: the bot's own account creates nothing in people's namespaces.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from bot.errors import ClusterError
from bot.kube import events
from bot.kube.change_writer import headers
from bot.kube.client import Api
from bot.kube.configmap_store import QUICK
from bot.remediation.change.change import Change
from bot.remediation.change.states import ChangeState

log = logging.getLogger(__name__)

RECORDED = (ChangeState.APPROVED, ChangeState.DONE, ChangeState.ROLLED_BACK, ChangeState.FAILED)


class ChangeEvents:
    """Records Events about changes."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def record(self, change: Change) -> None:
        """Record the state of a change. A failure is only logged: the Change has it too."""
        if change.state not in RECORDED or not change.plan.steps:
            return
        body = event(change, datetime.now(UTC))
        recorded_in = events.collection(body["metadata"]["namespace"])
        by = change.who(ChangeState.APPROVED) or change.requester
        try:
            await self._api.send("POST", recorded_in, body, headers=headers(by), total=QUICK)
        except ClusterError as error:
            log.warning("no event was recorded for change %s: %s", change.name, error)


def event(change: Change, at: datetime) -> dict[str, Any]:
    """A core/v1 Event about the object of the last step, which is the route or its Service."""
    about = change.plan.steps[-1].object
    last = change.history.entries[-1]
    api_version = {"Service": "v1", "Ingress": "networking.k8s.io/v1"}.get(
        about.kind, f"{about.group}/v1alpha1"
    )
    subject = f"{change.plan.target}: {last.note}" if last.note else change.plan.target
    return events.event(
        {
            "apiVersion": api_version,
            "kind": about.kind,
            "name": about.name,
            "namespace": about.namespace,
        },
        f"Change{change.state}",
        f"{change.name} by {last.by}: {subject}",
        warning=change.state is ChangeState.FAILED,
        at=at,
    )
