"""The front page: what editors may arrange on it (blocks.py), and how it is filled (filling.py)."""

from .blocks import Arrangement, Box
from .filling import BY_ITSELF, Row, filled, most_read, pinned, topics_of

__all__ = [
    "BY_ITSELF",
    "Arrangement",
    "Box",
    "Row",
    "filled",
    "most_read",
    "pinned",
    "topics_of",
]
