"""When commands count as registered."""

from bot.app.leader_tasks import command_digest

WHY, HEALTH = {"name": "why", "type": 1}, {"type": 1, "name": "health"}


def test_the_order_of_commands_and_of_their_fields_does_not_matter():
    """It is not in the code's hands, and Discord keeps none."""
    one = command_digest((WHY, HEALTH), application=1, guild=2)
    assert one == command_digest((dict(reversed(HEALTH.items())), WHY), application=1, guild=2)
    assert len(one.sha256) == 64


def test_another_command_application_or_server_is_another_digest():
    """Else a bot that moves to another server would have no commands there."""
    one = command_digest((WHY,), application=1, guild=2)
    others = (
        command_digest((WHY, HEALTH), application=1, guild=2),
        command_digest((WHY | {"description": "x"},), application=1, guild=2),
        command_digest((WHY,), application=2, guild=2),
        command_digest((WHY,), application=1, guild=3),
    )
    assert len({one.sha256, *(each.sha256 for each in others)}) == 5
