"""What a process logs: in order, of the form that was asked for, and without a secret.

Every test reads both streams of a real process, which leaks as tests/leaking.py says.
"""

import base64
import io
import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.redaction import known as known_secrets
from bot.log_setup import (
    BUDGET,
    LONGEST,
    WITHHELD,
    Handler,
    Json,
    Text,
    Unsearched,
    farewell,
    searched,
)
from tests import warm
from tests.environment import without_settings
from tests.examples import examples
from tests.leaking import WAYS

TOKEN = "made-up.discord.token-of-the-tests"


def secret_number(number: int) -> str:
    """A value that no other has, and that has no shape of its own."""
    return f"bWFkZS11cHZhbHVl{number:05}c2VjcmV0"


def leak(form: str, *cases: tuple[str, str], token: str = TOKEN) -> str:
    """What a process prints that puts these texts there, and dies of the last one."""
    env = without_settings() | {"MESHMEDIC_DISCORD_TOKEN": token}
    done = warm.python("-m", "tests.leaking", form, env=env, stdin=json.dumps(cases).encode())
    printed = (done.stdout + done.stderr).decode()
    assert done.returncode == 1, printed
    return printed


def everywhere(*texts: str) -> list[tuple[str, str]]:
    """These texts by every way out."""
    return [(way, text) for text in texts for way in WAYS]


ENCODINGS: tuple[Callable[[str], str], ...] = (
    str,
    repr,
    ascii,
    json.dumps,
    quote,
    quote_plus,
    lambda text: quote(text, safe=""),
    lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.b64encode(f"bot:{text}@host".encode()).decode(),
    lambda text: base64.urlsafe_b64encode(f"<<{text}>>".encode()).decode(),
    lambda text: base64.encodebytes(f"{text}".encode()).decode(),
    lambda text: json.dumps(json.dumps({"token": text})),
    lambda text: f"wss://user:{text}@gateway.example/?v=10",
    lambda text: "\n".join([text[:8], text[8:]]),
)

secrets = st.from_regex(r"\AK[!-~äß中]{14,60}Q\Z")


@pytest.mark.parametrize("form", ["text", "json"])
@settings(max_examples=examples(6))
@given(
    secret=secrets,
    planted=st.lists(
        st.tuples(
            st.sampled_from(sorted(WAYS)),
            st.sampled_from(ENCODINGS),
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
        ),
        min_size=20,
        max_size=60,
    ),
)
def test_a_known_secret_is_in_no_stream(form: str, secret: str, planted: list):
    """Wherever it was put, and however it was encoded."""
    cases = [(way, f"{around}{encoded(secret)}{around}") for way, encoded, around in planted]
    printed = leak(form, *cases, token=secret)
    assert [each for each in known_secrets.forms_of(secret) if each in printed] == []
    assert [encoded(secret) for _, encoded, _ in planted if encoded(secret) in printed] == []


SHAPES: tuple[Callable[[str], str], ...] = (
    lambda secret: f"GET https://discord.com/api/v10/webhooks/1234567/{secret}/messages/@original",
    lambda secret: quote(f"https://discord.com/api/webhooks/123456789/{secret}", safe=""),
    lambda secret: f"https://hooks.slack.com/services/T000/B000/{secret}",
    lambda secret: f"Authorization: Bearer eyJhbGciOi.eyJzdWIiOi.{secret}",
    lambda secret: f"401 for x-eyJhbGciOi{secret}.eyJzdWIiOi.c2ln",
    lambda secret: f"-----BEGIN RSA PRIVATE KEY-----\n{secret}\n-----END RSA PRIVATE KEY-----",
    lambda secret: f"client-key-data: LS0tLS1CRUdJTiBQUklWQVRF{secret}",
    lambda secret: json.dumps({"kind": "Secret", "data": {"a{b": secret}}),
    lambda secret: json.dumps({"kind": "SecretList", "items": [{"data": {"x": secret}}]}),
    lambda secret: json.dumps({"data": {"x": secret}, "kind": "Secret"}, indent=1),
    lambda secret: json.dumps({"last": json.dumps({"kind": "Secret", "data": {'q"': secret}})}),
    lambda secret: str({"kind": "Secret", "stringData": {"it's": "}", "next": secret}}),
    lambda secret: str({"api_version": "v1", "kind": None, "string_data": {"x": secret}}),
    lambda secret: f"kind: Secret\ndata:\n  a: x\n  b: |\n    {secret}\ntype: Opaque",
    lambda secret: json.dumps({"password": f'hun"{secret}'}),
    lambda secret: f"password={'x' * 600}{secret}",
)


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_looks_like_a_secret_is_in_no_stream(form: str):
    """Webhook addresses, values of Secrets, tokens and keys that the process never knew."""
    planted = {
        (way, shape(secret_number(n))): secret_number(n)
        for n, (way, shape) in enumerate(product(WAYS, SHAPES))
    }
    printed = leak(form, *planted)
    assert [case for case, secret in planted.items() if secret in printed] == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_holds_no_secret_is_shown(form: str):
    """Every way out is one: none of the tests above passes because nothing was printed."""
    printed = leak(form, *((way, f"plain-{number}-words") for number, way in enumerate(WAYS)))
    unseen = [way for number, way in enumerate(WAYS) if f"plain-{number}-words" not in printed]
    withheld = {"too many arguments", "too few arguments", "unprintable", "huge"}
    extra = {"extra", "extra's name"} if form == "text" else set()
    assert set(unseen) == withheld | extra | {"unprintable extra"}
    assert printed.count(WITHHELD) == len(withheld) + (form == "json")


