"""Settings: documented, clear when wrong, and never a reason to call Discord in a circle."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from bot.settings import PREFIX, SECRETS_DIR, Settings
from tests import warm
from tests.places import ROOT

ME, ROLE, GUILD = "100000000000000003", "100000000000000005", "100000000000000001"
ENOUGH = {"DISCORD_TOKEN": "a.b.c", "GUILD_ID": GUILD, "APPROVERS": ME}


def said(code: str, **given: str) -> str:
    """What a fresh process with these settings prints: nothing is shared with this one."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    given = {f"{PREFIX}{name}": value for name, value in given.items()}
    program = (
        "from bot import settings\n"
        "from bot.errors import SettingsError\n"
        f"try:\n    read = settings.load(); print({code})\n"
        "except SettingsError as error: print(error)\n"
    )
    done = warm.python("-c", program, env=clean | given)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


def test_the_readme_documents_every_setting_as_the_class_does():
    """Name, default and description stand in one table, and no setting is missing or made up."""
    table = dict(
        re.findall(
            rf"^\| `({PREFIX}\w+)` \| (.*?) \|$",
            (ROOT / "README.md").read_text(),
            re.MULTILINE,
        )
    )
    wanted = {}
    for name, field in Settings.model_fields.items():
        shown = ",".join(field.default) if isinstance(field.default, tuple) else field.default
        default = f"`{shown}`" if shown else ""
        wanted[f"{PREFIX}{name.upper()}"] = f"{default} | {field.description}"
    assert {name: row for name, row in table.items() if name != SECRETS_DIR} == wanted
    assert SECRETS_DIR in table


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GUILD_ID", "my server", ["integer", "'my server'"]),
        ("APPROVERS", "@me", ["'@me' is not an id", "copy its id"]),
        ("VIEWERS", "role:x", ["'role:x' is not an id"]),
        ("CLUSTER_NAME", "<@1> my *lab*", ["at most 32 letters"]),
        ("CLUSTER_NAME", "x" * 33, ["at most 32 letters"]),
        ("HEARTBEAT_URL", "hc-ping.com/SECRET", ["isn't an https or http address"]),
        ("LOG_LEVEL", "loud", ["debug, info, warning, error"]),
        ("NAMESPACES", "Apps", ["'Apps' is not the name of a namespace"]),
        ("STATE_NAMESPACE", "my state", ["'my state' is not the name of a namespace"]),
        ("GIT_URL", "home.git", ["not a repository's address", "'home.git'"]),
        ("GIT_URL", "http://git.home.lab/lab/home", ["unencrypted: use https"]),
        ("GIT_URL", "git@git.home.lab:lab/home", ["unencrypted: use https"]),
        ("GIT_API", "git.home.lab/api", ["not an https address"]),
        ("GIT_BRANCH", "--upload-pack=x", ["not the name of a branch"]),
        ("GIT_HOST", "gitlab", ["github, gitea"]),
        ("DIGEST_TIME", "noon", ["Write a time such as 08:00"]),
        ("DIGEST_WEEKLY", "18:00 someday", ["is not a day"]),
        ("DIGEST_TIMEZONE", "Europe/Nowhere", ["does not know that time zone"]),
        ("DIGEST_CHANNEL", "12", ["it is not an id", "copy its id"]),
        ("ROUTE_CHECKS", "30s", ["off, on, or an interval from 1m to 24h", "'30s'"]),
        ("ROUTE_CHECKS", "5", ["off, on, or an interval"]),
        ("ROUTE_CHECKS_EXCEPT", "10.0.0.0/8", ["host names, not addresses"]),
        ("ROUTE_CHECKS_EXCEPT", "a.example/x", ["isn't a name"]),
        ("SECRET_INVENTORY", "perhaps", ["boolean", "'perhaps'"]),
    ],
)
def test_a_wrong_value_says_which_why_and_what_is_allowed(name: str, value: str, words: list[str]):
    """The variable's full name, the value, and the allowed ones."""
    message = said("'fine'", **{name: value})
    assert message.startswith(f"{PREFIX}{name}: ")
    assert "Allowed: " in message
    assert all(word in message for word in words)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, None),
        ({"ROUTE_CHECKS": "Off"}, None),
        ({"ROUTE_CHECKS": "on"}, 60),
        ({"ROUTE_CHECKS": "5m"}, 300),
        ({"ROUTE_CHECKS": "90s"}, 90),
    ],
)
def test_route_checks_are_off_until_somebody_sets_how_often(
    given: dict[str, str], seconds: int | None
):
    """Nothing is asked of a site that nobody wanted asked, and /doctor hears of what is set."""
    code = "(read.checks_of_routes and read.checks_of_routes.interval, read.of_prober)"
    prober = "('MESHMEDIC_ROUTE_CHECKS',)" if seconds else "()"
    assert said(code, **given) == f"({seconds}, {prober})"


