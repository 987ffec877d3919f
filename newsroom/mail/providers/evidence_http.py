"""Asking a provider for evidence: any failure means “can't say”, never “not sent”."""

import logging
from collections.abc import Callable
from typing import Any

import requests

log = logging.getLogger(__name__)

TIMEOUT = (3.05, 20)  # seconds to connect, to answer


def answer_of(request: Callable[[], requests.Response]) -> Any:
    """The JSON it answers, None for anything else."""
    try:
        answer = request()
        answer.raise_for_status()
        return answer.json()
    except (requests.RequestException, ValueError) as error:
        log.warning("No evidence from the provider: %s", type(error).__name__)
        return None
