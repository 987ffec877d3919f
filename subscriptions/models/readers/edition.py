"""The editions of an issue: how one reader or another gets it, as they have chosen."""

from enum import IntFlag


class Edition(IntFlag):
    """What is added to teasers whose links lead to the site. Rows keep its number."""

    WHOLE = 1  # articles with their texts
    MIRROR = 2  # links to our own pages lead to the mirror

    @property
    def label(self) -> str:
        """For staff."""
        articles = "Whole articles" if Edition.WHOLE in self else "Teasers"
        return f"{articles}, links to the mirror" if Edition.MIRROR in self else articles