@pytest.mark.parametrize("name", ["HEARTBEAT_URL", "GIT_API"])
@pytest.mark.parametrize(
    "url",
    ["https://SECRET\u2100.example/x", "https://[SECRET]/x", "https://push.example:SECRET/x"],
)
def test_no_error_quotes_a_part_of_an_address_that_cannot_be_parsed(name: str, url: str):
    """The parser's own words do."""
    message = said("'fine'", **{name: url})
    assert "address" in message
    assert name == "GIT_API" or "SECRET" not in message
    assert "netloc" not in message
    assert "Port could not" not in message


def test_every_wrong_value_is_said_at_once():
    """Nobody mends one to learn of the next."""
    assert len(said("'fine'", GUILD_ID="x", LOG_LEVEL="y").splitlines()) == 2


def test_a_mistyped_name_is_not_passed_over():
    """A setting that is silently ignored may open a door or close one."""
    assert "Did you mean MESHMEDIC_APPROVERS?" in said("'fine'", APROVERS=ME)
    assert "Did you mean" not in said("'fine'", FOO=ME)


def test_everyone_may_not_be_made_an_approver():
    """A role with the server's own id is @everyone."""
    assert "@everyone" in said("'fine'", **ENOUGH | {"APPROVERS": f"role:{GUILD}"})


def test_ids_of_people_and_roles_are_told_apart():
    """Plain ids are people."""
    assert ME in said("read.approvers", APPROVERS=f"{ME}, role:{ROLE}")
    answer = said("sorted(read.approvers.roles)", APPROVERS=f"{ME}, role:{ROLE}")
    assert answer == f"[{ROLE}]"


@pytest.mark.parametrize(
    "alone", [{"GIT_URL": "https://git.home.lab/lab/home"}, {"GIT_TOKEN": "password=hunter22"}]
)
def test_a_repository_and_its_token_belong_together(alone: dict[str, str]):
    """The one without the other would be passed over in silence."""
    message = said("'fine'", **alone)
    assert "MESHMEDIC_GIT_URL and MESHMEDIC_GIT_TOKEN belong together" in message
    assert "hunter22" not in message


@pytest.mark.parametrize("host", ["github", "gitea"])
def test_pull_requests_are_bound_to_the_repository_of_the_settings(host: str):
    """Git and API of the one host; without it there are none."""
    code = (
        "(lambda made: made and (made.repository.at.url, made.host.rest.base))"
        "(__import__('bot.app.gitops', fromlist=['*']).build_pull_requests(read, None, None))"
    )
    assert said(code) == "None"
    given_ = {"GIT_URL": "https://git.home.lab/lab/home", "GIT_TOKEN": "password=hunter22"}
    api = "api/v3" if host == "github" else "api/v1"
    wanted = ("https://git.home.lab/lab/home.git", f"https://git.home.lab/{api}")
    assert said(code, GIT_HOST=host, **given_) == str(wanted)


