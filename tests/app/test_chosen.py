"""What people choose in Discord counts where the settings leave it open, and nowhere else."""

from zoneinfo import ZoneInfo

import pytest

from bot.alerting.domain.rules import AlertRoute, Rules
from bot.app.chosen import board_of, plan_of, rules_of, setup_of
from bot.digest.domain.records import DigestPlan
from bot.doctor.domain.facts import Setup, Use
from bot.domain.authorization import Roles
from bot.domain.verdict import Verdict
from bot.settings import Settings
from bot.setup.domain.choices import ChannelPurpose, Choices, ServerChoices

SETTINGS, CHOSEN, ROLE = 100_000_000_000_000_001, 100_000_000_000_000_002, 300
EVERYTHING = Choices(dict.fromkeys(ChannelPurpose, CHOSEN), "Europe/Berlin")


def read(**given: object) -> Settings:
    return Settings(_secrets_dir=None, **given)  # type: ignore[arg-type]


def test_a_chosen_channel_counts_where_the_settings_name_none() -> None:
    settings = read()
    choices = ServerChoices(settings.choices, EVERYTHING)
    rules = rules_of(settings.alert_rules, choices, ROLE)
    assert rules.routes == (AlertRoute(CHOSEN, Verdict.FAILED, role=ROLE), AlertRoute(CHOSEN))
    assert board_of(settings.board_channel, choices) == CHOSEN
    plan = plan_of(settings.digests, choices)
    assert [schedule.channel for schedule in plan.schedules()] == [CHOSEN]
    assert plan.zone == ZoneInfo("Europe/Berlin")


def test_the_settings_win() -> None:
    names = ("alert", "digest", "board", "audit")
    settings = read(digest_timezone="UTC", **{f"{name}_channel": SETTINGS for name in names})
    choices = ServerChoices(settings.choices, EVERYTHING)
    assert rules_of(settings.alert_rules, choices, ROLE) == settings.alert_rules
    assert board_of(settings.board_channel, choices) == SETTINGS
    assert plan_of(settings.digests, choices) == settings.digests
    assert choices.channel(ChannelPurpose.AUDIT) == SETTINGS
    assert not choices.unsaved


def test_routes_of_the_settings_come_before_a_chosen_channel() -> None:
    """They take what they match, and the channel the rest."""
    rules = Rules(routes=(AlertRoute(7, namespaces=frozenset({"web"})),))
    routed = rules_of(rules, ServerChoices(chosen=EVERYTHING), None)
    assert [route.channel for route in routed.routes] == [7, CHOSEN]


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd", "x" * 5000, "Europe"])
def test_a_stored_zone_that_is_none_leaves_the_one_of_the_settings(zone: str) -> None:
    """Another version may have known it, and a record may be damaged."""
    plan = plan_of(DigestPlan(), ServerChoices(chosen=Choices(zone=zone)))
    assert plan.zone == ZoneInfo("UTC")


def test_the_doctor_examines_chosen_channels_like_those_of_the_settings() -> None:
    setup = setup_of(Setup(1, Roles(), channels={"X": 7}), ServerChoices(chosen=EVERYTHING))
    assert setup.channels == {"X": 7} | {f"/setup {name}": CHOSEN for name in ChannelPurpose}
    assert setup.uses == {Use.ALERTS, Use.BOARD}
