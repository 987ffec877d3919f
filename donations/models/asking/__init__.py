"""What we ask for, and who wants to be asked later.

Uses the models of donors and countries.
Begin with appeal.py.
"""

from .appeal import Appeal, AppealAmounts, Frequency
from .deferral import Deferral

__all__ = ["Appeal", "AppealAmounts", "Deferral", "Frequency"]
