"""What an answer says, in one right value."""

from typing import Any


def led_to(answer: Any) -> str:
    """Where a redirect leads, without its query. Wagtail sends who may not see a page of the admin
    to the start page, “/admin/”, and who may not see the admin at all to the login."""
    assert answer.status_code == 302, answer.status_code
    return str(answer["Location"]).partition("?")[0]
