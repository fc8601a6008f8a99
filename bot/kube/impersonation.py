"""The one identity that writes what was approved, with the Discord id of who did.

Source: design, "/fix": impersonation is attribution, and RBAC with an admission policy narrows what
it may do (deploy/components/remediation). One group, so that plain headers say all.
"""

from __future__ import annotations

from collections.abc import Mapping

USER, GROUP = "meshmedic:approver", "meshmedic:approvers"
FIELD_MANAGER = "meshmedic-approver"
"""Who owns the fields that are written; nothing that Flux takes fields from by its name."""


def headers(discord_id: str) -> Mapping[str, str]:
    """What turns a request into one of that identity."""
    return {
        "Impersonate-User": USER,
        "Impersonate-Group": GROUP,
        "Impersonate-Extra-discord-id": discord_id,
    }
