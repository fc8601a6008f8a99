"""Whether Discord knows the bot as it should: token, application, server, commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.doctor.domain.examination import Area, Examination, Outcome, listed
from bot.doctor.domain.facts import (
    Application,
    Commands,
    DiscordFacts,
    Elsewhere,
    Registered,
    Setup,
)
from bot.domain.facts import Denied, Unset
from bot.domain.refusal import NotObserved

PORTAL = "https://discord.com/developers/applications"
NEW_TOKEN = f"Make a new token at {PORTAL} (Bot, Reset Token) and set MESHMEDIC_DISCORD_TOKEN."
NETWORK = "Look at this machine's way to https://discord.com and at discordstatus.com."
INVITE = "Open the link that `meshmedic invite` prints, as somebody who may manage the server."
RESTART = "Restart the bot: it registers its commands when it starts, where Discord has others."
COPY_ID = "Right-click the server in Discord (with Developer Mode on), copy its id"


def token(facts: DiscordFacts) -> Examination:
    """Whether Discord lets the bot in."""
    match facts.login:
        case int(number):
            return _said("token", Outcome.OK, f"Discord lets the bot in (id {number}).")
        case Denied():
            return _said("token", Outcome.FAILED, "Discord refuses it (401).", NEW_TOKEN)
        case Unset():
            saw = "MESHMEDIC_DISCORD_TOKEN is not set."
            return _said("token", Outcome.FAILED, saw, NEW_TOKEN)
        case NotObserved(why):
            return _said("token", Outcome.UNSEEN, why, NETWORK)


def application(facts: DiscordFacts) -> Iterator[Examination]:
    """Switches in the developer portal: who may invite it, where interactions go, intents."""
    if isinstance(facts.application, NotObserved):
        yield _said("application", Outcome.UNSEEN, facts.application.why)
        yield _said("intents", Outcome.UNSEEN, facts.application.why)
    else:
        yield _application(facts.application)
        yield _intents(facts.application)


def _application(found: Application) -> Examination:
    page = f"{PORTAL}/{found.id}"
    if found.endpoint:
        saw = "Discord sends interactions to a web address, so the bot never gets them."
        fix = f"Empty Interactions Endpoint URL at {page}/information."
        return _said("application", Outcome.FAILED, saw, fix)
    if found.code_grant:
        saw = "Requires OAuth2 Code Grant is on: an invite link does not bring the bot in."
        return _said("application", Outcome.WARNING, saw, f"Switch it off at {page}/bot.")
    if found.public:
        saw = "Public Bot is on: strangers may invite it (it answers in one server alone)."
        fix = f"Switch it off at {page}/bot; Install Link must be None for that."
        return _said("application", Outcome.WARNING, saw, fix)
    return _said("application", Outcome.OK, f"{found.name}, which only you can invite.")


def _intents(found: Application) -> Examination:
    if not found.privileged:
        return _said("intents", Outcome.OK, "guilds is enough, and no privileged one is on.")
    saw = f"{listed(found.privileged)} on, which the bot neither asks for nor needs."
    fix = f"Switch it off at {PORTAL}/{found.id}/bot, Privileged Gateway Intents."
    return _said("intents", Outcome.WARNING, saw, fix)


def server(facts: DiscordFacts, setup: Setup) -> Examination:
    """Whether the bot is in the server that the settings name."""
    if setup.guild_id is None:
        fix = f"{COPY_ID}, and set it."
        return _said("server", Outcome.FAILED, "MESHMEDIC_GUILD_ID is not set.", fix)
    match facts.server:
        case Elsewhere(servers):
            place = f"It is in {listed(servers)}" if servers else "It is in none"
            saw = f"The bot is not in the server that MESHMEDIC_GUILD_ID names. {place}."
            return _said("server", Outcome.FAILED, saw, f"{COPY_ID} and compare. {INVITE}")
        case Unset(setting):
            return _said("server", Outcome.UNSEEN, f"{setting} is not set.")
        case NotObserved(why):
            return _said("server", Outcome.UNSEEN, why)
        case found:
            return _said("server", Outcome.OK, f"The bot is in {found.name}.")


def commands(facts: DiscordFacts, setup: Setup) -> Examination:
    """Whether Discord shows exactly the commands that this version has."""
    match facts.registered:
        case Denied():
            saw = "Discord does not let the bot have commands in this server."
            return _said("commands", Outcome.FAILED, saw, INVITE)
        case Unset(setting):
            return _said("commands", Outcome.UNSEEN, f"{setting} is not set.")
        case NotObserved(why):
            return _said("commands", Outcome.UNSEEN, why)
        case found:
            return _compared(found, setup.commands)


def _compared(found: Registered, ours: Commands) -> Examination:
    if wrong := differences(ours, found.commands):
        saw = f"Discord shows others than this version has: {listed(wrong)}."
        return _said("commands", Outcome.FAILED, saw, RESTART)
    if found.everywhere:
        names = listed(f"/{name}" for name in found.everywhere)
        saw = f"Also registered for every server, so some are shown twice: {names}."
        fix = "An older program registered them: delete the application's global commands."
        return _said("commands", Outcome.WARNING, saw, fix)
    names = ", ".join(f"/{command['name']}" for command in ours)
    return _said("commands", Outcome.OK, f"As this version has them: {names}.")


def differences(ours: Commands, theirs: Commands) -> list[str]:
    """What differs, command by command: `/why is missing`, `/old is left over`, `/health …`."""
    mine = {_key(command): _plain(command) for command in ours}
    registered = {_key(command): _plain(command) for command in theirs}
    told = [f"/{name} is missing" for kind, name in mine if (kind, name) not in registered]
    told += [f"/{name} is left over" for kind, name in registered if (kind, name) not in mine]
    told += [
        f"/{key[1]} is of another version"
        for key in mine
        if key in registered and mine[key] != registered[key]
    ]
    return told


IDENTITY = frozenset({"id", "application_id", "guild_id", "version"})
"""What Discord adds to a command."""

EVERYWHERE_ONLY = frozenset({"contexts", "integration_types", "dm_permission"})
"""What means nothing for a command of one server, and is not kept there as it was sent."""


def _key(command: Mapping[str, Any]) -> tuple[int, str]:
    return command.get("type") or 1, str(command["name"])


def _plain(command: Any) -> Any:
    """A command as it means: without ids, and without what is as good as absent."""
    if isinstance(command, Mapping):
        kept = {key: _plain(value) for key, value in command.items() if key not in _ignored()}
        return {key: value for key, value in kept.items() if not _default(key, value)}
    if isinstance(command, list | tuple):
        return [_plain(part) for part in command]
    return command


def _ignored() -> frozenset[str]:
    return IDENTITY | EVERYWHERE_ONLY


def _default(key: str, value: Any) -> bool:
    empty = value is None or value is False or value in ("", [], {})
    return empty or (key == "type" and value == 1)


def _said(name: str, outcome: Outcome, saw: str, fix: str = "") -> Examination:
    return Examination(Area.DISCORD, name, outcome, saw, fix)
