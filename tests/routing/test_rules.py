"""Traefik's rules: every real one parses, and a wrong one is told with how to write it."""

import json
import re
from pathlib import Path
from time import perf_counter

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.routing.rules import (
    MATCHERS,
    Both,
    Expression,
    Matcher,
    Not,
    RuleError,
    Syntax,
    parse,
    quoted,
)
from bot.routing.unmatched import can_match, unmatched

ANY_SYNTAX = st.sampled_from(Syntax)
MATCH = re.compile(r"^\s*(?:-\s+)?match:\s*(\S.*)$", re.MULTILINE)
HOST, PATH = Matcher("Host", ("a.example",)), Matcher("Path", ("/b",))

values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
conditions = st.one_of(
    st.builds(lambda value: Matcher("Method", (value,)), values),
    st.builds(lambda name, value: Matcher("Header", (name, value)), values, values),
    st.builds(lambda value: Matcher("Path", ("/" + value.replace("{", ""),)), values),
)
expressions = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(
            lambda parts, every: Both(tuple(parts), every=every),
            st.lists(inner, min_size=2, max_size=3),
            st.booleans(),
        ),
    ),
    max_leaves=8,
)


@given(expressions)
def test_what_is_written_is_read_again(expression: Expression) -> None:
    """Precedence, quotes and escapes survive a round trip."""
    once = parse(str(expression))
    assert not isinstance(once, RuleError), (once, str(expression))
    assert parse(str(once)) == once


@given(st.text() | st.text('Host(`"\\\\a/)!&|, \n{}[]'), ANY_SYNTAX, st.booleans())
def test_any_text_is_a_rule_or_is_told_to_be_wrong(text: str, syntax: Syntax, tcp: bool) -> None:
    """Nothing raises, and a message is never longer than a line or two."""
    answer = parse(text, syntax, tcp=tcp)
    if isinstance(answer, RuleError):
        assert 0 < len(answer.message) < 600


@pytest.mark.parametrize(
    "text",
    [
        "(" * 200_000,
        "!" * 200_000,
        "Host(`a`) && " * 20_000,
        "Host(" + "`a`, " * 50_000,
        'Host("' + "\\" * 200_000,
        "HostRegexp(`" + "[" * 200_000 + "`)",
    ],
)
def test_long_rules_take_no_longer_than_their_length(text: str) -> None:
    """A rule is read once from left to right."""
    began = perf_counter()
    parse(text)
    assert perf_counter() - began < 5


def rules_in(text: str) -> set[str]:
    """The rules of a YAML file, by their lines, since many are templates."""
    found = set()
    for line in MATCH.findall(text):
        try:
            value = yaml.safe_load(line)
        except yaml.YAMLError:
            continue
        if isinstance(value, str) and "(" in value and "{{" not in value:
            found.add(value)
    return found


def test_every_real_rule_parses_in_the_syntax_of_one_version(data: Path) -> None:
    """No rule of Traefik's own fixtures or of public repositories is a false alarm."""
    corpus = data / "corpus"
    rules: set[str] = set()
    for path in (*corpus.rglob("*.yml"), *corpus.rglob("*.yaml")):
        rules |= rules_in(path.read_text(errors="replace"))
    for path in corpus.glob("*.jsonl"):
        for line in path.read_text().splitlines():
            rules |= {rule for text in strings(json.loads(line)) for rule in rules_in(text)}
    assert len(rules) > 200
    wrong = {
        rule: parse(rule)
        for rule in sorted(rules)
        if all(
            isinstance(parse(rule, syntax, tcp="HostSNI" in rule or "ALPN" in rule), RuleError)
            for syntax in Syntax
        )
    }
    # No Traefik reads single quotes, and templates are not filled in: somebody published them.
    unfilled = ("('", "${")
    assert {r: error for r, error in wrong.items() if not any(x in r for x in unfilled)} == {}


def strings(value: object) -> list[str]:
    """All texts in a JSON value; a `match` as the line that it was."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        own = (
            [f"match: {json.dumps(value['match'])}"] if isinstance(value.get("match"), str) else []
        )
        return own + [text for item in value.values() for text in strings(item)]
    return [text for item in value for text in strings(item)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    ("rule", "expression"),
    [
        ("Host(`a.example`) && Path(`/b`)", Both((HOST, PATH))),
        ('HOST("a.example")||!path(`/b`)', Both((HOST, Not(PATH)), every=False)),
        ("Host(`a.example`) &&\n  Path(`/b`)\n", Both((HOST, PATH))),
        ("((Host(`a.example`)))", HOST),
        ("Host(`a.example`,)", HOST),
        ('Host("a\\x2eexample")', HOST),
        ("Pathprefix(`/`)", Matcher("PathPrefix", ("/",))),
        ("Query(`mobile`)", Matcher("Query", ("mobile",))),
        (
            "HostRegexp(`^[a-z(]+\\.a\\.example$`)",
            Matcher("HostRegexp", ("^[a-z(]+\\.a\\.example$",)),
        ),
    ],
)
def test_a_rule_is_read_as_traefik_reads_it(rule: str, expression: Expression) -> None:
    """Matchers in any of the four ways of writing them, and Go's strings."""
    assert parse(rule) == expression


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("PathPrefix(`/a`) || PathPrefix(`/b`))", "one ) too many"),
        ("(Host(`a`) && Path(`/b`)", "a ) is missing at its end"),
        ("Host(`a`", "a ) is missing at its end"),
        ("Host(`a`) Path(`/b`)", "&& or || is missing before Path"),
        ("Host(`a`) && ", "is missing at its end"),
        ("Host(`a`) & Path(`/b`)", "Write &&."),
        ("Host(`a", "does not end"),
        ("Host('a')", "Write it in backticks"),
        ("Host(a)", "a is not a value of Host"),
        ("Host()", "Host needs a value"),
        ("Host", "Write Host(`value`)"),
        ("pathPrefix(`/a`)", "Write PathPrefix."),
        ("Hosts(`a`)", "Use one of: Host, HostRegexp"),
        ("HostSNI(`a`)", "of the kind IngressRouteTCP"),
        ("Headers(`a`, `b`)", "Write Header in Traefik 3"),
        ("Header(`a`)", "Header needs a name and a value"),
        ("Host(`a`, `b`)", "Write Host(`a`) || Host(`b`), or set `syntax: v2`"),
        ("Path(`a`)", "Write Path(`/a`)"),
        ('Path("/a\\.b")', "is not an escape in quotes"),
        ("Host(`a`)\n&& Path(`/b`)", "a line may end only after"),
        ("HostRegexp(`*.example`)", "nothing stands before *"),
        ("HostRegexp(`a**`)", "* follows another repetition"),
        ("PathRegexp(`[z-a]`)", "is not a range"),
        ("HeaderRegexp(`X-A`, `\\y`)", "Go does not know \\y"),
        ("Host(``)", "has an empty value"),
        ("ClientIP(`10.0.0.0/33`)", "not an address or a range"),
        ("HostRegexp(`^(www.example$`)", "a ( is not closed"),
        ("HostRegexp(`^(?!www)`)", "neither lookahead nor lookbehind"),
        ("PathRegexp(`[a-z`)", "a [ is not closed"),
        ("Host(`bücher.example`)", "Punycode"),
        ("`a`", "a matcher such as"),
        ("", "it is empty"),
    ],
)
def test_a_wrong_rule_is_told_with_how_to_write_it(rule: str, message: str) -> None:
    """Each as Traefik 3 refuses it."""
    answer = parse(rule)
    assert isinstance(answer, RuleError)
    assert message in answer.message


