"""What we ask for, and who wants to be asked later.

Uses the models of donors and countries.
Begin with appeal.py.
"""

from .amounts import AppealAmounts, Frequency
from .appeal import Appeal, AskedOn
from .ask_shown import AskShown
from .deferral import Deferral
from .deferral_count import DeferralCount, Tally
from .experiment import Experiment, Variant
from .touch import KeepInTouch

__all__ = [
    "Appeal",
    "AppealAmounts",
    "AskShown",
    "AskedOn",
    "Deferral",
    "DeferralCount",
    "Experiment",
    "Frequency",
    "KeepInTouch",
    "Tally",
    "Variant",
]
