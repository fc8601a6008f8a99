"""ExternalSecrets of both scopes, PushSecrets, and the Secrets that they leave behind."""

from typing import Any

import pytest

from bot.domain.finding import Judgement, Ref
from bot.domain.resources import core
from bot.domain.resources.external_secrets import ExternalSecret, PushSecret
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from bot.health.checks import external_secrets, injected_secrets, push_secrets
from bot.health.offline import type_of
from tests.builders import Plain, an_object
from tests.health.checks.conditioned import ESO, a_thing, said
from tests.net.networks import ago, judged

SYNCED = said("Ready", reason="SecretSynced")
SECRET = an_object("Secret", "env")
STORE = {"secretStoreRef": {"kind": "SecretStore", "name": "vault"}, "refreshInterval": "1h"}


def external(*conditions: Plain, others: tuple[Plain, ...] = (SECRET,), **rest: Any) -> Judgement:
    spec = {**STORE, **rest.pop("spec", {})}
    unseen = rest.pop("unseen", ())
    plain = a_thing("ExternalSecret", "env", ESO, *conditions, spec=spec, **rest)
    return judged(external_secrets.judge, plain, *others, unseen=unseen)


def test_a_synced_one_whose_secret_is_there_is_healthy() -> None:
    """Refreshed within its interval."""
    assert external(SYNCED, refreshTime=ago(minutes=40)).verdict is Verdict.HEALTHY


def test_one_that_cannot_be_synced_is_failed_and_follows_its_store() -> None:
    """In the operator's words."""
    found = external(said("Ready", "False", reason="SecretSyncedError", message="denied"))
    assert (found.verdict, found.reason) == (Verdict.FAILED, "SecretSyncedError")
    assert found.follows == (Ref("SecretStore", "apps", "vault"),)


def test_ready_true_because_the_secret_was_deleted_is_failed() -> None:
    """The operator calls that Ready."""
    assert external(said("Ready", reason="SecretDeleted")).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("reason", "policy", "verdict"),
    [
        ("SecretDeleted", "Delete", Verdict.DEGRADED),
        ("SecretDeleted", "Retain", Verdict.FAILED),
        ("SecretDeleted", "Merge", Verdict.FAILED),
        ("SecretMissing", "Delete", Verdict.FAILED),
    ],
)
def test_a_deletion_that_its_policy_asked_for_is_degraded_at_most(
    reason: str, policy: str, verdict: Verdict
) -> None:
    """With the policy's name; any other absence of the Secret is a failure."""
    spec = {"target": {"name": "env", "deletionPolicy": policy}}
    found = external(said("Ready", reason=reason), others=(), spec=spec)
    assert (found.verdict, found.reason) == (verdict, reason)
    assert ("deletionPolicy: Delete" in found.message) is (verdict is Verdict.DEGRADED)


def test_a_secret_that_is_not_there_belies_ready() -> None:
    """Only where Secrets are listed: what was not read proves nothing."""
    found = external(SYNCED, others=())
    assert (found.verdict, found.reason) == (Verdict.FAILED, "SecretNotFound")
    blind = external(SYNCED, others=(), unseen=(core.SecretName,))
    assert blind.verdict is Verdict.HEALTHY
    keeper = external(SYNCED, others=(), spec={"target": {"creationPolicy": "Merge"}})
    assert keeper.verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("interval", "policy", "verdict"),
    [
        ("1h", "", Verdict.DEGRADED),
        ("90m", "", Verdict.HEALTHY),
        ("0", "", Verdict.HEALTHY),
        ("often", "", Verdict.HEALTHY),
        ("1h", "CreatedOnce", Verdict.HEALTHY),
    ],
)
def test_a_refresh_is_late_after_twice_its_interval(
    interval: str, policy: str, verdict: Verdict
) -> None:
    """Refreshed 150 minutes ago; zero, nonsense and CreatedOnce ask for no refresh."""
    spec = {"refreshInterval": interval, "refreshPolicy": policy}
    assert external(SYNCED, spec=spec, refreshTime=ago(minutes=150)).verdict is verdict


def everywhere(*conditions: Plain, **status: Any) -> Judgement:
    plain = a_thing("ClusterExternalSecret", "env", ESO, *conditions, namespace="", **status)
    return judged(external_secrets.judge_everywhere, plain)


def test_a_cluster_external_secret_names_the_namespaces_that_failed() -> None:
    """Some is degraded, all is failed."""
    failed = [{"namespace": "media", "reason": "SecretStore not found"}]
    unready = said("Ready", "False", reason="NamespacesFailed")
    some = everywhere(unready, failedNamespaces=failed, provisionedNamespaces=["apps"])
    assert some.verdict is Verdict.DEGRADED
    assert [each.label for each in some.evidence] == ["namespace media"]
    assert some.message == "Failed namespaces: 1 (namespace media: SecretStore not found)."
    worded = everywhere(said("Ready", "False", message="some failed."), failedNamespaces=failed)
    assert worded.message == "some failed (namespace media: SecretStore not found)."
    assert everywhere(unready, failedNamespaces=failed).verdict is Verdict.FAILED
    assert everywhere(said("Ready")).verdict is Verdict.HEALTHY


def test_a_push_that_failed_is_failed() -> None:
    """PushSecrets speak by Ready too."""
    plain = a_thing(
        "PushSecret",
        "out",
        "external-secrets.io/v1alpha1",
        said("Ready", "False", reason="Errored"),
    )
    assert judged(push_secrets.CHECK.judges[type_of(plain)], plain).verdict is Verdict.FAILED


