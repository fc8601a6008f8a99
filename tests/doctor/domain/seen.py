"""A set-up in which all is well; a test changes what it is about."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.doctor.domain.diagnostic import Diagnostic, DiagnosticOutcome
from bot.doctor.domain.facts import (
    Application,
    Channel,
    ClusterFacts,
    DiscordFacts,
    DiscordServerFacts,
    LeaseFacts,
    OwnPod,
    RegisteredCommands,
    Setup,
)
from bot.doctor.domain.guards import POLICIES
from bot.doctor.domain.permissions import needed
from bot.doctor.service import wanted
from bot.domain.authorization import Members, Roles
from bot.domain.resources.registry import KINDS
from bot.routing.instance import TraefikPod

GUILD = 300_000_000_000_000_002
BOT = 300_000_000_000_000_001
VERA = 300_000_000_000_000_021
VIEWERS = 300_000_000_000_000_011
NOBODY = 300_000_000_000_000_099

NEEDED = frozenset(each.flag for each in needed(()))
COMMANDS = ({"name": "health", "type": 1, "description": "What is healthy."},)

SETUP = Setup(
    guild_id=GUILD,
    roles=Roles(
        viewers=Members(roles=frozenset({VIEWERS})),
        operators=Members(users=frozenset({VERA})),
        approvers=Members(users=frozenset({VERA})),
    ),
    commands=COMMANDS,
    state_namespace="meshmedic",
)
SERVER = DiscordServerFacts(
    id=GUILD,
    name="Homelab",
    roles={GUILD: "@everyone", VIEWERS: "viewers"},
    permissions=NEEDED,
    channels=(Channel("ops", NEEDED),),
)
DISCORD = DiscordFacts(
    login=BOT,
    application=Application(BOT, "meshmedic"),
    server=SERVER,
    registered=RegisteredCommands(COMMANDS),
    members={VERA: "Vera"},
    skew=0.3,
)
SERVED: Mapping[tuple[str, str], tuple[str, ...]] = {
    (group, kind.plural): kind.versions[:1] for kind in KINDS for group in kind.groups if group
}
TRAEFIK = TraefikPod(
    "kube-system", "traefik-1", running=True, image="rancher/mirrored-library-traefik:3.6.2"
)


def a_cluster(setup: Setup = SETUP, **changes: Any) -> ClusterFacts:
    """A cluster that allows all that is asked of it."""
    rights = dict.fromkeys(wanted(setup), True)
    whole = ClusterFacts(
        host="https://10.0.0.1:6443",
        version="v1.34.2+k3s1",
        served=SERVED,
        rights=rights,
        traefik=(TRAEFIK,),
        probe=False,
        skew=-0.4,
        lease=LeaseFacts("meshmedic-1_a", 3.2, 30),
        approver=("apps", "media"),
        guards=dict.fromkeys(POLICIES, True),
        bots=(OwnPod("meshmedic", "meshmedic-1", "n1", "meshmedic:1", ready=True),),
    )
    return replace(whole, **changes)


def failed_with_fix(each: Diagnostic, saw: str, fix: str) -> bool:
    """Whether it failed, and says both what was seen and what to do."""
    return each.outcome is DiagnosticOutcome.FAILED and saw in each.observation and fix in each.fix
