"""The mails of “Remind me later”: the first asks its reader, the others go to who agrees. And what
supporters get by themselves (touch.py)."""

from functools import partial
from urllib.parse import unquote

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from donations.asking import reminders, reminding, touch
from donations.asking.words import for_a_mail
from donations.models import Appeal, Deferral, GivingWords, RecurringContribution
from newsroom.core import languages
from newsroom.core.privacy import list_index
from newsroom.mail import outbox
from newsroom.mail.catalogue import Letter, mail, mails
from newsroom.mail.compose import compose
from newsroom.mail.preview import as_it_is, framed
from newsroom.mail.providers import FIELD
from newsroom.models import Suppression
from newsroom.web.http import absolute_url

CODE = "code"  # what differs between copies of a reminder: the code in all its links


@mail(
    "confirm_reminder",
    subject=_("Please confirm your reminder"),
    paragraphs=[
        _(
            "Somebody, we hope you, asked us to write to this address on {day}, and then to ask "
            "again for support."
        ),
        _("And once more on {again}, if you have not given by then."),
        _("After {every_year} we would do so every year, on the same day."),
        _("If you agree, press the button. If not, do nothing: then no other mail comes."),
    ],
    button=_("Yes, remind me"),
    awaited=True,
)
def confirm_reminder(deferral_id: int) -> Letter | None:
    deferral = Deferral.objects.filter(pk=deferral_id, status=Deferral.Status.ASKED).first()
    if deferral is None or Suppression.of(list_index(deferral.email)):
        return None
    token = reminders.token_of(deferral)
    again = deferral.agreed_day + reminding.ONCE_MORE_AFTER
    return Letter(
        deferral.email,
        deferral.language,
        about={
            "day": deferral.agreed_day,
            "again": again if deferral.once_more else "",
            "every_year": deferral.agreed_day if deferral.yearly else "",
        },
        url=absolute_url("confirm_reminder", token),
        links=[(_("I want no reminder"), absolute_url("cancel_reminder", token))],
    )


ASKS = [
    _(
        "Our reporting is free for everyone because some readers carry it. If this is a good "
        "moment, the page is ready for you:"
    ),
    "{words}",
    _("This is what we ask for now: “{appeal}”"),
]


LINKS = [
    ("postpone_reminder", _("Ask me again in a month")),
    ("cancel_reminder", _("I want no more reminders")),
]


@mail(
    reminding.FIRST,
    subject=_("You asked us to get back to you"),
    paragraphs=[_("Some time ago you asked us to get back to you today."), *ASKS[::-1]],
    button=_("Continue"),
    small=_("You asked us for this reminder, and confirmed it by a button in a mail."),
)
def reminder(call: int) -> Letter | None:
    return _to_all_of(call, reminding.FIRST)


@mail(
    reminding.SECOND,
    subject=_("You asked us to get back to you"),
    paragraphs=[
        _("A week ago we got back to you, and you had agreed to one more mail. This is it."),
        *ASKS[::-1],
    ],
    button=_("Continue"),
    small=_("It is the last one. If this is no good moment, there is nothing to do."),
)
def second_reminder(call: int) -> Letter | None:
    return _to_all_of(call, reminding.SECOND)


def _to_all_of(call: int, purpose: str) -> Letter | None:
    """Written once: they have the same appeal and language."""
    found = reminding.of_call(call, timezone.now())
    if not found:
        return None
    one = found[0]
    with languages.speaking(one.language):
        appeal = Appeal.named(str(one.appeal_id)) or Appeal.current()
        subject, about = _said_by(appeal)
    each = {deferral.email: {CODE: reminders.token_of(deferral)} for deferral in found}
    return Letter(
        list(each),
        one.language,
        about=about,
        url=_their("give_now"),
        links=[(words, _their(name)) for name, words in LINKS],
        subject=subject,
        each=each,
        halve=partial(outbox.halve, purpose, Deferral.objects.filter(call=call)),
    )


def _said_by(appeal: Appeal | None) -> tuple[str, dict[str, str]]:
    """The subject; and its own words, or else its headline, in the language that is spoken."""
    words = for_a_mail(appeal) if appeal else {"subject": "", "title": "", "reminder": ""}
    title = "" if words["reminder"] else words["title"]
    about = {"appeal": title, "words": words["reminder"]}
    return words["subject"] or GivingWords.load().reminder, about


def preview_of_reminder(appeal: Appeal) -> HttpResponse:
    """Its links lead nowhere else than to the page for giving."""
    declared, _writer = mails()[reminding.FIRST]
    language = appeal.language or languages.OWN
    with languages.speaking(language):
        subject, about = _said_by(appeal)
        url = absolute_url("support")
    links = [(words, url) for _name, words in LINKS]
    letter = Letter("", language, about=about, url=url, links=links, subject=subject)
    [(html, _type)] = compose(declared, letter).alternatives
    return framed(as_it_is(str(html)))


def _their(name: str) -> str:
    """The address of a page, each reader's own code in it."""
    return unquote(absolute_url(name, FIELD.format(CODE)))


@mail(
    "anniversary",
    subject=_("A word of thanks"),
    paragraphs=[
        _(
            "On this day of another year you began to give to us regularly, and you still do. Our "
            "work is there for everyone because of that. Thank you."
        ),
        _("There is nothing that you have to do."),
    ],
)
def anniversary(recurring_id: int) -> Letter | None:
    recurring = RecurringContribution.objects.select_related("donor").get(pk=recurring_id)
    donor = recurring.donor
    if donor is None or not touch.is_still_anniversary(recurring):
        return None
    return Letter(donor.email, donor.language)


@mail(
    "win_back",
    subject=_("A word from us"),
    paragraphs=[
        _("Some time ago your regular contribution ended. Thank you for all that you gave."),
        _("If this is a good moment to go on, the page is ready for you:"),
    ],
    button=_("Continue"),
    small=_("We ask this once."),
)
def win_back(recurring_id: int) -> Letter | None:
    recurring = RecurringContribution.objects.select_related("donor").get(pk=recurring_id)
    donor = recurring.donor
    if donor is None or not touch.may_win_back(recurring):
        return None
    return Letter(donor.email, donor.language, url=absolute_url("support"))