@pytest.mark.parametrize(
    ("rule", "is_valid"),
    [
        ("Host(`a`, `b`) && Path(`/{id:[0-9]+}`)", True),
        ("HostRegexp(`{sub:[a-z]+}.example`)", True),
        ("Headers(`a`, `b`)", True),
        ("Header(`a`, `b`)", False),
        ("PathRegexp(`^/a`)", False),
        ("Path(`/{id`)", False),
        ("Path(`/{id:[0-9+}`)", False),
        ("HeadersRegexp(`a`, `(b`)", False),
        ("Query(`a`)", False),
        ("Query(`a=b`, `c=d`)", True),
        ("Host(``)", False),
    ],
)
def test_traefik_2_has_matchers_of_its_own(rule: str, is_valid: bool) -> None:
    """Several values, and named patterns."""
    assert isinstance(parse(rule, Syntax.V2), RuleError) is not is_valid


@pytest.mark.parametrize(
    ("rule", "syntax", "why"),
    [
        ("HostRegexp(`{sub:[a-z]+}.example`)", Syntax.V3, "a pattern of Traefik 2"),
        ("Path(`/{id:[0-9]+}`) && Method(`GET`)", Syntax.V3, "Write PathRegexp"),
        ("Host(`{sub:[a-z]+}.example`)", Syntax.V3, "Write HostRegexp"),
        ("HostRegexp(`^.+\\.example$`)", Syntax.V2, "takes `^.+\\.example$` literally"),
        ("Host(`*.a.example`)", Syntax.V3, "without a wildcard"),
        ("Host(`https://a.example`)", Syntax.V3, "without a scheme"),
        ("Host(`a.example:443`)", Syntax.V3, "Write `a.example`"),
        ("Host(`${DOMAIN}`)", Syntax.V3, "nothing filled in"),
    ],
)
def test_a_rule_that_traefik_takes_and_that_never_matches_is_told(
    rule: str, syntax: Syntax, why: str
) -> None:
    """Traefik enables its router, and nobody reaches it."""
    expression = parse(rule, syntax)
    assert not isinstance(expression, RuleError)
    assert not can_match(expression, syntax, wildcards=False)
    (reason,) = unmatched(expression, syntax, wildcards=False)
    assert why in reason


@pytest.mark.parametrize(
    "rule",
    [
        "Host(`a.example`) || Host(`*.a.example`)",
        "Host(`a.example`) && !Path(`/{id:[0-9]+}`)",
        "HostRegexp(`^[a-z]{2}\\.example$`)",
        "PathRegexp(`^/[a-z]{1,3}$`)",
    ],
)
def test_a_rule_of_which_a_part_matches_is_reached(rule: str) -> None:
    """By what is left of it."""
    expression = parse(rule)
    assert not isinstance(expression, RuleError)
    assert can_match(expression, Syntax.V3, wildcards=False)


def test_hosts_take_wildcards_from_3_7_on() -> None:
    """Which the caller knows."""
    expression = parse("Host(`*.a.example`)")
    assert not isinstance(expression, RuleError)
    assert can_match(expression, Syntax.V3, wildcards=True)


def test_tcp_rules_have_matchers_of_their_own() -> None:
    """By server name and protocol, and none of HTTP's."""
    assert parse("HostSNI(`*`)", tcp=True) == Matcher("HostSNI", ("*",))
    assert isinstance(parse("Host(`a`)", tcp=True), RuleError)


def test_every_matcher_takes_as_many_values_as_it_says() -> None:
    """One fewer than the fewest is wrong for each."""
    for syntax, known in MATCHERS.items():
        for name, (fewest, _) in known.items():
            for count, right in ((fewest, True), (fewest - 1, False)):
                value = "10.0.0.1" if name == "ClientIP" else "a=b" if name == "Query" else "/a"
                words = ", ".join([quoted(value)] * count)
                assert isinstance(parse(f"{name}({words})", syntax), RuleError) is not right
