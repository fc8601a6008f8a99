"""Installs the bot on the nodes as its README says, pointed at the local Discord."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from tests.nodes import editing, readme
from tests.nodes.bot import Bot
from tests.nodes.editing import Choices
from tests.nodes.kubectl import kubectl, program, rolled_out, theirs, wait_until
from tests.nodes.place import RUN
from tests.places import ROOT

# The image was built by buildah from the same Dockerfile before the cluster was started, and is on
# the nodes, since there is no registry to push it to.
DOCKER = """\
#!/bin/sh
[ "$1 $2 $3" = "build -f deploy/Dockerfile" ] || { echo "docker: not expected: $*"; exit 1; }
"""
# What `git pull` brings is this checkout.
GIT = """\
#!/bin/sh
[ "$*" = "pull" ] || {{ echo "git: not expected: $*"; exit 1; }}
cp -r {root}/deploy .
"""
KUBECTL = """\
#!/bin/sh
case "$*" in *"rollout status"*) set -- "$@" --timeout={rollout:.0f}s;; esac
exec {program} "$@"
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


def install(
    bot: Bot,
    choices: Choices,
    checkout: Path = ROOT,
    *,
    token: str = "",
    rollout: float = ROLLOUT,
) -> float:
    """Run the README's install of a checkout; the seconds until it ended, the rollout done.

    The token is the local Discord's, or another one that it refuses.

    Raises:
        CommandFailed: A command failed; `rollout status` does after `rollout` seconds.
    """
    readme.copy_checkout(checkout)
    began = time.monotonic()
    script = readme.commands(readme.INSTALL, checkout)
    shims = {**_shims(choices), "kubectl": _kubectl(rollout)}
    readme.follow(script, shims, token or bot.discord.token)
    return time.monotonic() - began


def upgrade(choices: Choices) -> str:
    """Run the README's upgrade to this checkout; the image that runs then."""
    readme.follow(readme.commands(readme.UPGRADE), _shims(choices))
    return _image()


def roll_back() -> str:
    """Run the README's way back; the image that runs then."""
    readme.follow(readme.commands(readme.ROLL_BACK), {"kubectl": _kubectl()})
    return _image()


def change_settings(choices: Choices) -> None:
    """Choose and set otherwise, as a person does who edits deploy/home, until it is rolled out."""
    home = readme.CHECKOUT / "deploy/home"
    editing.edit(choices, home)
    kubectl("apply", "-k", home)
    rolled_out("meshmedic", "deployment/meshmedic")


LEFT = (
    *("namespaces", "clusterroles", "clusterrolebindings", "customresourcedefinitions"),
    *("validatingadmissionpolicies", "validatingadmissionpolicybindings"),
)
INSIDE = (
    *("deployments", "daemonsets", "pods", "services", "serviceaccounts", "configmaps", "secrets"),
    *("leases", "changes", "roles", "rolebindings", "networkpolicies", "poddisruptionbudgets"),
)
BROUGHT = ("configmap/kube-root-ca.crt", "serviceaccount/default")
"""What Kubernetes makes in every namespace."""


def uninstall_all_but_the_audit_log() -> str:
    """Run the README's uninstall; what is left, in the bot's own namespace by kind alone."""
    readme.follow(readme.commands(readme.UNINSTALL), {"kubectl": _kubectl()})
    pods = ("-n", "meshmedic", "get", "pods", "-o", "name")
    wait_until("the pods have ended", lambda: not kubectl(*pods), 60)
    names = kubectl("-n", "meshmedic", "get", ",".join(INSIDE), "-o", "name").splitlines()
    kinds = {name.partition("/")[0] for name in names if name not in BROUGHT}
    return "\n".join((*_left(), *sorted(kinds)))


def uninstall() -> str:
    """Run the README's way to remove the audit log, too; the names of what is left."""
    readme.follow(readme.commands(readme.UNINSTALL, block=1), {"kubectl": _kubectl()})
    return "\n".join(_left())


def _left() -> list[str]:
    names = kubectl("get", ",".join(LEFT), "-o", "name").splitlines()
    return [name for name in names if "meshmedic" in name]


def _image() -> str:
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return kubectl("-n", "meshmedic", "get", "deployment/meshmedic", "-o", path)


def _shims(choices: Choices) -> dict[str, str]:
    chosen = RUN / "choices.json"
    chosen.write_text(choices.to_json())
    return {
        "docker": DOCKER,
        "git": GIT.format(root=ROOT),
        "kubectl": _kubectl(),
        "edit": EDIT.format(root=ROOT, python=sys.executable, choices=chosen),
    }


def _kubectl(rollout: float = ROLLOUT) -> str:
    named = shutil.which("kubectl") if theirs() else program()
    return KUBECTL.format(program=named, rollout=rollout)
