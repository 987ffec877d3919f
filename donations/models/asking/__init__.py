"""What we ask for, and who wants to be asked later.

Uses the models of donors and countries.
Begin with appeal.py.
"""

from .appeal import Appeal, AppealAmounts, Frequency
from .deferral import Deferral
from .deferral_count import DeferralCount, Tally
from .touch import KeepInTouch

__all__ = [
    "Appeal",
    "AppealAmounts",
    "Deferral",
    "DeferralCount",
    "Frequency",
    "KeepInTouch",
    "Tally",
]