def injected(*others: Plain, labels: Plain | None = None, **rest: Any) -> Judgement:
    plain = an_object("Secret", "env")
    managed = {"reconcile.external-secrets.io/managed": "true"}
    plain["metadata"]["labels"] = managed if labels is None else labels
    return judged(injected_secrets.judge, plain, *others, **rest)


def test_an_injected_secret_whose_maker_is_gone_is_degraded() -> None:
    """It still works today, and nobody refreshes it."""
    assert injected().reason == "Orphaned"
    assert injected().verdict is Verdict.DEGRADED


def test_an_injected_secret_with_a_maker_is_healthy() -> None:
    """Of its own name, or one that targets it."""
    same = a_thing("ExternalSecret", "env", ESO, SYNCED)
    other = a_thing("ExternalSecret", "other", ESO, SYNCED, spec={"target": {"name": "env"}})
    elsewhere = a_thing("ExternalSecret", "env", ESO, SYNCED, spec={"target": {"name": "x"}})
    assert injected(same).verdict is Verdict.HEALTHY
    assert injected(other).verdict is Verdict.HEALTHY
    assert injected(elsewhere).verdict is Verdict.DEGRADED


def test_a_secret_is_no_orphan_where_makers_were_not_seen_or_it_is_not_managed() -> None:
    """Absence is evidence only where one looked."""
    assert injected(unseen=(ExternalSecret,)).verdict is Verdict.HEALTHY
    assert injected(labels={}).verdict is Verdict.HEALTHY


@pytest.mark.parametrize("entries", ["data", "dataFrom"])
def test_a_store_that_only_an_entry_names_is_followed(entries: str) -> None:
    """`sourceRef.storeRef` takes the place of secretStoreRef."""
    own = [{"sourceRef": {"storeRef": {"kind": "ClusterSecretStore", "name": "aws"}}}]
    spec = {"secretStoreRef": None, entries: own}
    found = external(said("Ready", "False", reason="SecretSyncedError"), spec=spec)
    assert found.follows == (Ref("ClusterSecretStore", "", "aws"),)


def test_a_generator_is_no_store() -> None:
    """It has neither a status nor a provider."""
    own = [{"sourceRef": {"generatorRef": {"kind": "Password", "name": "pw"}}}]
    spec = {"secretStoreRef": None, "dataFrom": own}
    assert external(said("Ready", "False", reason="x"), spec=spec).follows == ()


def test_one_that_makes_another_kind_misses_no_secret() -> None:
    """External Secrets 2 writes whatever `target.manifest` names."""
    manifest = {"apiVersion": "v1", "kind": "ConfigMap"}
    found = external(SYNCED, others=(), spec={"target": {"name": "env", "manifest": manifest}})
    assert found.verdict is Verdict.HEALTHY


def a_push(*keys: str, **rest: Any) -> Plain:
    refs = [{"match": {"secretKey": "a", "remoteRef": {"remoteKey": key}}} for key in keys]
    spec = {"data": refs, "secretStoreRefs": [{"kind": "ClusterSecretStore", "name": "here"}]}
    condition = said("Ready", reason="Synced", **rest)
    return a_thing("PushSecret", "push", "external-secrets.io/v1alpha1", condition, spec=spec)


def test_what_a_push_secret_writes_is_no_orphan() -> None:
    """It copies the label of its source, into whichever namespace its store stands for."""
    copy = an_object("Secret", "copy", namespace="elsewhere")
    copy["metadata"]["labels"] = {injected_secrets.MANAGED: "true"}
    assert judged(injected_secrets.judge, copy, a_push("copy")).verdict is Verdict.HEALTHY
    assert judged(injected_secrets.judge, copy, a_push("other")).reason == "Orphaned"
    blind = judged(injected_secrets.judge, copy, unseen=(PushSecret,))
    assert blind.verdict is Verdict.UNKNOWN


def test_a_push_secret_follows_the_stores_that_it_pushes_to() -> None:
    """A store that does not answer is why nothing is pushed."""
    failed = a_push("copy")
    failed["status"]["conditions"][0] |= {"status": "False", "reason": "Errored"}
    found = judged(push_secrets.judge, failed)
    assert (found.verdict, found.reason) == (Verdict.FAILED, "Errored")
    assert found.follows == (Ref("ClusterSecretStore", "", "here"),)


def test_an_orphan_is_found_without_push_secrets_and_unknown_where_they_are_not_seen() -> None:
    """A kind that is not installed has no objects."""
    orphan = an_object("Secret", "gone")
    orphan["metadata"]["labels"] = {injected_secrets.MANAGED: "true"}
    for why, verdict in (
        (Why.NOT_INSTALLED, Verdict.DEGRADED),
        (Why.FORBIDDEN, Verdict.UNKNOWN),
        (Why.UNREACHABLE, Verdict.UNKNOWN),
    ):
        gaps = (Gap("PushSecret", why),)
        found = judged(injected_secrets.judge, orphan, unseen=(PushSecret,), gaps=gaps)
        assert found.verdict is verdict


def test_an_interval_of_any_length_is_no_error() -> None:
    """Longer than any clock counts."""
    for interval in ("999999999h", "999999999h" * 20, "999999999h" * 900):
        found = external(SYNCED, refreshTime=ago(minutes=40), spec={"refreshInterval": interval})
        assert found.verdict is Verdict.HEALTHY
