"""What was observed of Discord and of the cluster, before it is judged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from bot.domain.authorization import Roles
from bot.domain.facts import Denied, Unset
from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.routing.instance import TraefikPod
from bot.routing.running import NAMESPACES
from bot.setup.domain.choices import ChannelPurpose, ServerChoices

Commands: TypeAlias = tuple[Mapping[str, Any], ...]
"""Slash commands in the form of Discord's API."""


class Use(StrEnum):
    """A feature that needs permissions of its own, and is off unless the settings turn it on."""

    ALERTS = "alerts"
    BOARD = "board"


USES = {ChannelPurpose.ALERTS: Use.ALERTS, ChannelPurpose.BOARD: Use.BOARD}


def uses_of(purposes: Iterable[ChannelPurpose]) -> frozenset[Use]:
    """The features that need permissions of their own in channels with these purposes."""
    return frozenset(USES[purpose] for purpose in purposes if purpose in USES)


@dataclass(frozen=True, slots=True)
class Setup:
    """What the settings say, and the commands that this version has.

    channels: The ids of the channels that the bot posts in by itself, by the setting's name.
    probe_image: The image of pods that probe; empty where that is the bot's own.
    prober_settings: The names of those settings that mean nothing without the prober.
    route_checks: Whether route checks are on, which agents alone make.
    heartbeat: Whether an address is set that gets a ping while the bot works.
    choices: The channels and the time zone of the settings and of `/setup`.
    """

    guild_id: int | None
    roles: Roles
    commands: Commands = ()
    namespaces: tuple[str, ...] = ()
    secret_inventory: bool = False
    state_namespace: str = ""
    uses: frozenset[Use] = frozenset()
    channels: Mapping[str, int] = field(default_factory=dict)
    probe_image: str = ""
    prober_settings: tuple[str, ...] = ()
    route_checks: bool = False
    heartbeat: bool = False
    choices: ServerChoices | NotObserved = field(default_factory=ServerChoices)


@dataclass(frozen=True, slots=True)
class Application:
    """The application that a token belongs to.

    `privileged` are the privileged intents that are switched on; `endpoint` tells whether Discord
    sends interactions to a web address in place of the gateway.
    """

    id: int
    name: str
    public: bool = False
    code_grant: bool = False
    endpoint: bool = False
    privileged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """A text channel, and what the bot may do there (names as in Discord's documentation)."""

    name: str
    permissions: frozenset[str]
    id: int = 0


@dataclass(frozen=True, slots=True)
class DiscordServerFacts:
    """The server: its roles by id, its text channels, what the bot's roles allow there."""

    id: int
    name: str
    roles: Mapping[int, str]
    permissions: frozenset[str]
    channels: tuple[Channel, ...] | NotObserved = ()


@dataclass(frozen=True, slots=True)
class RegisteredCommands:
    """The commands that Discord shows in the server, and the names of the global ones."""

    commands: Commands
    everywhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The bot is not in the server of the settings, but in these."""

    servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiscordFacts:
    """What Discord answered.

    `login` is the bot's user id. `members` are the people of the settings: a name, or why there
    is none. `skew` is how many seconds our clock is ahead of Discord's; `here` the channel in
    which somebody asks. `named` says of each channel of the settings whether it is a thread or a
    voice channel of the server, which `server.channels` does not list.
    """

    login: int | Denied | Unset | NotObserved
    application: Application | NotObserved
    server: DiscordServerFacts | Elsewhere | Unset | NotObserved
    registered: RegisteredCommands | Denied | Unset | NotObserved
    members: Mapping[int, str | Denied | NotObserved] = field(default_factory=dict)
    skew: float | None = None
    here: Channel | None = None
    named: Mapping[int, bool | NotObserved] = field(default_factory=dict)


Served: TypeAlias = Mapping[tuple[str, str], tuple[str, ...]]
"""Installed kinds: (group, plural) -> versions, the preferred first."""


class Right(NamedTuple):
    """A permission in the cluster. An empty namespace means all of them, an empty name any."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        title = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {title}"


@dataclass(frozen=True, slots=True)
class LeaseFacts:
    """The bot's Lease: who holds it (empty: nobody), and times in seconds.

    `renewed_ago` compares the holder's clock with ours; None where the Lease does not tell.
    """

    holder: str
    renewed_ago: float | None
    duration: int


@dataclass(frozen=True, slots=True)
class OwnPod:
    """A pod of the bot, or of one of its agents.

    trouble: Why it cannot become ready by itself; empty where it is ready, or may be soon.
    """

    namespace: str
    name: str
    node: str = ""
    image: str = ""
    ready: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class AgentsFacts:
    """The agents of the component prober-daemonset.

    nodes: How many nodes are to have one.
    knows_bot: Whether the ConfigMap of keys holds the one that this process signs by (in a process
        that signs nothing: any); None where the ConfigMap is missing.
    has_peers: Whether the ConfigMap of peers exists.
    refusals: By node, why an agent did not do a signed job; None where none was sent.
    told_ago: Seconds since the ConfigMap holds the key.
    """

    pods: tuple[OwnPod, ...]
    nodes: int
    knows_bot: bool | None = True
    has_peers: bool = True
    refusals: Mapping[str, str] | None = None
    told_ago: float = math.inf


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What the API server answered; `lease` is None where there is none or none is needed.

    left_behind: Objects of the bot's own tests that none can need any more.
    elsewhere: Namespaces in which a workload runs pods with Traefik's label that are not believed.
    impostors: Pods with Traefik's label that run in any namespace and that no workload keeps.
    traefik_namespaces: Where Traefik is looked for, as the settings say.
    strict_fault: What Python 3.13 refuses of the API server's certificates; empty for nothing.
    approver: Namespaces in which the approver identity may change Services; None where the bot may
        not become it.
    guards: Whether a component's admission policy refused what it must, by the component.
    traefik_api: Whether Traefik's API was read through the API server; None where that is not
        allowed.
    bots: Pods that run the bot, by their label.
    """

    host: str
    version: str | Denied | NotObserved
    served: Served | Denied | NotObserved
    rights: Mapping[Right, bool | NotObserved]
    traefik: tuple[TraefikPod, ...] | Denied | NotObserved
    probe: bool | Denied | NotObserved
    user: str = ""
    skew: float | None = None
    lease: LeaseFacts | Denied | NotObserved | None = None
    left_behind: tuple[Ref, ...] | Denied | NotObserved = ()
    elsewhere: tuple[str, ...] | Denied | NotObserved = ()
    impostors: tuple[Ref, ...] = ()
    traefik_namespaces: tuple[str, ...] = NAMESPACES
    strict_fault: str = ""
    approver: tuple[str, ...] | Denied | NotObserved | None = None
    guards: Mapping[str, bool | NotObserved] = field(default_factory=dict)
    traefik_api: bool | NotObserved | None = None
    bots: tuple[OwnPod, ...] | Denied | NotObserved = ()

    @classmethod
    def unobserved(cls, host: str, why: str) -> ClusterFacts:
        """The facts of a cluster that did not answer."""
        lost = NotObserved(why)
        return cls(host, lost, lost, {}, lost, lost, lease=lost, left_behind=lost, bots=lost)


def without_login(login: Denied | Unset | NotObserved) -> DiscordFacts:
    """The facts where Discord did not let the bot in."""
    lost = (
        login if isinstance(login, NotObserved) else NotObserved("Discord did not let the bot in.")
    )
    return DiscordFacts(login, lost, lost, lost)
