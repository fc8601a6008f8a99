"""A card as Discord gets it."""

from discord import ui

from bot.render import cards


def test_an_empty_part_leaves_no_text_and_no_separator() -> None:
    """Discord rejects a message with an empty text."""
    (container,) = cards.card(None, ["## Head", "", "-# tail", ""], ()).view.children
    assert isinstance(container, ui.Container)
    assert [type(item) for item in container.children] == [
        ui.TextDisplay,
        ui.Separator,
        ui.TextDisplay,
    ]
