"""What has to be there before a reader is asked for an address, and before an issue goes out: a
privacy policy that they can read and agree to, a postal address of who writes to them.

In words for staff; “” when it is there.
"""

from newsroom.models import Masthead, PolicyPage

NO_POLICY = "No privacy policy is published: readers would agree to nothing."
NO_POSTAL_ADDRESS = (
    "The masthead has no postal address: anti-spam laws demand one in every newsletter."
)


def policy() -> str:
    return "" if PolicyPage.current() else NO_POLICY


def postal_address() -> str:
    return "" if Masthead.load().postal_address.strip() else NO_POSTAL_ADDRESS


def missing() -> list[str]:
    return [problem for problem in (policy(), postal_address()) if problem]
