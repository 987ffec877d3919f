"""How a mail looks: its language and colours, and whether readers can read them."""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError

PAPER, NIGHT = "#ffffff", "#161513"  # behind the text of a mail, light and dark
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3 Contrast (Minimum), level AA


@dataclass(frozen=True)
class Look:
    """What a newsletter may change about its mails; these are the newsroom's own."""

    accent: str = "#7a1710"
    accent_dark: str = "#eb9389"


HEX = re.compile(r"#[0-9a-f]{6}", re.I)


def luminance(colour: str) -> float:
    """Relative luminance of “#rrggbb”, 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable_on(colour: str, ground: str) -> None:
    """Raises ValidationError for no colour, or one too pale or too dark to read there."""
    if not HEX.fullmatch(colour):
        raise ValidationError("Write it as #rrggbb, such as #8c1c13.")
    ratio = contrast(colour, ground)
    if ratio < LEAST_CONTRAST:
        way = "darker" if ground == PAPER else "lighter"
        raise ValidationError(
            f"Hard to read: its contrast is {ratio:.1f}, and {LEAST_CONTRAST} is the least. "
            f"Choose a {way} one."
        )


def readable_on_paper(colour: str) -> None:
    readable_on(colour, PAPER)


def readable_at_night(colour: str) -> None:
    readable_on(colour, NIGHT)
