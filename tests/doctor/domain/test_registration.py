"""What Discord knows of the bot, and what each fault is called."""

from dataclasses import replace
from typing import Any

import pytest

from bot.doctor.domain import registration
from bot.doctor.domain.diagnostic import Diagnostic
from bot.doctor.domain.diagnostic import DiagnosticOutcome as Outcome
from bot.doctor.domain.facts import DiscordFacts, Elsewhere, RegisteredCommands, without_login
from bot.domain.facts import Denied, Unset
from bot.domain.refusal import NotObserved
from tests.doctor.domain.seen import COMMANDS, DISCORD, SETUP

LOST = NotObserved("Discord did not answer in time.")


def all_of(facts: DiscordFacts) -> dict[str, Diagnostic]:
    found = [
        registration.token(facts),
        registration.application(facts),
        registration.intents(facts),
        registration.server(facts, SETUP),
        registration.commands(facts, SETUP),
    ]
    return {each.name: each for each in found}


def test_a_bot_that_stands_well_with_discord_has_nothing_to_fix():
    """Every examination is ok, and none has a fix."""
    for each in all_of(DISCORD).values():
        assert (each.outcome, each.fix) == (Outcome.OK, "")


@pytest.mark.parametrize(
    ("changes", "name", "outcome", "saw", "fix"),
    [
        ({"login": Denied("401")}, "token", Outcome.FAILED, "refuses", "Reset Token"),
        (
            {"login": Unset("MESHMEDIC_DISCORD_TOKEN")},
            "token", Outcome.FAILED, "is not set", "set MESHMEDIC_DISCORD_TOKEN",
        ),
        ({"login": LOST}, "token", Outcome.UNOBSERVED, "in time", "discordstatus.com"),
        ({"application": LOST}, "application", Outcome.UNOBSERVED, "in time", ""),
        ({"application": LOST}, "intents", Outcome.UNOBSERVED, "in time", ""),
        (
            {"server": Elsewhere(("Work (300000000000000077)",))},
            "server", Outcome.FAILED, "It is in Work (300000000000000077)", "meshmedic invite",
        ),
        ({"server": Elsewhere()}, "server", Outcome.FAILED, "in none", "meshmedic invite"),
        ({"server": LOST}, "server", Outcome.UNOBSERVED, "in time", ""),
        ({"registered": Denied()}, "commands", Outcome.FAILED, "not let", "meshmedic invite"),
        ({"registered": LOST}, "commands", Outcome.UNOBSERVED, "in time", ""),
        (
            {"registered": RegisteredCommands(())},
            "commands", Outcome.FAILED, "/health is missing", "Restart",
        ),
        (
            {"registered": RegisteredCommands((*COMMANDS, {"name": "old", "description": "."}))},
            "commands", Outcome.FAILED, "/old is left over", "Restart",
        ),
        (
            {"registered": RegisteredCommands(({"name": "health", "description": "Other."},))},
            "commands", Outcome.FAILED, "/health is of another version", "Restart",
        ),
        (
            {"registered": RegisteredCommands(COMMANDS, ("health",))},
            "commands", Outcome.WARNING, "shown twice: /health", "global commands",
        ),
    ],
)  # fmt: skip
def test_each_fault_has_its_name_and_its_fix(
    changes: dict[str, Any], name: str, outcome: Outcome, saw: str, fix: str
):
    """One fault, one examination that is not ok, with what was seen and what to do."""
    found = all_of(replace(DISCORD, **changes))[name]
    assert found.outcome is outcome
    assert saw in found.observation
    assert fix in found.fix
    assert bool(found.fix) == bool(fix)


@pytest.mark.parametrize(
    ("changes", "name", "outcome", "saw", "fix"),
    [
        ({"endpoint": True}, "application", Outcome.FAILED, "web address", "Endpoint URL"),
        ({"code_grant": True}, "application", Outcome.WARNING, "Code Grant", "Switch it off"),
        ({"public": True}, "application", Outcome.WARNING, "strangers", "Switch it off"),
        (
            {"privileged": ("Message Content Intent",)},
            "intents", Outcome.WARNING, "Message Content Intent on", "Privileged Gateway Intents",
        ),
    ],
)  # fmt: skip
def test_each_switch_of_the_portal_is_looked_at(
    changes: dict[str, Any], name: str, outcome: Outcome, saw: str, fix: str
):
    """A switch that hinders, or that gives more than the bot needs, is named with its page."""
    application = replace(DISCORD.application, **changes)
    found = all_of(replace(DISCORD, application=application))[name]
    assert found.outcome is outcome
    assert saw in found.observation
    assert fix in found.fix


def test_a_refused_token_is_the_one_failure_and_hides_nothing_behind_an_ok():
    """What could not be asked for is not seen, whatever it would have been."""
    found = all_of(without_login(Denied("401")))
    outcomes = {name: each.outcome for name, each in found.items()}
    assert outcomes.pop("token") is Outcome.FAILED
    assert set(outcomes.values()) == {Outcome.UNOBSERVED}


def test_a_server_that_is_not_set_is_said_even_without_a_token():
    """Both settings are named in one run."""
    found = registration.server(without_login(LOST), replace(SETUP, guild_id=None))
    assert found.outcome is Outcome.FAILED
    assert "MESHMEDIC_GUILD_ID is not set" in found.observation
    assert "Developer Mode" in found.fix


@pytest.mark.parametrize(
    "theirs",
    [
        {"id": "1", "application_id": "2", "version": "3", "guild_id": "4"},
        {"default_member_permissions": None, "nsfw": False, "name_localizations": None},
        {"contexts": [0], "integration_types": [0], "dm_permission": True},
        {"options": []},
    ],
)
def test_what_discord_adds_to_a_command_is_no_difference(theirs: dict[str, Any]):
    """Ids, defaults, and what a server's command does not keep."""
    assert registration.differences(COMMANDS, ({**COMMANDS[0], **theirs},)) == []


@pytest.mark.parametrize(
    "theirs",
    [
        {"description": "Else."},
        {"options": [{"type": 3, "name": "namespace", "description": "."}]},
        {"default_member_permissions": "8"},
        {"nsfw": True},
    ],
)
def test_what_a_person_would_notice_is_a_difference(theirs: dict[str, Any]):
    """Words, options, and who sees it."""
    assert registration.differences(COMMANDS, ({**COMMANDS[0], **theirs},))


def test_an_option_that_differs_deep_inside_is_found():
    """Subcommands have options of their own, in which `required` absent means false."""

    def nested(**option: Any) -> tuple[dict[str, Any], ...]:
        leaf = {"type": 3, "name": "namespace", "description": "Where.", **option}
        return ({"name": "health", "options": [{"type": 1, "name": "all", "options": [leaf]}]},)

    assert registration.differences(nested(), nested(required=False)) == []
    assert registration.differences(nested(), nested(required=True))
