"""The edit of a file: every byte but the intended ones stays, or there is a reason."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.gitops.native_lb_edit import EditResult, edit

HEAD = """\
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: web
  namespace: apps
"""


def a_route(spec: str) -> str:
    return HEAD + spec


def added(before: str, after: str) -> list[str]:
    """The lines that are new, where no other line changed."""
    old, new = before.split("\n"), after.split("\n")
    rest = list(new)
    for line in old:
        rest.remove(line)
    assert [line for line in new if line in old] == old
    return rest


def test_one_line_is_added_below_the_port_with_the_indentation_of_its_neighbours() -> None:
    before = a_route(
        "spec:\n  routes:\n    - match: Host(`a`)\n      services:\n"
        "        - name: web # the shop\n          port: 80 # http\n\n        # the end\n"
    )
    made = edit(before, "web.yaml", {})
    assert added(before, made.text) == ["          nativeLB: true"]
    assert "port: 80 # http\n          nativeLB: true\n\n        # the end\n" in made.text


SERVICES = "spec:\n routes:\n - match: Host(`a`)\n   services:\n"

WRITTEN = {
    "- {name: web, port: 80}": "- {name: web, port: 80, nativeLB: true}",
    "- {name: web, port: 80, }": "- {name: web, port: 80, nativeLB: true, }",
    '- {"name": "web", "port": 80}': '- {"name": "web", "port": 80, "nativeLB": true}',
    '- {\n    "name": "web",\n    "port": 80\n  }': (
        '- {\n    "name": "web",\n    "port": 80,\n    "nativeLB": true\n  }'
    ),
    "- name: web\n  nativeLB: false": "- name: web\n  nativeLB: true",
    "- name: web\n  nativeLB:": "- name: web\n  nativeLB: true",
    "- name: web\n  nativeLB: # off\n": "- name: web\n  nativeLB: true # off\n",
    "- name: web\r\n  port: 80\r\n": "- name: web\r\n  port: 80\r\n  nativeLB: true\r\n",
    "- name: web\n  port: 80": "- name: web\n  port: 80\n  nativeLB: true",
    "- name: 'web'\n": "- name: 'web'\n  nativeLB: true\n",
    "- port: 80\n  name: >-\n    web\n": ("- port: 80\n  nativeLB: true\n  name: >-\n    web\n"),
    "- &web\n  name: web\n- <<: *web\n  port: 81\n": (
        "- &web\n  name: web\n  nativeLB: true\n- <<: *web\n  port: 81\n  nativeLB: true\n"
    ),
    # Where something nested ends, nobody can tell from its marks.
    "- name: web\n  responseForwarding:\n    flushInterval: 1ms\n": (
        "- name: web\n  nativeLB: true\n  responseForwarding:\n    flushInterval: 1ms\n"
    ),
}


@pytest.mark.parametrize(("before", "after"), WRITTEN.items())
def test_each_way_to_write_a_service_keeps_its_layout(before: str, after: str) -> None:
    made = edit(a_route(SERVICES) + deeper(before), "web.yaml", {})
    assert made.text == a_route(SERVICES) + deeper(after)
    assert [each.result for each in made.outcomes] == [EditResult.EDITED]


def deeper(text: str) -> str:
    """The same, three columns further to the right."""
    lines = text.removesuffix("\n").split("\n")
    return "\n".join(f"   {line}" for line in lines) + ("\n" if text.endswith("\n") else "")


REFUSED = {
    "- name: api@internal\n  kind: TraefikService\n": "TraefikService",
    "- name: web@file\n": "another provider",
    "- name: web\n  sticky:\n    cookie: {}\n": "sticky cookie",
    "- name: web\n  strategy: p2c\n": "strategy p2c",
    "- port: 80\n": "not a reference to a Service",
    "- web\n": "not a reference to a Service",
    "- name: outside\n": "ExternalName",
    "- name: pods\n": "headless",
}

KNOWN: dict[tuple[str, str], dict[str, Any]] = {
    ("apps", "outside"): {"spec": {"type": "ExternalName"}},
    ("apps", "pods"): {"spec": {"clusterIP": "None"}},
}


@pytest.mark.parametrize(("services", "why"), REFUSED.items())
def test_what_a_vip_cannot_serve_is_refused_with_the_reason(services: str, why: str) -> None:
    before = a_route(SERVICES) + deeper(services)
    made = edit(before, "web.yaml", KNOWN)
    assert made.text == before
    assert [each.result for each in made.outcomes] == [EditResult.REFUSED]
    assert why in made.outcomes[0].reason


def test_an_anchor_that_is_used_elsewhere_too_is_not_edited() -> None:
    """The difference would reach further than the services."""
    before = a_route(
        "  labels: &web {name: web}\nspec:\n  routes:\n  - match: Host(`a`)\n    services: [*web]\n"
    )
    made = edit(before, "web.yaml", {})
    assert made.text == before
    assert made.outcomes[0].result is EditResult.REFUSED
    assert "by hand" in made.outcomes[0].reason


def test_a_repeated_anchor_is_edited_where_it_stands() -> None:
    """Nothing refers to either of them."""
    before = a_route(
        SERVICES
        + "   - name: &app web\n     port: 80\n - match: Host(`b`)\n   services:\n"
        + "   - name: &app api\n     port: 80\n"
    )
    made = edit(before, "web.yaml", {})
    assert added(before, made.text) == ["     nativeLB: true"] * 2


def test_a_time_in_a_file_does_not_hinder_the_edit() -> None:
    """It is text for Kubernetes."""
    before = a_route(SERVICES).replace("spec:", "  annotations: {at: 2025-03-10T12:00:00Z}\nspec:")
    made = edit(before + "   - name: web\n", "web.yaml", {})
    assert added(before + "   - name: web\n", made.text) == ["     nativeLB: true"]


def test_an_encrypted_file_stays_as_it_is() -> None:
    before = a_route(SERVICES) + "   - name: web\nsops:\n  mac: ENC[x]\n"
    made = edit(before, "web.yaml", {})
    assert (made.text, made.outcomes[0].result) == (before, EditResult.REFUSED)
    assert "SOPS" in made.outcomes[0].reason


def test_a_second_edit_finds_nothing_to_do() -> None:
    made = edit(a_route(SERVICES) + "   - name: web\n", "web.yaml", {})
    again = edit(made.text, "web.yaml", {})
    assert again.text == made.text
    assert [each.result for each in again.outcomes] == [EditResult.UNCHANGED]
    assert again.outcomes[0].reason


def test_what_cannot_be_switched_in_an_edited_route_is_named() -> None:
    services = "   - name: web\n   - name: api@internal\n     kind: TraefikService\n"
    made = edit(a_route(SERVICES) + services, "web.yaml", {})
    assert made.outcomes[0].result is EditResult.EDITED
    assert "api@internal" in made.outcomes[0].reason


def test_every_document_of_a_file_has_its_own_outcome() -> None:
    other = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
    sticky = a_route(SERVICES) + "   - {name: web, sticky: {cookie: {}}}\n"
    plain = a_route(SERVICES) + "   - {name: web}\n"
    made = edit(f"{other}---\n{sticky}---\n{plain}", "all.yaml", {})
    assert [(each.document, each.result) for each in made.outcomes] == [
        (1, EditResult.REFUSED),
        (2, EditResult.EDITED),
    ]


def test_a_file_without_a_route_is_named_with_the_reason() -> None:
    made = edit("kind: Service\n", "web.yaml", {})
    assert [(each.document, each.result) for each in made.outcomes] == [
        (None, EditResult.UNCHANGED)
    ]
    assert made.outcomes[0].reason


scalars = st.text("abcdefghij `'\"#:-{}[]&*!|>%@é\t", max_size=12)
layouts = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "indent": st.integers(2, 7),
        "width": st.sampled_from([20, 80, 1000]),
        "default_style": st.sampled_from([None, '"', "'", "|", ">"]),
        "line_break": st.sampled_from(["\n", "\r\n"]),
        "explicit_start": st.booleans(),
    }
)
services = st.lists(
    st.fixed_dictionaries(
        {"name": scalars},
        optional={
            "port": st.integers(0, 9) | scalars,
            "scheme": scalars,
            "nativeLB": st.booleans(),
        },
    ),
    min_size=1,
    max_size=3,
)


@given(services, layouts)
def test_whatever_the_layout_only_the_intended_keys_differ(
    given_services: list[dict[str, Any]], layout: dict[str, Any]
) -> None:
    """Or the file stays as it was, and says why."""
    document = {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "spec": {"routes": [{"match": "Host(`a`)", "services": given_services}], "tls": {}},
    }
    before = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, **layout)
    made = edit(before, "web.yaml", {})
    (outcome,) = made.outcomes
    if outcome.result is not EditResult.EDITED:
        assert made.text == before
        assert outcome.reason
        return
    wanted = yaml.safe_load(before)
    for each in wanted["spec"]["routes"][0]["services"]:
        if "@" not in each["name"]:
            each["nativeLB"] = True
    assert yaml.safe_load(made.text) == wanted


@pytest.mark.slow
def test_every_route_of_the_corpus_is_edited_exactly_or_refused_with_a_reason(data: Path) -> None:
    """Each line that was there is there still, in its order; what is new sets the one field."""
    lines = (data / "corpus/documents.jsonl").read_text().splitlines()
    wanted = Counter(
        each["file"] for each in map(json.loads, lines) if each["kind"] == "IngressRoute"
    )
    results: Counter[str] = Counter()
    for file, count in wanted.items():
        before = (data / "corpus" / file).read_bytes().decode()
        made = edit(before, file, {})
        assert len(made.outcomes) == count, file
        results.update(each.result for each in made.outcomes)
        assert all(each.reason for each in made.outcomes if each.result is not EditResult.EDITED)
        assert all("nativeLB: true" in line for line in added(before, made.text)), file
        assert edit(made.text, file, {}).text == made.text
    assert sum(results.values()) == wanted.total()
    assert results[EditResult.EDITED] > 0.9 * wanted.total()
