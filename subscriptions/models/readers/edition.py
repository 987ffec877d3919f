"""The editions of an issue: how one reader or another gets it, as they have chosen; and who gives
already is not asked."""

from enum import IntFlag


class Edition(IntFlag):
    """What is added to teasers whose links lead to the site. Rows keep its number."""

    WHOLE = 1  # articles with their texts
    MIRROR = 2  # links to our own pages lead to the mirror
    SPARED = 4  # without what asks for support: they support us, or said no

    @property
    def label(self) -> str:
        """For staff."""
        articles = "Whole articles" if Edition.WHOLE in self else "Teasers"
        mirror = ", links to the mirror" if Edition.MIRROR in self else ""
        spared = ", not asked for support" if Edition.SPARED in self else ""
        return f"{articles}{mirror}{spared}"
