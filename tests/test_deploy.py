"""The manifests allow exactly what the code asks for."""

from pathlib import Path

import yaml

from bot.core.kinds import KINDS

DEPLOY = Path(__file__).parents[1] / "deploy"


def rules(path: str) -> set[tuple[str, str, str]]:
    """Every (group, resource, verb) that the roles in a file give."""
    documents = yaml.safe_load_all((DEPLOY / path).read_text())
    return {
        (group, resource, verb)
        for document in documents
        for rule in document.get("rules", ())
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_base_role_reads_every_kind_that_is_checked_and_nothing_else():
    """No kind is forgotten, none is left over, and there is no verb that writes."""
    read = {
        (group, kind.plural, verb)
        for kind in KINDS
        if not kind.metadata_only
        for group in kind.groups
        for verb in ("get", "list", "watch")
    }
    details = {("", each, verb) for each in ("events", "pods/log") for verb in ("get", "list")}
    assert rules("base/rbac.yaml") == read | details


def test_secrets_are_only_in_the_component_that_says_what_it_costs():
    """The base install cannot read a Secret."""
    assert not any(resource == "secrets" for _, resource, _ in rules("base/rbac.yaml"))
    component = rules("components/secret-inventory/rbac.yaml")
    assert component == {("", "secrets", "list"), ("", "secrets", "watch")}


def test_one_process_at_a_time():
    """Two live processes would both answer one interaction."""
    deployment = yaml.safe_load((DEPLOY / "base/deployment.yaml").read_text())
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"]["type"] == "Recreate"
