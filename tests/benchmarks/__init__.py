"""How fast it is, one benchmark a module: ``make bench NAME=send``."""

import os


def given(name: str, otherwise: int) -> int:
    """How many, as the command says: ``make bench NAME=send RECIPIENTS=500``. Empty is not said."""
    return int(os.environ.get(name) or otherwise)
