"""Rules are those that Traefik makes, version by version."""

import pytest

from bot.ingress_conversion.refusals import ConversionReason
from bot.ingress_conversion.rule import go_quoted
from tests.ingress_conversion.ingresses import (
    a_path,
    a_rule,
    an_ingress,
    converted,
    routes,
    said,
    target,
)


def match(path: str, kind: str, *, host: str = "", version: str = "3.6.13", **how: object) -> str:
    (route,) = routes(an_ingress(a_rule(host, a_path(path, kind))), to=target(version, **how))
    return str(route["match"])


@pytest.mark.parametrize(
    ("path", "kind", "wanted"),
    [
        ("/p", "Exact", "Path(`/p`)"),
        ("/p", "Prefix", "PathPrefix(`/p`)"),
        ("/p", "ImplementationSpecific", "PathPrefix(`/p`)"),
        ("/p", "", "PathPrefix(`/p`)"),
        ("/", "Prefix", "PathPrefix(`/`)"),
    ],
)
def test_a_path_type_has_its_matcher(path: str, kind: str, wanted: str) -> None:
    assert match(path, kind) == wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/p", "(Path(`/p`) || PathPrefix(`/p/`))"),
        ("/p/", "(Path(`/p`) || PathPrefix(`/p/`))"),
        ("/", "PathPrefix(`/`)"),
    ],
)
def test_strict_prefix_matching_goes_by_whole_elements(path: str, wanted: str) -> None:
    assert match(path, "Prefix", strict_prefix=True) == wanted
    assert match("/p", "Exact", strict_prefix=True) == "Path(`/p`)"


def test_an_older_traefik_knows_no_strict_prefix_matching() -> None:
    assert match("/p", "Prefix", version="3.4.9", strict_prefix=True) == "PathPrefix(`/p`)"


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("2.11.0", "HostRegexp(`{subdomain:[a-zA-Z0-9-]+}.x.y`)"),
        ("3.0.0", r"HostRegexp(`^[a-zA-Z0-9-]+\.x\.y$`)"),
        ("3.6.13", r"HostRegexp(`^[a-zA-Z0-9-]+\.x\.y$`)"),
        ("3.7.0", "Host(`*.x.y`)"),
    ],
)
def test_a_wildcard_host_is_written_as_its_version_does(version: str, wanted: str) -> None:
    found = match("/", "Prefix", host="*.x.y", version=version)
    assert found == f"{wanted} && PathPrefix(`/`)"


def test_a_wildcard_host_in_the_old_syntax() -> None:
    ingress = an_ingress(a_rule("*.x.y"), annotations=said(router_rulesyntax="v2"))
    (route,) = routes(ingress)
    assert route["match"].startswith("HostRegexp(`{subdomain:[a-zA-Z0-9-]+}.x.y`)")
    assert route["syntax"] == "v2"


def test_a_host_without_a_path_is_matched_alone() -> None:
    assert match("", "ImplementationSpecific", host="a.b") == "Host(`a.b`)"


def test_neither_host_nor_path_is_refused() -> None:
    made = converted(an_ingress(a_rule("", a_path("", ""))))
    assert made.code is ConversionReason.NOTHING_TO_MATCH


@pytest.mark.parametrize(
    ("matcher", "version", "known"),
    [
        ("Path", "2.11.0", True),
        ("PathRegexp", "2.11.0", False),
        ("PathRegexp", "3.6.13", True),
        ("pathprefix", "3.6.13", True),
        ("pathprefix", "3.7.4", False),
        ("PathPrefixStrip", "3.6.13", False),
    ],
)
def test_the_matcher_of_an_annotation_must_be_one_of_that_version(
    matcher: str, version: str, known: bool
) -> None:
    annotations = said(router_pathmatcher=matcher)
    ingress = an_ingress(a_rule("", a_path("/p", "")), annotations=annotations)
    made = converted(ingress, to=target(version))
    if known:
        assert made.manifests[0]["spec"]["routes"][0]["match"] == f"{matcher}(`/p`)"
    else:
        assert made.code is ConversionReason.UNKNOWN_PATH_MATCHER


def test_a_matcher_that_no_path_uses_does_not_count() -> None:
    annotations = said(router_pathmatcher="PathPrefixStrip")
    assert routes(an_ingress(annotations=annotations))[0]["match"].endswith("PathPrefix(`/`)")


def test_where_traefiks_own_text_is_longer_its_priority_is_written_down() -> None:
    """A default priority is a rule's length, and since 3.6.11 Traefik escapes backslashes."""
    (route,) = routes(an_ingress(a_rule("*.x.y", a_path("", ""))))
    own = r'HostRegexp("^[a-zA-Z0-9-]+\\.x\\.y$")'
    assert route["priority"] == len(own)
    (elder,) = routes(an_ingress(a_rule("*.x.y", a_path("", ""))), to=target("3.6.10"))
    assert "priority" not in elder


def test_a_backtick_is_quoted_as_traefik_does_or_left_as_it_wrote_it() -> None:
    assert match("/`", "Prefix") == 'PathPrefix("/`")'
    assert match("/`", "Prefix", version="3.5.0") == "PathPrefix(`/``)"


def test_quoting_is_that_of_go() -> None:
    assert go_quoted('a"b\\c\n\x01é\u200b\U0001f600') == r'"a\"b\\c\n\x01é\u200b' + '\U0001f600"'
