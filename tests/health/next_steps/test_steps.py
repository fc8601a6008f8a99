"""The step that fits the reason: its names, its number, and no hostile word in a command."""

import shlex
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.domain.incident import Alerts
from bot.alerting.domain.rules import Rules
from bot.alerting.domain.transitions import advance
from bot.domain.finding import Evidence, Finding, Ref
from bot.domain.report import Report, examine
from bot.domain.verdict import Verdict
from bot.health.checks import ALL_CHECKS, flux_helmreleases
from bot.health.next_steps import any_kind, steps
from bot.health.next_steps.steps import next_step
from bot.health.next_steps.template import Template, needs
from tests.builders import Plain
from tests.health.checks.conditioned import HELM, a_thing, said
from tests.net.networks import a_snapshot


def a_finding(
    check: str,
    kind: str,
    reason: str,
    message: str = "",
    *follows: Ref,
    name: str = "web",
    namespace: str = "apps",
    **evidence: str,
) -> Finding:
    """A finding on `apps/web`; evidence labels are written with _ for a space."""
    return Finding(
        check=check,
        subject=Ref(kind, namespace, name),
        verdict=Verdict.FAILED,
        reason=reason,
        message=message,
        evidence=tuple(Evidence(key.replace("_", " "), said) for key, said in evidence.items()),
        follows=follows,
    )


def shown(finding: Finding) -> str:
    """The sentences and the commands of its step."""
    step = next_step(finding)
    return "\n".join((step.text, *step.commands))


def test_a_crash_leads_to_the_log_before_the_restart() -> None:
    """Of the container that the finding names."""
    finding = a_finding("pods", "Pod", "CrashLoopBackOff", "It ended.", container="app")
    assert "kubectl -n apps logs web -c app --previous" in next_step(finding).commands


def test_a_kill_for_memory_names_the_limit() -> None:
    """Also where the pod's own reason is another one."""
    for reason in ("CrashLoopBackOff", "OOMKilled", "Error"):
        finding = a_finding(
            "pods",
            "Pod",
            reason,
            container="app",
            last_termination_of_app="OOMKilled, exit code 137",
            memory_limit_of_app="512Mi",
        )
        assert "memory limit of 512Mi" in shown(finding)
        assert "resources.limits.memory" in shown(finding)


def test_a_kill_without_a_limit_asks_for_one() -> None:
    """No number is made up."""
    finding = a_finding(
        "pods", "Pod", "OOMKilled", "Container app ended: OOMKilled", memory_limit_of_app="none"
    )
    assert "Set a memory limit" in shown(finding)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('Failed to pull image "ghcr.io/me/app:1": 401 Unauthorized', "pull Secret"),
        ('Failed to pull image "ghcr.io/me/app:1": manifest unknown', "has no ghcr.io/me/app:1"),
        ('Failed to pull image "ghcr.io/me/app:1": no such host', "cannot reach the registry"),
        ('Back-off pulling image "ghcr.io/me/app:1"', "Check that ghcr.io/me/app:1 exists"),
        ("Something else", "Check the image's name"),
    ],
)
def test_an_image_that_cannot_be_pulled_is_told_by_what_the_registry_says(
    message: str, words: str
) -> None:
    """Refused, not there, not reached, or not said."""
    for reason in ("ImagePullBackOff", "ErrImagePull"):
        assert words in shown(a_finding("pods", "Pod", reason, message))


def test_what_a_container_lacks_is_named() -> None:
    """The Secret or ConfigMap of the kubelet's message."""
    for kind in ("secret", "configmap"):
        message = f'{kind} "app-config" not found'
        finding = a_finding("pods", "Pod", "CreateContainerConfigError", message)
        assert f"kubectl -n apps get {kind} app-config" in next_step(finding).commands


def test_a_pending_helm_operation_is_not_mended_in_git() -> None:
    """Helm's history and a rollback, under each reason that helm-controller gives to it."""
    message = "another operation (install/upgrade/rollback) is in progress"
    for reason in ("UpgradeFailed", "InstallFailed", "RetriesExceeded"):
        finding = a_finding("flux-helmreleases", "HelmRelease", reason, message)
        assert next_step(finding).commands[:2] == (
            "helm -n apps history web",
            "helm -n apps rollback web",
        )


def pending(spec: Plain) -> Finding:
    """A HelmRelease of which an operation was interrupted."""
    words = "another operation (install/upgrade/rollback) is in progress"
    failed = said("Ready", "False", reason="UpgradeFailed", message=words)
    release = a_thing("HelmRelease", "web", HELM, failed, spec=spec)
    (finding,) = examine(a_snapshot(release), (flux_helmreleases.CHECK,)).findings
    return finding


def test_the_commands_name_the_release_as_helm_does() -> None:
    """By its release name, and in the namespace in which Helm keeps it; flux by its own name."""
    spec = {"releaseName": "site", "targetNamespace": "prod", "storageNamespace": "prod"}
    assert next_step(pending(spec)).commands == (
        "helm -n prod history site",
        "helm -n prod rollback site",
        "flux reconcile helmrelease web -n apps --reset --force",
    )
    assert next_step(pending({})).commands[0] == "helm -n apps history web"


def test_what_helm_keeps_elsewhere_than_it_installs_is_not_rolled_back_by_hand() -> None:
    """Helm's command line would install it beside what it keeps of it."""
    step = next_step(pending({"targetNamespace": "prod"}))
    assert step.commands == (
        "helm -n apps history prod-web",
        "kubectl -n apps get secrets -l owner=helm,name=prod-web",
        "flux reconcile helmrelease web -n apps --reset --force",
    )
    assert "Delete the Secret of the pending revision" in step.text


