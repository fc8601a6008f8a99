"""The ids of buttons and selects, which anybody may send, and what is read from their parts."""

import re

from discord import ui

from bot.chat.controls import Control
from bot.domain.authorization import Role
from bot.net import route_resolution
from commands.alerts.controls import MuteSelect, SilenceButton, WhyButton
from commands.digest.refresh_button import HealthNowButton
from commands.fix.controls import ChangeButton, MethodButton
from commands.fix.repair_controls import RepairButton, RepairSelect
from commands.health.controls import ExportButton, FindingSelect
from commands.net.retest import RetestButton
from tests.fuzz.target import Target
from tests.fuzz.targets.destinations import SNAPSHOT

CONTROLS: tuple[type[Control], ...] = (
    *(SilenceButton, HealthNowButton, ChangeButton, MethodButton),
    *(ExportButton, FindingSelect, RetestButton),
    *(MuteSelect, WhyButton, RepairButton, RepairSelect),
)
NAME = re.compile(r"[a-z0-9-]+")


def run(text: str) -> object:
    """At most one kind of control takes it, for a role that is known, with parts in their form."""
    taken = [kind for kind in CONTROLS if kind.__discord_ui_compiled_template__.fullmatch(text)]
    assert len(taken) <= 1
    for kind in taken:
        control = kind(ui.Button(custom_id=text))
        assert control.needed in set(Role)
        parts = control.template.fullmatch(text)
        assert parts
        named = parts.groupdict()
        for part in ("name", "code", "verb", "act", "number", "way"):
            assert NAME.fullmatch(named.get(part, "a"))
        route_resolution.resolve(SNAPSHOT, named.get("asked", ""))
    return tuple(taken)


TARGET = Target(
    "custom_ids",
    run,
    words=(
        *("meshmedic:", "again:", "drill:", "export:", "alert:", "change:", "fix:", "digest:", ":"),
        *(
            "0123abcd",
            "all",
            "health",
            "apps",
            "mute",
            "mute-for:",
            "why:",
            "repair:",
            "ack",
            "approve",
            "rollback",
            "annotation",
            "live",
        ),
        *("20261128-apps-web-ab12", "../../secrets", "a/b", "diagnose", "web.apps:80", "abcdefg"),
    ),
)
