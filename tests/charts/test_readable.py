"""Pictures can be read on a phone and on both themes of Discord, and every sign is explained."""

from typing import Any

import pytest
from matplotlib.colors import LogNorm, to_rgb
from matplotlib.figure import Figure

from bot.charts.matplotlib import canvas
from bot.charts.matplotlib.tile import Painter
from bot.charts.spec import Sign, Tile
from bot.net.views import chart

PHONE = 300
"""Pixels that a phone of 390 pixels leaves a picture."""

READABLE = 4.5
"""Source: WCAG 2.2, contrast (minimum)."""


def contrast(one: object, other: object) -> float:
    """Source: WCAG 2.2, contrast ratio."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _colours(collection: Any) -> list[object]:
    return [tuple(colour[:3]) for colour in collection.get_facecolor()]


def _luminance(colour: object) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(colour)  # type: ignore[arg-type]
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_letters_are_ten_pixels_high_on_a_phone() -> None:
    assert canvas.LETTERS / 72 / canvas.WIDE * PHONE >= 10


@pytest.mark.parametrize("ink", [canvas.INK, canvas.FAINT])
def test_words_stand_out_from_the_ground(ink: str) -> None:
    """The ground is part of the picture, so Discord's theme changes nothing."""
    assert contrast(ink, canvas.GROUND) >= READABLE


@pytest.mark.parametrize("sign", [Sign.WELL, Sign.SOME])
@pytest.mark.parametrize("value", [0.4, 1, 3, 6, 9, 10, 11, 15, 30, 100, 4000])
def test_a_number_stands_out_from_its_tile(sign: Sign, value: float) -> None:
    axes = canvas.add_field(Figure(), (0, 0, 1, 1), 1, 1)
    painter = Painter(axes, LogNorm(1, 100, clip=True), 10.0, thick=1.0)
    painter.paint(0, 0, Tile(sign, value, "Lu"))
    painter.hang()
    number, *letters = axes.texts
    fill, corner, *_ = map(_colours, axes.collections)
    assert contrast(number.get_color(), fill[0]) >= READABLE
    assert all(contrast(letter.get_color(), corner[0]) >= READABLE for letter in letters)


def test_the_key_explains_every_sign() -> None:
    assert {key.tile.sign for key in chart.KEY} == set(Sign)
