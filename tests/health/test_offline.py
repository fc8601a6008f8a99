"""Judging saved objects without a cluster."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.temporary import LABELS, NAMESPACE
from bot.domain.verdict import Verdict
from bot.health.offline import TYPES, ObjectVerdict, judge, newest_moment
from tests.builders import Plain, a_pod, an_object
from tests.net.networks import a_service, a_slice, an_endpoint

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def one(plain: object, **rest: Any) -> ObjectVerdict:
    (found,) = judge([plain], **rest)
    return found


def conditioned(kind: str, api_version: str, *conditions: Plain, **meta: Any) -> Plain:
    made = an_object(kind, "x", api_version, status={"conditions": list(conditions)})
    return {**made, "metadata": {**made["metadata"], **meta}}


READY = {"type": "Ready", "status": "True", "reason": "Fine", "message": "All is well."}
UNREADY = {"type": "Ready", "status": "False", "reason": "Broken", "message": "It is not."}


def test_one_verdict_for_each_object_in_order_with_duplicates() -> None:
    """Nothing is lost, merged or sorted."""
    pods = [a_pod("b"), a_pod("a"), a_pod("b"), "text", {}]
    found = judge(pods)
    assert [each.name for each in found] == ["b", "a", "b", "", ""]
    assert [each.kind for each in found] == ["Pod", "Pod", "Pod", "", ""]


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        ([], "NotAnObject"),
        ("text", "NotAnObject"),
        (7, "NotAnObject"),
        (None, "NotAnObject"),
        ({}, "NoKind"),
        ({"kind": 7}, "NoKind"),
        ({"kind": "Widget", "apiVersion": "example.org/v1"}, "NoCheck"),
        ({"kind": "ConfigMap", "apiVersion": "example.org/v1"}, "NoCheck"),
    ],
)
def test_what_cannot_be_judged_is_unknown_and_says_why(plain: object, reason: str) -> None:
    """Never healthy, never an error."""
    found = one(plain)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, reason)
    assert found.message


@pytest.mark.parametrize(
    ("kind", "api_version"),
    [
        ("Service", "serving.knative.dev/v1"),
        ("Machine", "cluster.x-k8s.io/v1beta1"),
        ("Ingress", "config.openshift.io/v1"),
    ],
)
def test_a_kind_of_another_group_is_judged_by_its_conditions(kind: str, api_version: str) -> None:
    """A Service of Knative is not ours; its Ready condition speaks for it."""
    assert one(conditioned(kind, api_version, READY)).verdict is Verdict.HEALTHY
    found = one(conditioned(kind, api_version, UNREADY))
    assert (found.verdict, found.reason, found.message) == (Verdict.FAILED, "Broken", "It is not.")


@pytest.mark.parametrize("type_", ["Available", "Established", "Synced"])
def test_an_api_or_a_definition_is_judged_by_being_served(type_: str) -> None:
    """What an APIService and a CustomResourceDefinition have in place of Ready."""
    served = conditioned("Anything", "example.io/v1", {"type": type_, "status": "True"})
    unserved = conditioned("Anything", "example.io/v1", {"type": type_, "status": "False"})
    assert (one(served).verdict, one(unserved).verdict) == (Verdict.HEALTHY, Verdict.FAILED)


@pytest.mark.parametrize("api_version", ["extensions/v1beta1", "networking.k8s.io/v1", ""])
def test_elder_groups_and_no_group_are_ours(api_version: str) -> None:
    """Saved objects are of every age, and list items of built-in kinds name no version."""
    ingress = an_object("Ingress", "x", api_version, spec={"backend": {"serviceName": "web"}})
    assert one(ingress).reason == "NoAddress"


def test_an_object_of_a_test_is_judged_where_somebody_gives_it() -> None:
    """A report leaves it out; who names a file wants a verdict on each object in it."""
    pod = a_pod(waiting="CrashLoopBackOff")
    pod["metadata"] |= {"namespace": NAMESPACE, "labels": LABELS}
    assert one(pod).verdict is Verdict.FAILED


def test_references_within_one_input_are_honoured() -> None:
    """A Service is judged by the slices that were given with it."""
    down = a_slice("web", an_endpoint(ready=False))
    service, _ = judge([a_service(), down])
    assert (service.verdict, service.reason) == (Verdict.FAILED, "NoReadyEndpoints")


def test_the_time_is_the_newest_that_the_objects_tell_of() -> None:
    """A saved object has not aged; an expiry date in the future is no moment of saving."""
    plain = {
        "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"startTime": "2030-01-01T00:00:00Z"},
        "status": {
            "notAfter": "2031-01-01T00:00:00Z",
            "conditions": [{"lastTransitionTime": "2026-11-23T12:00:00Z"}],
            "startTime": "yesterday",
        },
    }
    assert newest_moment([plain, "text"]) == NOON
    assert newest_moment([{}]) is None


def test_each_file_is_judged_at_its_own_newest_moment() -> None:
    """A file of years ago has not aged because a younger one was given beside it."""
    old = a_pod("old", waiting="ContainerCreating")
    old["status"]["conditions"][0]["lastTransitionTime"] = "2020-01-01T00:00:00Z"
    old["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "ContainerCreating"}}
    apart = judge([old, a_pod("new")], counts=(1, 1))
    together = judge([old, a_pod("new")])
    assert [each.verdict for each in apart] == [Verdict.PROGRESSING, Verdict.HEALTHY]
    assert [each.verdict for each in together] == [Verdict.DEGRADED, Verdict.HEALTHY]


def test_files_are_one_cluster_all_the_same() -> None:
    """Services in one file are judged by the slices in another."""
    down = a_slice("web", an_endpoint(ready=False))
    assert judge([a_service(), down], counts=(1, 1))[0].reason == "NoReadyEndpoints"


def test_a_refresh_that_did_not_come_is_late_only_where_the_time_was_told() -> None:
    """A saved ExternalSecret may have been refreshed since; at a time that is told it was not."""
    secret = conditioned("ExternalSecret", "external-secrets.io/v1", READY)
    secret |= {"spec": {"refreshInterval": "1h"}}
    secret["status"]["refreshTime"] = "2026-11-23T06:00:00Z"
    assert one(secret, now=NOON).verdict is Verdict.HEALTHY
    assert one(secret, now=NOON, timely=True).reason == "RefreshLate"


def test_a_kind_that_has_no_status_is_well_by_being_there() -> None:
    """A ConfigMap among saved objects does not make all of them unknown."""
    assert one(an_object("ConfigMap", "x")).verdict is Verdict.HEALTHY
    gone = an_object("ConfigMap", "x")
    gone["metadata"] |= {"deletionTimestamp": "2026-11-23T11:59:00Z"}
    assert one(gone, now=NOON).verdict is Verdict.PROGRESSING


@pytest.mark.parametrize("kind", ["ImageUpdateAutomation", "Receiver"])
def test_any_kind_of_flux_may_be_suspended(kind: str) -> None:
    """Those that no check covers too; what suspend means elsewhere is not ours to say."""
    for version, verdict in (
        ("image.toolkit.fluxcd.io/v1", Verdict.SUSPENDED),
        ("example.org/v1", Verdict.HEALTHY),
    ):
        held = conditioned(kind, version, READY) | {"spec": {"suspend": True}}
        assert one(held).verdict is verdict


def test_now_decides_whether_a_thing_takes_too_long() -> None:
    """Under way when it was saved, degraded when judged an hour later."""
    pod = a_pod("web", waiting="ContainerCreating")
    assert one(pod).verdict is Verdict.PROGRESSING
    assert one(pod, now=NOON.replace(hour=13)).verdict is Verdict.DEGRADED


def test_a_healthy_verdict_is_in_the_words_of_the_ready_condition() -> None:
    """The reason and message of what says so."""
    pod = a_pod()
    pod["status"]["conditions"] = [READY]
    assert (one(pod).reason, one(pod).message) == ("Fine", "All is well.")


@pytest.mark.parametrize("kind", ["Node", "Widget"])
def test_an_unquoted_status_of_a_condition_is_understood(kind: str) -> None:
    """YAML takes True for a boolean; who writes a file by hand means the word."""
    for status, verdict in ((True, Verdict.HEALTHY), (False, Verdict.FAILED)):
        written = conditioned(kind, "v1", {"type": "Ready", "status": status})
        assert one(written).verdict is verdict


def test_an_object_that_cannot_be_read_whole_is_never_healthy() -> None:
    """A field of the wrong type is named."""
    pod = {**a_pod(), "status": {**a_pod()["status"], "initContainerStatuses": "none"}}
    found = one(pod)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "Malformed")
    assert "initContainerStatuses" in found.message


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=5),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(["metadata", "spec", "status", "conditions", "name", "type", "ports"])
            | some.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)
KINDS = some.sampled_from([*TYPES, "Odd"])
PARTS = some.dictionaries(some.sampled_from(["metadata", "spec", "status", "subsets"]), JSON)
OBJECTS = some.builds(lambda kind, parts: {**parts, "kind": kind}, KINDS, PARTS)


@given(some.lists(JSON | OBJECTS))
def test_any_objects_are_judged_one_for_one(plain: list[object]) -> None:
    """Missing, null, wrongly typed and unknown fields: a verdict for each, and no error."""
    found = judge(plain)
    assert len(found) == len(plain)
    assert all(isinstance(each.verdict, Verdict) for each in found)


@pytest.mark.parametrize(
    "document",
    [
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"},
        {
            "apiVersion": "kustomize.config.k8s.io/v1alpha1",
            "kind": "Component",
            "resources": ["a.yaml"],
            "metadata": {"name": "a"},
        },
    ],
)
def test_a_file_for_kustomize_is_no_unknown_kind(document: dict[str, object]) -> None:
    """It stands beside the objects in every repository of Flux."""
    judged = one(document)
    assert judged.verdict is Verdict.HEALTHY
    assert "kustomize" in judged.message


def an_event(kind: str, name: str, message: str, **rest: Any) -> Plain:
    about = {"kind": kind, "name": name, "namespace": "apps"}
    event = an_object("Event", f"{name}.1")
    return {**event, "involvedObject": about, "type": "Warning", "message": message, **rest}


UNSYNCED = conditioned(
    "ExternalSecret",
    "external-secrets.io/v1",
    {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "no data"},
)


def test_an_event_in_the_same_file_tells_the_reason() -> None:
    """Also in its newer form; what it is about is told of it, and it is no trouble itself."""
    event = an_event("ExternalSecret", "x", "permission denied", reason="UpdateFailed")
    newer = {**event, "apiVersion": "events.k8s.io/v1", "note": event.pop("message")}
    newer["regarding"] = newer.pop("involvedObject")
    for each in (
        an_event("ExternalSecret", "x", "permission denied", reason="UpdateFailed"),
        newer,
    ):
        found, noted = judge([UNSYNCED, each])
        assert found.message == "no data: permission denied"
        assert noted.verdict is Verdict.HEALTHY
        assert noted.message == "It is a note about ExternalSecret apps/x."


def test_a_warning_about_an_object_that_the_file_lacks_is_not_healthy() -> None:
    """Whoever judges events alone wants to hear of them."""
    warning = an_event("Pod", "web", "Back-off restarting failed container", reason="BackOff")
    assert (one(warning).verdict, one(warning).reason) == (Verdict.UNKNOWN, "BackOff")
    assert "Back-off restarting" in one(warning).message
    assert one({**warning, "type": "Normal"}).verdict is Verdict.HEALTHY


def test_a_kustomization_without_a_kind_is_a_file_for_kustomize() -> None:
    """Kustomize allows that; any other field beside them makes it an unknown thing."""
    found = one({"resources": ["a.yaml"], "namespace": "apps"})
    assert (found.verdict, found.reason) == (Verdict.HEALTHY, "NoStatusNeeded")
    assert one({"resources": ["a.yaml"], "replicaCount": 1}).reason == "NoKind"


def test_a_generator_of_external_secrets_has_no_status() -> None:
    """Each of them is a kind of its own."""
    password = an_object("Password", "pw", "generators.external-secrets.io/v1alpha1")
    assert one(password).verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    ("kind", "api_version"),
    [
        ("Alert", "notification.toolkit.fluxcd.io/v1beta3"),
        ("Provider", "notification.toolkit.fluxcd.io/v1beta3"),
        ("HelmChartConfig", "helm.cattle.io/v1"),
        ("Addon", "k3s.cattle.io/v1"),
        ("L2Advertisement", "metallb.io/v1beta1"),
    ],
)
def test_a_setting_that_no_controller_writes_a_status_of_is_well(
    kind: str, api_version: str
) -> None:
    """Of a version that still wrote one, its Ready counts."""
    assert one(an_object(kind, "x", api_version)).verdict is Verdict.HEALTHY
    failing = {"type": "Ready", "status": "False", "reason": "Failed", "message": "no provider"}
    assert one(conditioned(kind, api_version, failing)).verdict is Verdict.FAILED


def test_a_kind_without_a_check_says_by_its_own_conditions_what_is_wrong() -> None:
    """k3s of a HelmChart, and Tailscale's operator by one condition that is about being ready."""
    failed = {"type": "Failed", "status": "True", "reason": "Job", "message": "backoff limit"}
    chart = conditioned("HelmChart", "helm.cattle.io/v1", failed)
    assert (one(chart).verdict, one(chart).message) == (Verdict.FAILED, "backoff limit")
    fine = conditioned("HelmChart", "helm.cattle.io/v1", {**failed, "status": "False"})
    assert one(fine).reason == "NoCheck"
    said = {"type": "ConnectorReady", "status": "False", "reason": "Invalid", "message": "no tags"}
    connector = conditioned("Connector", "tailscale.com/v1alpha1", said)
    assert (one(connector).verdict, one(connector).message) == (Verdict.FAILED, "no tags")


def test_a_condition_that_something_is_not_ready_is_never_healthy() -> None:
    """Its name ends like one that it is."""
    entry = {"type": "NotReady", "status": "True", "reason": "Down"}
    found = one(conditioned("Machine", "example.org/v1", entry))
    assert found.verdict is not Verdict.HEALTHY