def test_an_alert_and_a_stored_report_know_the_names_of_a_release_too() -> None:
    """Most evidence is not stored."""
    finding = pending({"targetNamespace": "prod"})
    at = datetime(2026, 11, 1, tzinfo=UTC)
    report = Report(at, (finding,), (), {"HelmRelease": 1})
    rules = Rules(grace_else=timedelta())
    state = advance(Alerts(), report, rules)
    assert next_step(state.incidents[0].head).commands == next_step(finding).commands


def test_exhausted_retries_say_how_to_try_again() -> None:
    """What stopped is not started again by an edit in Git alone."""
    finding = a_finding(
        "flux-helmreleases", "HelmRelease", "RetriesExceeded", "context deadline exceeded"
    )
    assert "flux reconcile helmrelease web -n apps --reset --force" in next_step(finding).commands


def test_what_waits_for_a_dependency_sends_you_there() -> None:
    """By its message, else by what it follows from."""
    message = "dependency 'flux-system/infra' is not ready"
    finding = a_finding("flux-kustomizations", "Kustomization", "DependencyNotReady", message)
    assert "flux get kustomization infra -n flux-system" in next_step(finding).commands
    cause = Ref("GitRepository", "flux-system", "home")
    finding = a_finding("flux-kustomizations", "Kustomization", "ArtifactFailed", "none", cause)
    assert "flux get source git home -n flux-system" in next_step(finding).commands


def test_a_failing_health_check_names_the_object() -> None:
    """The one of Flux's message."""
    message = "timeout waiting for: [Deployment/shop/cart status: 'InProgress']"
    finding = a_finding("flux-kustomizations", "Kustomization", "HealthCheckFailed", message)
    assert "kubectl -n shop describe deployment cart" in next_step(finding).commands


def test_a_node_that_is_gone_leads_to_k3s_on_it() -> None:
    """Its name and the unit."""
    finding = a_finding("nodes", "Node", "NodeStatusUnknown", name="attic", namespace="")
    assert "attic" in shown(finding)
    assert "systemctl status k3s-agent" in shown(finding)


def test_a_certificate_is_renewed_after_its_challenge() -> None:
    """First why, then by whom."""
    challenge = Ref("Challenge", "apps", "web-1-2-3")
    finding = a_finding("certificates", "Certificate", "Expired", "", challenge)
    assert next_step(finding).commands == (
        "kubectl -n apps describe challenge web-1-2-3",
        "cmctl renew web -n apps",
    )


def test_a_reason_that_no_table_has_gets_the_advice_of_its_check() -> None:
    """Reasons come from controllers, too."""
    for check in ALL_CHECKS:
        finding = a_finding(check.name, "Thing", "NeverHeardOf")
        assert next_step(finding).text == check.advice.replace("`", "")
        assert next_step(finding).commands == ()


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["a; rm -rf /", "$(reboot)", "`id`", "a' b", "-n", "--all", "../x", "a|b", "x\ny", "{name}"]
    ),
)


@given(HOSTILE, HOSTILE, HOSTILE, st.sampled_from(sorted(steps.TABLES)), st.data())
def test_a_hostile_name_never_reaches_a_shell(
    name: str, other: str, said: str, check: str, data: st.DataObject
) -> None:
    """A command is the template's words and names that are one plain word each."""
    reason = data.draw(st.sampled_from(sorted(steps.TABLES[check])))
    kinds = ("Pod", "Node", "Issuer", "Challenge", "GitRepository", "Certificate")
    finding = a_finding(
        check,
        "Pod",
        reason,
        f'secret "{said}" not found image "{said}" dependency \'{other}/{said}\' OOMKilled',
        *(Ref(kind, other, said) for kind in kinds),
        name=name,
        namespace=other,
        container=said,
        memory_limit_of_app=said,
    )
    step = next_step(finding)
    for value in {name, other, said}:
        if len(value.strip()) > 3 and set(value) & set(" ;$`'\"|&<>(){}*?~!\\\n"):
            assert not any(value in line for line in step.commands)
    assert step.marked.count("`") % 2 == 0


def templates() -> list[tuple[str, str, Template]]:
    """Every template, with its check and reason."""
    tables = {**steps.TABLES, "any": any_kind.TABLE}
    return [
        (check, reason, template)
        for check, table in tables.items()
        for reason, entries in table.items()
        for template in entries
    ]


def test_every_template_is_a_sentence_and_its_commands_parse() -> None:
    """People read the one, a shell the other."""
    for check, reason, template in templates():
        assert template.text.endswith("."), (check, reason)
        for command in template.commands:
            names = dict.fromkeys(needs(command), "x")
            assert shlex.split(command.format_map(names)), (check, reason)


def test_every_check_of_the_tables_exists() -> None:
    """A check that is renamed takes its table along."""
    assert set(steps.TABLES) <= {check.name for check in ALL_CHECKS}


def test_a_command_is_one_of_a_shell() -> None:
    """What is asked of the bot in Discord stands in the text."""
    for table in steps.TABLES.values():
        commands = {line for known in table.values() for step in known for line in step.commands}
        assert not {line for line in commands if "/" in line.split()[0] or "`" in line}
    for reason in ("RefusedByTraefik", "WarnedByTraefik"):
        step = next_step(a_finding("routes-ingressroute", "IngressRoute", reason))
        assert "`/traefik describe` of `apps/web`" in step.marked
