"""What an approved change may write, each tried with the bot's real token as `meshmedic:approver`.

Every request really writes, or is refused by RBAC or by the admission policy of the component.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.approving import (
    APPLY,
    KEPT_BY,
    NATIVE_LB,
    OURS,
    OWNER,
    RECONCILE,
    Request,
    an_event,
    an_ingress,
    an_ingress_route,
    annotated,
    certificates,
    create,
    delete,
    ingresses,
    marked,
    merge,
    put_back,
    routes,
    services,
    step,
)
from tests.cluster.asking import APPROVER, APPROVER_SUBJECT, RBAC, Somebody, service_account
from tests.cluster.conftest import RealCluster
from tests.cluster.deployed import LISTED, install_kinds, install_only, until
from tests.cluster.scene import RESTRICTED, named, set_the_scene, within
from tests.cluster.test_rbac import CHANGE, ENTRY, STATUS


@pytest.fixture(scope="module")
def bot(
    real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory, admin: Somebody
) -> Iterator[Somebody]:
    """The account with the component, for the namespaces that the example lists.

    Two bindings are somebody's mistakes, mended at the end: kube-system is listed, and in `apps`
    the approver may do whatever the namespace's administrator may.
    """
    install_kinds(real, data)
    install_only(real, tmp_path_factory.mktemp("approver"), ("remediation",), bindings=LISTED)
    set_the_scene(real)
    mistakes = {"kube-system": "meshmedic-approver", "apps": "admin"}
    for namespace, name in mistakes.items():
        role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
        mistake = named(
            f"{RBAC}/v1", "RoleBinding", "mistake", roleRef=role, subjects=[APPROVER_SUBJECT]
        )
        real.apply(within(namespace, mistake))
    made = service_account(real, "meshmedic", "meshmedic")
    # A policy acts a moment after it was made: until then the mistakes above would be allowed.
    wrong = merge(f"{services('apps')}/web", {"metadata": {"labels": {"policy": "absent"}}})
    until(lambda: made.acting(APPROVER).ask(*wrong).code == 422)
    yield made
    for namespace in mistakes:
        real.kubectl("delete", "rolebinding", "mistake", "-n", namespace)


@pytest.fixture
def approver(bot: Somebody, admin: Somebody) -> Somebody:
    """The bot in the approver's name, in front of a namespace as it was."""
    put_back(admin, "apps")
    return bot.acting(APPROVER)


HAND_OVER = {"meshmedic.dev/hand-over": "traefik.io"}
SERVICE = f"{services('apps')}/written"
ROUTE = f"{routes('apps')}/web"
FIRST = "/spec/routes/0"
OF_INGRESS = f"{certificates('apps')}/of-an-ingress"
EVENTS = "/api/v1/namespaces/apps/events"
APPLIED = named("v1", "Service", "written") | {
    "metadata": {"name": "written", "annotations": {NATIVE_LB: "true"}}
}

MAY: dict[str, Request] = {
    "switch nativeLB of a Service": merge(SERVICE, annotated(NATIVE_LB, "true")),
    "switch it back": merge(SERVICE, annotated(NATIVE_LB, None)),
    "apply the annotation": ("PATCH", f"{SERVICE}?fieldManager=meshmedic", APPLIED, APPLY),
    "switch nativeLB of a route": step("add", ROUTE, f"{FIRST}/services/0/nativeLB", value=True),
    "set a route's priority": step("add", ROUTE, f"{FIRST}/priority", value=42),
    "begin the hand-over of an Ingress": merge(
        f"{ingresses('apps')}/web", {"metadata": {"labels": HAND_OVER}}
    ),
    "begin it on the way back": merge(
        f"{routes('apps')}/ours", {"metadata": {"labels": HAND_OVER}}
    ),
    "take its own away again": delete(f"{routes('apps')}/ours"),
    "delete an Ingress in the hand-over": delete(f"{ingresses('apps')}/web"),
    "keep Flux off a route": merge(ROUTE, annotated(RECONCILE, "disabled")),
    "let a Certificate stay when its Ingress goes": merge(
        OF_INGRESS, {"metadata": {"ownerReferences": None}}
    ),
    "record what was done": create(EVENTS, an_event("meshmedic")),
}


