"""What asks Flux to look again, and what keeps it away from one object."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.change.step import Target
from bot.core.gitops.reconciling import (
    DISABLED,
    REQUESTED,
    Request,
    applied,
    before,
    handled,
    held,
    hold,
    holding,
    requests,
)

AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
TOKEN = "2026-11-26T12:00:00Z"
COMMIT = "0123456789" * 4


def test_the_source_is_asked_first():
    """Else Flux would apply the commit that it had before."""
    live = {
        "metadata": {"namespace": "flux-system", "name": "apps"},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "home"}},
    }
    assert requests(live, TOKEN) == (
        Request(
            Target("GitRepository", "flux-system", "home", "source.toolkit.fluxcd.io"),
            REQUESTED,
            TOKEN,
        ),
        Request(
            Target("Kustomization", "flux-system", "apps", "kustomize.toolkit.fluxcd.io"),
            REQUESTED,
            TOKEN,
        ),
    )


def test_a_request_is_handled_when_its_own_token_stands_in_the_status():
    """An earlier one's is not ours."""
    assert handled({"status": {"lastHandledReconcileAt": TOKEN}}, TOKEN)
    assert not handled({"status": {"lastHandledReconcileAt": "yesterday"}}, TOKEN)
    assert not handled({}, TOKEN)


@pytest.mark.parametrize("revision", [f"main@sha1:{COMMIT}", f"main/{COMMIT}"])
def test_a_commit_is_applied_where_the_status_names_it(revision: str):
    """As Flux 2 and its elder write revisions; a piece of a commit is none."""
    live = {"status": {"lastAppliedRevision": revision}}
    assert applied(live, COMMIT)
    assert not applied(live, COMMIT[::-1])
    assert not applied(live, COMMIT[-7:])
    assert not applied(live, "")


def test_an_object_is_held_and_given_back_as_it_was():
    """What stood in the annotation before, comes back."""
    live: dict[str, object] = {"metadata": {"annotations": {DISABLED: "enabled", "a": "b"}}}
    assert before(live) == {DISABLED: "enabled"}
    assert not held(live)
    assert held({"metadata": {"annotations": {"a": "b", **holding()}}})
    assert held({"metadata": {"annotations": {DISABLED: "Disabled"}}})
    assert before({"metadata": {}}) == {}


def test_a_hold_ends_at_its_time():
    """And not before."""
    made = hold(Target("IngressRoute", "apps", "web", "traefik.io"), AT, timedelta(days=7))
    assert not made.over(AT + timedelta(days=7, seconds=-1))
    assert made.over(AT + timedelta(days=7))
