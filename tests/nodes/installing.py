"""Installs the bot on the nodes as its README says, pointed at the local Discord."""

from __future__ import annotations

import sys
import time

from tests.nodes import readme
from tests.nodes.bot import Bot
from tests.nodes.editing import Choices
from tests.nodes.kubectl import kubectl
from tests.nodes.place import RUN
from tests.places import ROOT
from tests.programs import catalogue

# The image was built by buildah from the same Dockerfile before the cluster was started, and is on
# the nodes, since there is no registry to push it to.
DOCKER = """\
#!/bin/sh
[ "$1 $2 $3" = "build -f deploy/Dockerfile" ] || { echo "docker: not expected: $*"; exit 1; }
"""
KUBECTL = """\
#!/bin/sh
case "$*" in *"rollout status"*) set -- "$@" --timeout={rollout:.0f}s;; esac
exec {program} kubectl "$@"
"""
EDIT = '#!/bin/sh\nPYTHONPATH={root} exec {python} -m tests.nodes.editing {choices} "$@"\n'


def choices_for(bot: Bot, *components: str, **settings: str) -> Choices:
    """What somebody chooses who has this Discord."""
    discord = bot.discord
    return Choices(
        discord.rest_base,
        discord.gateway.url,
        discord.ca_file.read_text(),
        tuple(components),
        settings,
    )


ROLLOUT = 380.0
"""Seconds after which `rollout status` gives up; by itself it takes ten minutes."""


def install(bot: Bot, choices: Choices, *, token: str = "", rollout: float = ROLLOUT) -> float:
    """Run the README's install; the seconds until it ended, the rollout done.

    The token is the local Discord's, or another one that it refuses.

    Raises:
        CommandFailed: A command failed; `rollout status` does after `rollout` seconds.
    """
    readme.copy_checkout()
    chosen = RUN / "choices.json"
    chosen.write_text(choices.to_json())
    program = RUN / "bin" / catalogue.KUBERNETES.name
    began = time.monotonic()
    readme.install(
        token or bot.discord.token,
        {
            "docker": DOCKER,
            "kubectl": KUBECTL.format(program=program, rollout=rollout),
            "edit": EDIT.format(root=ROOT, python=sys.executable, choices=chosen),
        },
    )
    return time.monotonic() - began


LEFT = (
    *("namespaces", "clusterroles", "clusterrolebindings", "customresourcedefinitions"),
    *("validatingadmissionpolicies", "validatingadmissionpolicybindings"),
)


def uninstall() -> str:
    """Delete what was applied; the names of what is left in the cluster."""
    home = readme.CHECKOUT / "deploy/home"
    kubectl("delete", "-k", home, "--ignore-not-found", "--wait=true", timeout=300)
    names = kubectl("get", ",".join(LEFT), "-o", "name").splitlines()
    return "\n".join(name for name in names if "meshmedic" in name)
