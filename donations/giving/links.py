"""The links that are a donor's own."""

from donations.models import Donor
from newsroom.core import tokens
from newsroom.web.http import absolute_url


def manage_url(donor: Donor) -> str:
    return absolute_url("manage", tokens.expiring("manage", donor.pk))
