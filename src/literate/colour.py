"""Colours of equations that can be read on white and on the dark page alike."""

from __future__ import annotations

from colorsys import hls_to_rgb, rgb_to_hls

import webcolors  # type: ignore[import-untyped]

#: The page behind the words in the light and in the dark scheme, and the contrast that WCAG asks.
_LIGHT, _DARK = "#ffffff", "#1e2129"
_CONTRAST = 4.5


def css_colour(name: str) -> str | None:
    """The hexadecimal value of a colour that CSS has a name for."""
    try:
        return str(webcolors.name_to_hex(name))
    except ValueError:
        return None


def readable(colour: str) -> str:
    """A CSS colour of the same hue that stands out from the page in either scheme."""
    return f"light-dark({_stand_out(colour, _LIGHT)},{_stand_out(colour, _DARK)})"


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG reckons it, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _stand_out(colour: str, page: str) -> str:
    hue, lightness, saturation = rgb_to_hls(*_rgb(colour))
    step = -0.02 if page == _LIGHT else 0.02
    while contrast(colour, page) < _CONTRAST:
        lightness = min(max(lightness + step, 0.0), 1.0)
        colour = _hex(hls_to_rgb(hue, lightness, saturation))
    return colour


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = webcolors.hex_to_rgb(colour)
    return red / 255, green / 255, blue / 255


def _hex(rgb: tuple[float, float, float]) -> str:
    red, green, blue = (round(255 * part) for part in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
