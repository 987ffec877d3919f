"""The environment variables: what each is for, what it has to look like, what is wrong with one.

Uses nothing but the addresses of ``newsroom/core/uris.py``: the settings begin here.
Begin with ``table.py``: a row is all that a new setting needs.
"""

from newsroom.core.environment.checks import Problem, problems, report
from newsroom.core.environment.reading import Environment

__all__ = ["Environment", "Problem", "problems", "report"]
