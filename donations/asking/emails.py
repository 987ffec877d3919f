"""The one mail to who wanted to be asked later."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from donations import money
from donations.asking import reminders
from donations.models import Deferral, GivingWords
from newsroom.core import tokens
from newsroom.mail.catalogue import Letter, mail
from newsroom.web.http import absolute_url


@mail(
    "reminder",
    subject=_("You asked us to get back to you"),
    paragraphs=[
        _("Some time ago you asked us to get back to you today."),
        _(
            "Our reporting is free for everyone because some readers carry it. If this is a good "
            "moment, the page is ready for you:"
        ),
    ],
    button=_("Continue"),
    small=_("This is the one reminder you asked for."),
)
def reminder(deferral_id: int) -> Letter | None:
    deferral = Deferral.objects.filter(pk=deferral_id, status=Deferral.Status.REMINDED).first()
    if deferral is None or not reminders.wanted(deferral, timezone.now()):
        return None
    query = {
        "frequency": deferral.frequency,
        "currency": deferral.currency,
        "reminder": tokens.expiring("reminder", deferral.pk),
    }
    if deferral.amount:
        query["amount"] = money.plain(deferral.amount, deferral.currency)
    cancel = absolute_url("cancel_reminder", reminders.cancel_token(deferral))
    return Letter(
        deferral.email,
        deferral.language,
        url=absolute_url("support", **query),
        links=[(_("I want no more reminders"), cancel)],
        subject=GivingWords.load().reminder,
    )
