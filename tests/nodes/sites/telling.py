"""What `/sites` says of each host, by the file that it comes with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from bot.render import text as words
from bot.sites.views.discord import FILE
from tests.nodes.bot import Bot
from tests.nodes.sites.objects import NAMESPACE
from tests.wire.world import OLGA

MARKS = "|".join(map(re.escape, words.MARK.values()))
SITE = re.compile(rf"^(?:{MARKS}) (?P<host>\S+)\s+(?P<state>.*)$")
UNTESTED = re.compile(r"^[\d,]+ sites? not tested: (?P<groups>.*)", re.MULTILINE | re.DOTALL)
GROUP = re.compile(r"(?P<hosts>[\w.-]+(?:, [\w.-]+)*)(?: \((?P<why>.*?)\)(?=, |\. | and \d))?")
MORE = re.compile(r" and [\d,]+ more\. ")
NOTHING = "nothing"
REST = "not tested, by a number"
"""Said of a host that stands nowhere, where more are not tested than are named."""


async def findings(bot: Bot) -> Mapping[str, str]:
    """The reasons and messages of each route's findings, by its name, as `/health` exports them."""
    told = await bot.ask("health", "routes")
    exported = await bot.click(told, "Export", user=OLGA)
    (text,) = (file for name, file in exported.answer.files.items() if name.endswith(".json"))
    said: dict[str, str] = {}
    for finding in json.loads(text)["findings"]:
        if finding["namespace"] == NAMESPACE:
            line = f"{finding['reason']}: {finding['message']}\n"
            said[finding["name"]] = said.get(finding["name"], "") + line
    return said


async def said_of_sites(bot: Bot, hosts: Iterable[str]) -> Mapping[str, str]:
    """The lines about each of these hosts; the whole answer for each, where it has no file."""
    told = await bot.ask("sites")
    if FILE not in told.answer.files:
        return dict.fromkeys(hosts, f"no file: {told.text}")
    return by_host(told.answer.files[FILE].decode(), hosts)


def by_host(text: str, hosts: Iterable[str]) -> Mapping[str, str]:
    """The same of a file. What is said of a host begins with its state."""
    said: dict[str, str] = {}
    host = ""
    for line in text.splitlines():
        if match := SITE.match(line):
            host = match["host"]
            said[host] = match["state"]
        elif host and line.startswith("   "):
            said[host] += f"\n{line.strip()}"
    untested = UNTESTED.search(text)
    groups = " ".join(untested["groups"].split()) if untested else ""  # it is wrapped
    for group in GROUP.finditer(groups):
        why = f": {group['why']}" if group["why"] else ""
        names = group["hosts"].rstrip(".").split(", ")
        said |= dict.fromkeys(names, f"not tested{why}")
    missing = REST if MORE.search(groups) else NOTHING
    return {host: said.get(host, missing) for host in hosts}
