"""Installs that cannot work: the rollout fails, the pod says why, and nothing restarts.

Then what was wrong is put right, as deploy/README.md says, and the same pod becomes Ready.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

from tests.nodes.bot import Bot
from tests.nodes.commands import CommandFailed
from tests.nodes.installing import choices_for, install, uninstall
from tests.nodes.kubectl import apply, get, kubectl, rolled_out, wait_until
from tests.nodes.table import Table

PLACE = ("-n", "meshmedic")
DEPLOYMENT = "deployment/meshmedic"
LABEL = "app.kubernetes.io/name=meshmedic"

WRONG_TOKEN = "a.wrong-token.of-yesterday"
NOBODY = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"}

TOKEN_REFUSED = "Discord refuses the token in MESHMEDIC_DISCORD_TOKEN"
NEVER_REACHED = "The bot has not reached the API server yet: Connection refused"

ROLLOUT = 45
"""Seconds after which `rollout status` gives up here: a right install takes less."""

BEGUN = 60.0
"""Seconds until a pod that was made in the meantime has said why it is not Ready."""

SECRET_BROUGHT = 180.0
"""Seconds until a kubelet has brought a changed Secret into the pod, and the bot has tried it."""

READYZ = """
import urllib.error, urllib.request
try:
    print(urllib.request.urlopen("http://127.0.0.1:8080/readyz").read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


async def run(table: Table, bot: Bot) -> None:
    """A wrong token, then an API server's address at which nothing listens."""
    await asyncio.to_thread(uninstall)
    said = await asyncio.to_thread(_install, bot)
    table.row("a wrong token: rollout status", said, seconds=0, want="timed out|exceeded")
    await _is_told(table, "a wrong token", TOKEN_REFUSED, event=TOKEN_REFUSED)
    await asyncio.to_thread(apply, _secret(bot.discord.token))
    took = await asyncio.to_thread(wait_until, "Ready", _is_ready, SECRET_BROUGHT)
    table.row("the right token: the same pod", _state(), seconds=took, want="^ready, restarts 0$")
    told = await bot.ask("health", "all")
    table.row("and it answers", told.text, seconds=told.seconds, want="healthy|problem")

    await asyncio.to_thread(kubectl, *PLACE, "set", "env", DEPLOYMENT, *_assigned(NOBODY))
    said = await asyncio.to_thread(_rollout)
    what = "an API server that nobody is"
    table.row(f"{what}: rollout status", said, seconds=0, want="timed out|exceeded")
    await _is_told(table, what, NEVER_REACHED, event="^none$")
    unset = [f"{name}-" for name in NOBODY]
    await asyncio.to_thread(kubectl, *PLACE, "set", "env", DEPLOYMENT, *unset)
    await asyncio.to_thread(partial(rolled_out, "meshmedic", DEPLOYMENT))
    table.row("the right address", _state(), seconds=0, want="^ready, restarts 0$")


def _install(bot: Bot) -> str:
    """Install by the README with one process and a wrong token; what `rollout status` said."""
    try:
        install(bot, choices_for(bot), token=WRONG_TOKEN, rollout=ROLLOUT)
    except CommandFailed as error:
        return str(error)
    return "successfully rolled out"


def _rollout() -> str:
    try:
        return kubectl(*PLACE, "rollout", "status", DEPLOYMENT, f"--timeout={ROLLOUT}s")
    except CommandFailed as error:
        return str(error)


async def _is_told(table: Table, what: str, why: str, *, event: str) -> None:
    """The pod is not Ready and was not restarted, and says why in each place."""
    await asyncio.to_thread(wait_until, why, partial(_is_said, why), BEGUN)
    told = {
        "the pod": (_state, "^not ready, restarts 0$"),
        "/readyz": (_readyz, f"^503 .*{why}"),
        "its last log line": (_last_line, f"^Not ready. .*{why}"),
        "its Event": (_event, event),
    }
    for where, (look, want) in told.items():
        table.row(f"{what}: {where}", await asyncio.to_thread(look), seconds=0, want=want)


def _pod() -> dict[str, Any]:
    """The newest pod of the bot."""
    pods = get(*PLACE, "pods", "-l", LABEL)["items"]
    newest: dict[str, Any] = max(pods, key=lambda pod: pod["metadata"]["creationTimestamp"])
    return newest


def _name() -> str:
    return str(_pod()["metadata"]["name"])


def _state() -> str:
    (container,) = _pod()["status"]["containerStatuses"]
    ready = "ready" if container["ready"] else "not ready"
    return f"{ready}, restarts {container['restartCount']}"


def _is_ready() -> bool:
    return _state().startswith("ready")


def _readyz() -> str:
    return kubectl(*PLACE, "exec", _name(), "--", "python", "-c", READYZ)


def _last_line() -> str:
    line = kubectl(*PLACE, "logs", _name(), "--tail=1")
    return str(json.loads(line)["message"])


def _is_said(why: str) -> bool:
    """Whether the log ends so; a container that does not run yet has none."""
    try:
        return why in _last_line()
    except (CommandFailed, ValueError):
        return False


def _event() -> str:
    """The message of the bot's last Event on its pod."""
    selector = f"--field-selector=involvedObject.name={_name()},reason=NotReady"
    events = get(*PLACE, "events", selector)["items"]
    return str(events[-1]["message"]) if events else "none"


def _secret(token: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "meshmedic", "namespace": "meshmedic"},
        "stringData": {"meshmedic_discord_token": token},
    }


def _assigned(variables: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in variables.items()]
