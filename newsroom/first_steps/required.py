"""What has to be there before a reader is asked for an address, and before an issue goes out: a
privacy policy that they can read and agree to, a postal address of who writes to them.

In words for staff; “” when it is there. A page has its masthead at hand already.
"""

from newsroom.models import Masthead, PolicyPage

NO_POLICY = "No privacy policy is published: readers would agree to nothing."
NO_POSTAL_ADDRESS = (
    "The masthead has no postal address: anti-spam laws demand one in every newsletter."
)


def policy() -> str:
    return "" if PolicyPage.current() else NO_POLICY


def postal_address(masthead: Masthead | None = None) -> str:
    found = (masthead or Masthead.load()).postal_address.strip()
    return "" if found else NO_POSTAL_ADDRESS


def missing(masthead: Masthead | None = None) -> list[str]:
    return [problem for problem in (policy(), postal_address(masthead)) if problem]
