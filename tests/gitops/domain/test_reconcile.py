"""What asks Flux to look again."""

from bot.domain.finding import Target
from bot.gitops.domain.reconcile import annotated_for_reconcile


def test_the_source_is_asked_first():
    """Else Flux would apply the commit that it had before."""
    live = {
        "metadata": {"namespace": "flux-system", "name": "apps"},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "home"}},
    }
    assert annotated_for_reconcile(live) == (
        Target("GitRepository", "flux-system", "home", "source.toolkit.fluxcd.io"),
        Target("Kustomization", "flux-system", "apps", "kustomize.toolkit.fluxcd.io"),
    )
