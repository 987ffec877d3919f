"""The links that are a donor's own: they end when their address changes."""

from donations.models import Donor, RecurringContribution
from newsroom.core import tokens
from newsroom.web.http import absolute_url

LINKS = {"most": 20, "seconds": 600}  # forms about them or behind them, from one network


def manage_token(donor: Donor) -> str:
    return tokens.expiring("manage", [donor.pk, donor.links])


def manage_url(donor: Donor) -> str:
    return absolute_url("manage", manage_token(donor))


def update_payment_url(recurring: RecurringContribution) -> str:
    token = tokens.expiring("update payment", [recurring.pk, recurring.links])
    return absolute_url("update_payment", token)