@pytest.mark.parametrize("what", MAY)
def test_an_approved_change_may(what: str, approver: Somebody) -> None:
    """Each thing that a plan step or its undoing does."""
    answer = approver.ask(*MAY[what])
    assert answer.done, answer.said


HIDDEN = marked(an_ingress_route("made", kind="TraefikService", name="api@internal"), labels=OURS)
ELSEWHERE = marked(an_ingress_route("made", namespace="media"), labels=OURS)

NOT_OF_A_SERVICE: dict[str, Request] = {
    "another annotation": merge(SERVICE, annotated("other", "true")),
    "Flux's annotation": merge(SERVICE, annotated(RECONCILE, "disabled")),
    "a label": merge(SERVICE, {"metadata": {"labels": {"a": "b"}}}),
    "its selector": merge(SERVICE, {"spec": {"selector": {"a": "other"}}}),
    "its port": merge(SERVICE, {"spec": {"ports": [{"port": 81}]}}),
    "its type": merge(SERVICE, {"spec": {"type": "ExternalName", "externalName": "a.example"}}),
    "a finalizer": merge(SERVICE, {"metadata": {"finalizers": ["a.example/b"]}}),
    "an owner": merge(SERVICE, {"metadata": {"ownerReferences": OWNER}}),
    "its port beside the annotation": merge(
        SERVICE, annotated(NATIVE_LB, "true") | {"spec": {"ports": [{"port": 81}]}}
    ),
}
NOT_OF_A_ROUTE: dict[str, Request] = {
    "its rule": step("replace", ROUTE, f"{FIRST}/match", value="Host(`c.example`)"),
    "one rule fewer": step("remove", ROUTE, "/spec/routes/1"),
    "one rule more": step("copy", ROUTE, "/spec/routes/-", from_=FIRST),
    "the order of its rules": step("move", ROUTE, "/spec/routes/1", from_=FIRST),
    "its middlewares": step("add", ROUTE, f"{FIRST}/middlewares", value=[{"name": "a"}]),
    "its Service": step("replace", ROUTE, f"{FIRST}/services/0/name", value="other"),
    "its Service's port": step("replace", ROUTE, f"{FIRST}/services/0/port", value=81),
    "its Service's weight": step("add", ROUTE, f"{FIRST}/services/0/weight", value=9),
    "one Service fewer": step("remove", ROUTE, f"{FIRST}/services/1"),
    "no Services": step("remove", ROUTE, f"{FIRST}/services"),
    "its entry points": step("replace", ROUTE, "/spec/entryPoints", value=["websecure"]),
    "TLS": step("add", ROUTE, "/spec/tls", value={"secretName": "precious"}),
    "another annotation": merge(ROUTE, annotated(NATIVE_LB, "true")),
    "an owner": merge(ROUTE, {"metadata": {"ownerReferences": OWNER}}),
    "the label that lets it be deleted": merge(ROUTE, {"metadata": {"labels": OURS}}),
}
NOT_OF_A_CERTIFICATE: dict[str, Request] = {
    "its Secret": merge(OF_INGRESS, {"spec": {"secretName": "precious"}}),
    "an annotation": merge(OF_INGRESS, annotated("a", "b")),
    "another owner": merge(OF_INGRESS, {"metadata": {"ownerReferences": OWNER}}),
    "an owner that is no Ingress": merge(
        f"{certificates('apps')}/of-a-node", {"metadata": {"ownerReferences": None}}
    ),
}
NOT_TO_MAKE_OR_DELETE: dict[str, tuple[Request, str]] = {
    "create an IngressRoute without the label": (
        create(routes("apps"), an_ingress_route("made")),
        "is created with the label",
    ),
    "publish Traefik's own API": (create(routes("apps"), HIDDEN), "Services of its own namespace"),
    "publish another namespace": (
        create(routes("apps"), ELSEWHERE),
        "Services of its own namespace",
    ),
    "delete an IngressRoute of somebody else": (delete(ROUTE), "is deleted"),
    **{
        f"delete an Ingress that is kept ({name})": (
            delete(f"{ingresses('apps')}/{name}"),
            "that Flux, Helm or another object keeps",
        )
        for name in KEPT_BY
    },
    "write an Ingress": (
        merge(f"{ingresses('apps')}/web", {"spec": {"ingressClassName": "a"}}),
        "of an Ingress only the label",
    ),
    "label an Ingress for another group": (
        merge(f"{ingresses('apps')}/web", {"metadata": {"labels": dict.fromkeys(HAND_OVER, "a")}}),
        "names the API group of the IngressRoutes",
    ),
    "create an Ingress of its own": (
        create(ingresses("apps"), an_ingress("made")),
        "only put back",
    ),
}
NO_STEP: dict[str, Request] = {
    "delete a Service": delete(SERVICE),
    "create a ConfigMap": create(
        "/api/v1/namespaces/apps/configmaps", named("v1", "ConfigMap", "m")
    ),
    "create a pod": create(
        "/api/v1/namespaces/apps/pods", named("v1", "Pod", "made", spec=RESTRICTED)
    ),
    "run a command in a pod": create(
        "/api/v1/namespaces/apps/pods/web/exec?command=id&stdout=true", {}
    ),
}
REFUSED: dict[str, tuple[Request, str]] = {
    **{
        f"write of a Service {what}": (asked, "of a Service only the annotation")
        for what, asked in NOT_OF_A_SERVICE.items()
    },
    **{
        f"write of an IngressRoute {what}": (asked, "of an IngressRoute only priority")
        for what, asked in NOT_OF_A_ROUTE.items()
    },
    **{
        f"write of a Certificate {what}": (asked, "of a Certificate only its owner")
        for what, asked in NOT_OF_A_CERTIFICATE.items()
    },
    "record something in another name": (
        create(EVENTS, an_event("kubelet")),
        "in meshmedic's name",
    ),
    **NOT_TO_MAKE_OR_DELETE,
    **{
        f"{what} where RBAC lets it": (asked, "no plan step does")
        for what, asked in NO_STEP.items()
    },
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_admission_policy_refuses_to(what: str, approver: Somebody, admin: Somebody) -> None:
    """RBAC allows each of these requests, and an administrator's would be done."""
    asked, why = REFUSED[what]
    refused = approver.ask(*asked)
    assert (refused.code, why in refused.said) == (422, True), refused
    method, path, body, content_type = asked
    if "/exec" not in path:
        dry = admin.ask(method, f"{path}?dryRun=All", body, content_type)
        assert dry.done, dry.said


@pytest.mark.parametrize("namespace", ["kube-system", "default", "meshmedic"])
def test_a_namespace_that_is_not_listed_is_not_written(
    namespace: str, bot: Somebody, admin: Somebody
) -> None:
    """RBAC refuses it; and kube-system is refused by the policy also where somebody listed it."""
    put_back(admin, namespace)
    refused = bot.acting(APPROVER).ask(
        *merge(f"{services(namespace)}/written", annotated(NATIVE_LB, "true"))
    )
    code, why = (
        (422, "never writes in kube-system")
        if namespace == "kube-system"
        else (403, 'User "meshmedic:approver" cannot patch')
    )
    assert (refused.code, why in refused.said) == (code, True), refused


def test_without_the_approvers_name_the_account_writes_nothing(
    bot: Somebody, approver: Somebody
) -> None:
    """The same requests under its own name."""
    for what, asked in MAY.items():
        assert bot.ask(*asked).code == 403, what


CHANGES = "/apis/meshmedic.dev/v1alpha1/namespaces/meshmedic/changes"
ONE = f"{CHANGES}/recorded"
APPROVED = [ENTRY, ENTRY | {"seq": 1, "state": "Approved", "by": "100000000000000002"}]
STATES = "application/merge-patch+json"
NOT_DONE = (403, 422)


def moved(at: str = f"{ONE}/status") -> Request:
    """Somebody writes that an approver approved."""
    return "PATCH", at, {"status": {"state": "Approved", "history": APPROVED}}, STATES


def test_a_change_is_made_and_moved_by_the_bot_alone(bot: Somebody, admin: Somebody) -> None:
    """Its state says that a person approved it: whoever could write that would approve."""
    other = CHANGE | {"metadata": {"name": "somebody-elses"}}
    dry = f"{CHANGES}?dryRun=All"
    until(lambda: admin.ask("POST", dry, other).code == 422)
    admin.ask("DELETE", ONE)
    made = bot.ask("POST", CHANGES, CHANGE)
    assert made.done, made.said
    assert bot.ask("PUT", f"{ONE}/status", made.body | STATUS).done
    whole = bot.ask("GET", ONE).body
    copied = {**whole, "metadata": {"name": "copied"}}
    by_put = whole | {"status": {"state": "Approved", "history": APPROVED}}
    applied = CHANGE | {"status": by_put["status"]}
    for who in (admin, bot.acting(APPROVER)):
        for asked in (
            create(CHANGES, other),
            create(CHANGES, copied),
            ("PATCH", f"{CHANGES}/somebody-elses?fieldManager=kubectl&force=true", other, APPLY),
            moved(),
            ("PUT", f"{ONE}/status", by_put),
            ("PATCH", f"{ONE}/status?fieldManager=kubectl&force=true", applied, APPLY),
        ):
            assert who.ask(*asked).code in NOT_DONE, asked
    # The plan is not changed by anybody, and what is written beside the status does not move it.
    assert admin.ask("PUT", ONE, by_put).body["status"]["state"] == "Proposed"
    mine = whole | {"spec": whole["spec"] | {"target": "Service media/web"}}
    assert admin.ask("PUT", ONE, mine).code == 422
    whole = bot.ask("GET", ONE).body
    assert bot.ask("PUT", f"{ONE}/status", whole | {"status": by_put["status"]}).done
    assert admin.ask("DELETE", ONE).done
    assert admin.ask("POST", CHANGES.replace("/meshmedic/changes", "/apps/changes"), CHANGE).done


def test_the_api_server_sees_who_approved(bot: Somebody) -> None:
    """User, group and the Discord id arrive together."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    seen = bot.acting(APPROVER).ask("POST", path, review).body["status"]["userInfo"]
    assert seen["username"] == "meshmedic:approver"
    assert set(seen["groups"]) == {"meshmedic:approvers", "system:authenticated"}
    assert seen["extra"] == {"discord-id": ["100000000000000002"]}


@pytest.mark.parametrize(
    "more",
    [
        {"Impersonate-User": "system:admin"},
        {"Impersonate-User": "meshmedic:approver2"},
        {"Impersonate-User": "system:serviceaccount:kube-system:default"},
        {"Impersonate-Group": "system:masters"},
        {"Impersonate-Uid": "a"},
        {"Impersonate-Extra-scopes": "a"},
    ],
    ids=["an administrator", "a like name", "an account", "a group", "a uid", "another extra"],
)
def test_nobody_else_is_impersonated(more: dict[str, str], bot: Somebody) -> None:
    """Each beside what is allowed, or in its place."""
    refused = bot.acting(APPROVER | more).ask("GET", f"{services('apps')}/web")
    assert (refused.code, "cannot impersonate" in refused.said) == (403, True), refused
