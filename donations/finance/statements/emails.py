"""The mail about a year's statement, to all who gave in it. Its words are those of the mail that a
colleague sends to one (donations/giving/emails.py)."""

from functools import partial
from urllib.parse import unquote

from django.utils.translation import gettext_lazy as _

from donations.finance.statements import mailing
from donations.giving.links import manage_token
from donations.models import StatementMail
from newsroom.mail import outbox
from newsroom.mail.catalogue import Letter, mail
from newsroom.mail.providers import FIELD
from newsroom.web.http import absolute_url

CODE = "code"  # what differs between the copies: the code in their link


@mail(
    mailing.PURPOSE,
    subject=_("Your statement"),
    paragraphs=[_("Your statement of all that you gave in {year} is on your own page.")],
    button=_("Open my page"),
    small=_("That link works for a day; a new one is at {page}"),
)
def yearly_statement(call: int) -> Letter | None:
    """Written once: they have the same year and language."""
    found = mailing.of_call(call)
    if not found:
        return None
    each = {one.donor.email: {CODE: manage_token(one.donor)} for one in found}
    return Letter(
        list(each),
        found[0].language,
        about(found[0].year),
        url=unquote(absolute_url("manage", FIELD.format(CODE))),
        each=each,
        halve=partial(outbox.halve, mailing.PURPOSE, StatementMail.objects.filter(call=call)),
    )


def about(year: int) -> dict[str, str]:
    return {"year": str(year), "page": absolute_url("manage_request")}


def example(year: int, language: str) -> Letter:
    """As they get it, but for their link: who looks at it gets nobody's."""
    page = absolute_url("manage_request")
    return Letter("", language, about(year), url=page)
