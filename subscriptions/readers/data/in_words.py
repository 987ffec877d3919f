"""What a reader's page of their own data says: the words for each key of
``held.everything_about``, and for what we write down ourselves."""

from typing import Any

from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from newsroom.core import languages
from newsroom.core.kept.in_words import Row, Words
from newsroom.mail import catalogue
from subscriptions.models.readers.subscriber import IMPORT

# How somebody agreed, left or came, as a consent and a subscription say it.
WAYS = {
    "form": _("by a form"),
    "page": _("on a page of ours"),
    "site box": _("below an article"),
    "front page": _("on the front page"),
    "footer": _("at the foot of a page"),
    "embedded": _("on another site"),
    "app": _("in an app"),
    "own page": _("on your own page"),
    "mailed link": _("by the link in a mail"),
    "one-click": _("by a button of your mail program"),
    "mail": _("by a mail to us"),
    "still reading": _("by saying that you still read us"),
    "sunset": _("after a long silence"),
    "change of address": _("by a change of address"),
    "seed list": _("as a test address"),
    "by hand": _("by a colleague of ours, for you"),
    "by hand: on paper": _("on paper"),
    "by hand: by mail": _("by a mail to us"),
    "by hand: in person": _("in person"),
    "by hand: by telephone": _("by telephone"),
    "demo": _("as an example"),
}
MOVED_IN = _("from another list")  # with what that one says of it
NO_MAIL = {  # also how a mail came back
    "refused": _("the mail provider refused it"),
    "bounce": _("mail came back"),
    "bounced": _("mail came back"),
    "request": _("you asked for no mail"),
    "complaint": _("a mail was reported as spam"),
    "complained": _("a mail was reported as spam"),
    "erasure": _("you were erased, and want no mail"),
    "soft": _("the mailbox was full, or nobody was there"),
    "us": _("our mail was refused"),
}
# What our own code writes where colleagues write a reason (``signup.lift``).
ALLOWED = {
    "confirmed by its owner": _("you confirmed it"),
    "asked for on its owner's page": _("on your own page"),
    "agreed to the seed list by its owner": _("as a test address"),
}
DONE = {
    "asked": _("asked to subscribe"),
    "confirmed": _("agreed"),
    "withdrawn": _("left"),
}
MAIL_STATES = {
    "waiting": _("waits"),
    "sending": _("on its way"),
    "failed": _("could not be sent"),
}


def way(value: str, row: Row) -> str:
    """What another list says of it stays as it is: nobody here has made those words."""
    if value.startswith(IMPORT):
        source = value.partition(": ")[2]
        return f"{MOVED_IN} ({languages.apart(source)})" if source else str(MOVED_IN)
    return str(WAYS.get(value, value))


def is_on_the_list(value: str, row: Row) -> str:
    if value == "confirmed":
        return now("You are on its list.")
    return now("You have left it.") if row.get("left_on") else now("Not confirmed yet.")


def subject(value: str, row: Row) -> str:
    """Of a mail, without what it names: that is written when it goes out."""
    mail, _writer = catalogue.mails()[value]
    return str(mail.subject).replace("{newsletter}", "…").replace("{day}", "…").rstrip(": …")


def country(value: str, row: Row) -> str:
    return languages.countries(languages.spoken()).get(value, value)


def language(value: str, row: Row) -> str:
    return languages.NAMES.get(value, value)


NEWSLETTER: dict[str, Any] = {
    "newsletter": _("Newsletter"),
    "status": _("State"),
    "agreed": _("What you agreed to"),
    "what": _("What"),
    "policy_version": _("Privacy policy"),
    "how": _("How"),
    "on": _("Date"),
}
OF_READER = Words(
    labels=NEWSLETTER
    | {
        "email": _("Your e-mail address"),
        "known_since": _("Known since %(day)s."),
        "language": _("Language"),
        "links_lead_to_the_mirror": _("The links in your newsletters lead to our mirror."),
        "country": _("Country"),
        "last_pressed_on": _("You last pressed a button of ours on %(day)s."),
        "tags": _("Tags"),
        "newsletters": _("Your newsletters"),
        "came_from": _("Came"),
        "asked_on": _("Asked for"),
        "confirmed_on": _("Confirmed on"),
        "left_on": _("Left on"),
        "paused_until": _("No mail until %(day)s."),
        "asked_if_still_reading_on": _("Asked whether you still read it"),
        "whole_articles": _("Its mails have whole articles."),
        "seed_list": _("You get its issues first, as a test."),
        "sent": _("Issues sent to you"),
        "issue": _("Issue"),
        "came_back": _("Mails that came back"),
        "no_mail": _("No mail is sent to this address at present."),
        "why": _("Why"),
        "since": _("Since"),
        "mail_allowed_again": _("Mail was allowed again"),
        "reason": _("Why there was none"),
        "seed_list_of": _("You get issues first, as a test"),
        "changes_of_address": _("Changes of address"),
        "to": _("To"),
        "from": _("From"),
        "done_on": _("Done"),
        "mails_on_their_way": _("Mails on their way to you"),
        "purpose": _("What"),
    },
    values={
        "language": language,
        "country": country,
        "newsletters.status": is_on_the_list,
        "came_from": way,
        "how": way,
        "what": DONE,
        "came_back.how": NO_MAIL,
        "no_mail.why": NO_MAIL,
        "mail_allowed_again.reason": NO_MAIL,
        "mail_allowed_again.why": ALLOWED,
        "purpose": subject,
        "mails_on_their_way.status": MAIL_STATES,
    },
    titles={"newsletters": "newsletter"},
    notes={"sent": _("For 90 days we know to whom an issue went.")},
)
