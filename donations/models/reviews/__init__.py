"""What finance decides: reviews, their history, the block list, and the rules."""

from .block_list import BlockedMark
from .review import Review
from .rules import ReviewRules
from .step import ReviewStep

__all__ = ["BlockedMark", "Review", "ReviewRules", "ReviewStep"]