def test_json_is_one_object_a_line():
    """With the time in UTC, and a whole trace in one string."""
    printed = leak("json", *everywhere("plain words", "two\nlines\u2028or three"))
    lines = [json.loads(line) for line in printed.splitlines()]
    assert len(lines) > len(WAYS)
    for each in lines:
        assert {"time", "level", "logger", "message"} <= each.keys()
        assert each["time"].endswith("Z")
        assert datetime.now(UTC) - datetime.fromisoformat(each["time"]) < timedelta(seconds=90)
    (died,) = (
        each
        for each in lines
        if each["message"] == "nobody caught this" and "main()" in each["exception"]
    )
    assert died["level"] == "CRITICAL"
    assert died["exception"].startswith("Traceback")
    assert any(each.get("extra", {}).get("note") == "plain words" for each in lines)


def test_a_secretly_named_extra_is_hidden_whatever_it_is():
    """The name alone says it."""
    hidden = '{"note": "x", "api_key": "correct horse"}'
    printed = leak("json", ("extra's name", "note"), ("extra's name", "password"))
    assert '"extra": {"note": 1}' in printed
    assert '"extra": {"password": "[redacted]"}' in printed
    assert "correct horse" not in leak("text", ("message", hidden))


def fails(_text: str) -> str:
    msg = "the search has a bug"
    raise ValueError(msg)


def stalls(text: str) -> str:
    began = time.thread_time()
    while time.thread_time() < began + 2 * BUDGET:
        pass
    return text


@pytest.mark.parametrize("form", [Text, Json])
def test_where_the_search_fails_nothing_is_shown_but_where_it_was_logged(form: type[Text | Json]):
    """Also of the arguments, the trace and the extras."""
    out = io.StringIO()
    log = logging.getLogger("tests.failing")
    log.propagate, log.handlers = False, [Handler(form(search=fails), out)]
    log.error("a %s word", "plain", exc_info=OSError("plain"), extra={"note": "plain"})
    (line,) = out.getvalue().splitlines()
    assert f"{WITHHELD} (ValueError), from {__file__}:" in line
    assert "plain" not in line


def test_a_search_that_takes_too_long_is_a_failure():
    """Even where it found nothing in the end."""
    with pytest.raises(Unsearched):
        searched("plain", (stalls,))


def test_a_stream_that_is_closed_shows_nothing_elsewhere(capfd: pytest.CaptureFixture[str]):
    """Logging itself would print the record, arguments and all, to standard error."""
    out = io.StringIO()
    log = logging.getLogger("tests.closed")
    log.propagate, log.handlers = False, [Handler(Text(), out)]
    out.close()
    log.error("a %s word", "plain")
    assert capfd.readouterr() == ("", "")


def test_a_text_that_is_too_long_is_withheld_and_said_so():
    """It is not cut: half a secret has no shape."""
    printed = leak("text", ("message", "a word " * (LONGEST // 7 + 1)), ("message", "short"))
    first, second, *_ = printed.splitlines()
    assert f"{WITHHELD} (Unsearched), from " in first
    assert "a word" not in printed
    assert second.endswith("short")


def test_no_line_can_be_forged():
    """A line feed or an escape in a message begins no line and moves no cursor."""
    printed = leak("text", ("message", "one\n2026-01-31 12:00:00 INFO bot: all is well\x1b[2J\r"))
    assert "\n  2026-01-31" in printed
    assert "\x1b" not in printed
    assert "\\x1b[2J\\x0d" in printed


UNSEEN = "\x07\x1b\x7f\x85\xad\u061c\u200b\u200f\u2028\u2029\u202e\u2066\ufeff"


def test_what_would_not_be_seen_is_written_out(capsys: pytest.CaptureFixture[str]):
    """Also in the last word of a process, which may quote the name of somebody's file."""
    farewell(f"{UNSEEN}.yaml: no YAML")
    for printed in (leak("text", ("message", f"name {UNSEEN}")), capsys.readouterr().err):
        assert not set(UNSEEN) & set(printed)
        assert "\\x1b" in printed
        assert "\\u202e" in printed
