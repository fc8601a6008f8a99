"""What asks Flux to look again."""

from bot.domain.finding import Target
from bot.gitops.domain.reconcile import REQUESTED, ReconcileRequest, requests

TOKEN = "2026-11-26T12:00:00Z"


def test_the_source_is_asked_first():
    """Else Flux would apply the commit that it had before."""
    live = {
        "metadata": {"namespace": "flux-system", "name": "apps"},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "home"}},
    }
    assert requests(live, TOKEN) == (
        ReconcileRequest(
            Target("GitRepository", "flux-system", "home", "source.toolkit.fluxcd.io"),
            REQUESTED,
            TOKEN,
        ),
        ReconcileRequest(
            Target("Kustomization", "flux-system", "apps", "kustomize.toolkit.fluxcd.io"),
            REQUESTED,
            TOKEN,
        ),
    )
