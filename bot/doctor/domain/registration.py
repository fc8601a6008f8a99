"""Whether token, application, server and commands are set up in Discord."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import (
    Commands,
    DiscordFacts,
    DiscordServerFacts,
    Elsewhere,
    Setup,
)
from bot.domain.facts import Denied, Unset
from bot.domain.refusal import NotObserved
from bot.domain.sentences import listed

PORTAL = "https://discord.com/developers/applications"
NEW_TOKEN = f"Make a new token at {PORTAL} (Bot, Reset Token) and set MESHMEDIC_DISCORD_TOKEN."
NETWORK = "Check this machine's connection to https://discord.com, and discordstatus.com."
INVITE = "Open the link that `meshmedic invite` prints, as someone who may manage the server."
RESTART = (
    "Restart the bot: it registers its commands when it starts, if Discord has different ones."
)
COPY_ID = "Right-click the server in Discord (with Developer Mode on), copy its id"


def token(facts: DiscordFacts) -> Diagnostic:
    """Whether Discord lets the bot in."""
    topic = Topic(Area.DISCORD, "token")
    match facts.login:
        case int(number):
            return topic.ok(f"Discord lets the bot in (id {number}).")
        case Denied():
            return topic.failed("Discord refuses it (401).", NEW_TOKEN)
        case Unset(setting):
            return topic.failed(f"{setting} is not set.", NEW_TOKEN)
        case NotObserved(why):
            return topic.unobserved(why, NETWORK)


def application(facts: DiscordFacts) -> Diagnostic:
    """Switches in the developer portal: who may invite the bot, where interactions go."""
    topic = Topic(Area.DISCORD, "application")
    switches = facts.application
    if isinstance(switches, NotObserved):
        return topic.unobserved(switches.why)
    page = f"{PORTAL}/{switches.id}"
    if switches.endpoint:
        return topic.failed(
            "Discord sends interactions to a web address, so the bot never gets them.",
            f"Clear Interactions Endpoint URL at {page}/information.",
        )
    if switches.code_grant:
        return topic.warning(
            "Requires OAuth2 Code Grant is on: an invite link does not bring the bot in.",
            f"Switch it off at {page}/bot.",
        )
    if switches.public:
        return topic.warning(
            "Public Bot is on: strangers may invite it (it answers in one server alone).",
            f"Switch it off at {page}/bot; Install Link must be None for that.",
        )
    return topic.ok(f"{switches.name}, which only you can invite.")


def intents(facts: DiscordFacts) -> Diagnostic:
    """Whether privileged intents are on, which the bot does not need."""
    topic = Topic(Area.DISCORD, "intents")
    switches = facts.application
    if isinstance(switches, NotObserved):
        return topic.unobserved(switches.why)
    if not switches.privileged:
        return topic.ok("guilds is enough, and no privileged one is on.")
    return topic.warning(
        f"{listed(switches.privileged)} on, which the bot neither asks for nor needs.",
        f"Switch it off at {PORTAL}/{switches.id}/bot, Privileged Gateway Intents.",
    )


def server(facts: DiscordFacts, setup: Setup) -> Diagnostic:
    """Whether the bot is in the server that the settings name."""
    topic = Topic(Area.DISCORD, "server")
    if setup.guild_id is None:
        return topic.failed("MESHMEDIC_GUILD_ID is not set.", f"{COPY_ID}, and set it.")
    match facts.server:
        case Elsewhere(servers):
            place = f"It is in {listed(servers)}" if servers else "It is in none"
            observation = f"The bot is not in the server that MESHMEDIC_GUILD_ID names. {place}."
            return topic.failed(observation, f"{COPY_ID} and compare. {INVITE}")
        case Unset(setting):
            return topic.unobserved(f"{setting} is not set.")
        case NotObserved(why):
            return topic.unobserved(why)
        case DiscordServerFacts(name=name):
            return topic.ok(f"The bot is in {name}.")


def commands(facts: DiscordFacts, setup: Setup) -> Diagnostic:
    """Whether Discord shows exactly the commands that this version has."""
    topic = Topic(Area.DISCORD, "commands")
    match facts.registered:
        case Denied():
            observation = "Discord does not let the bot register commands in this server."
            return topic.failed(observation, INVITE)
        case Unset(setting):
            return topic.unobserved(f"{setting} is not set.")
        case NotObserved(why):
            return topic.unobserved(why)
        case registered:
            pass
    if wrong := differences(setup.commands, registered.commands):
        observation = f"Discord's commands differ from this version's: {listed(wrong)}."
        return topic.failed(observation, RESTART)
    if registered.everywhere:
        names = listed(f"/{name}" for name in registered.everywhere)
        return topic.warning(
            f"Also registered for every server, so some are shown twice: {names}.",
            "An older program registered them: delete the application's global commands.",
        )
    names = ", ".join(f"/{command['name']}" for command in setup.commands)
    return topic.ok(f"They match this version: {names}.")


def differences(ours: Commands, theirs: Commands) -> list[str]:
    """The differences by command, such as `/why is missing` and `/old is left over`."""
    mine = {_key(command): _plain(command) for command in ours}
    registered = {_key(command): _plain(command) for command in theirs}
    lines = [f"/{name} is missing" for kind, name in mine if (kind, name) not in registered]
    lines += [f"/{name} is left over" for kind, name in registered if (kind, name) not in mine]
    lines += [
        f"/{key[1]} is of another version"
        for key in mine
        if key in registered and mine[key] != registered[key]
    ]
    return lines


IGNORED = {"id", "application_id", "guild_id", "version"} | {
    "contexts",
    "integration_types",
    "dm_permission",
}
"""Fields that Discord adds to a command, or that mean nothing for a command of one server."""


def _key(command: Mapping[str, Any]) -> tuple[int, str]:
    return command.get("type") or 1, str(command["name"])


def _plain(command: Any) -> Any:
    """A command reduced to its meaning: without ids and default values."""
    if isinstance(command, Mapping):
        fields = {key: _plain(value) for key, value in command.items() if key not in IGNORED}
        return {key: value for key, value in fields.items() if not _default(key, value)}
    if isinstance(command, list | tuple):
        return [_plain(part) for part in command]
    return command


def _default(key: str, value: Any) -> bool:
    empty = value is None or value is False or value in ("", [], {})
    return empty or (key == "type" and value == 1)