def test_empty_viewers_and_operators_are_the_approvers():
    """One id is enough for one person at home."""
    answer = said("read.roles.viewers == read.roles.operators == read.approvers", APPROVERS=ME)
    assert answer == "True"


@pytest.mark.parametrize("missing", sorted(ENOUGH))
def test_run_names_the_setting_that_it_lacks(missing: str):
    """Token, server, and somebody who may ask."""
    given = {name: value for name, value in ENOUGH.items() if name != missing}
    assert said("read.for_discord()", **given).startswith(f"{PREFIX}{missing} is not set")


def test_secrets_come_from_files_too_and_are_never_printed(tmp_path):
    """A mounted Secret is a folder of files; the token is not in what is printed."""
    (tmp_path / "meshmedic_discord_token").write_text("from.the.file\n")
    answer = said("read.for_discord()[0]", SECRETS_DIR=str(tmp_path), GUILD_ID=GUILD, APPROVERS=ME)
    assert answer == "from.the.file"
    assert "from.the.file" not in said("read", SECRETS_DIR=str(tmp_path))


def test_a_missing_folder_of_secrets_is_named():
    """A Secret that was not mounted."""
    assert "there is no folder /nowhere" in said("'fine'", SECRETS_DIR="/nowhere")


def test_run_stops_once_with_a_code_and_calls_nobody_when_a_setting_is_wrong():
    """No crash loop against Discord's login."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        env=clean,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=30,
    )
    assert done.returncode == 3
    assert done.stderr == (
        "meshmedic: MESHMEDIC_DISCORD_TOKEN is not set: the bot's token. "
        "The README lists every setting.\n"
    )


def test_alerts_are_off_until_a_channel_is_set_and_hours_are_read():
    """Whatever failed mentions the role, the rest nobody."""
    assert Settings().alert_rules.routes == ()
    made = Settings(alert_channel=1, alert_role=2, alert_quiet="22-7 Europe/Berlin").alert_rules
    assert [(each.channel, each.role) for each in made.routes] == [(1, 2), (1, None)]
    quiet = made.quiet
    assert quiet is not None
    # Winter in Berlin: 21:30 UTC is 22:30 there.
    assert quiet.holds(datetime(2026, 1, 1, 21, 30, tzinfo=UTC))
    assert not quiet.holds(datetime(2026, 7, 1, 5, 30, tzinfo=UTC))


def test_routes_come_before_the_alert_channel_and_stand_alone():
    """What fits no route goes to the alert channel, where there is one."""
    elsewhere = '[{"channel": "123456789012345678", "checks": ["nodes"]}]'
    assert [each.channel for each in Settings(alert_routes=elsewhere).alert_rules.routes] == [
        123456789012345678
    ]
    made = Settings(alert_routes=elsewhere, alert_channel=1).alert_rules
    assert [each.channel for each in made.routes] == [123456789012345678, 1]
    with pytest.raises(ValidationError, match="there is no check"):
        Settings(alert_routes='[{"channel": "123456789012345678", "checks": ["node"]}]')


@pytest.mark.parametrize(
    "wrong", ["22-22 UTC", "22-25 UTC", "22-7 Nowhere/Land", "night", "1-2 ../x"]
)
def test_hours_that_cannot_be_read_are_refused(wrong: str):
    """With what is allowed."""
    with pytest.raises(ValidationError):
        Settings(alert_quiet=wrong)


@pytest.mark.parametrize("name", ["STATE_NAMESPACE", "NET_TARGETS", "TWO_PEOPLE", "NODE_ADDRESSES"])
def test_a_value_that_is_a_whole_file_is_not_repeated(name: str):
    """Then the log would withhold the message, for its length."""
    message = said("0", **ENOUGH, **{name: "[a" * 30_000})
    assert message.startswith(f"{PREFIX}{name}: ")
    assert "Allowed: " in message
    assert len(message) < 2000
