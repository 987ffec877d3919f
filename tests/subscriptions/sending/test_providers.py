"""Each provider's adapter, spoken to over real HTTP in its own dialect."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from email.charset import Charset
from urllib.parse import unquote_plus

import pytest
from django.utils import timezone

from newsroom.core import tokens
from newsroom.mail import outbox, providers
from newsroom.mail.providers import Settles
from newsroom.models import Suppression
from newsroom.models import TransactionalMail as SingleMail
from subscriptions.models import Batch, Mailing, Newsletter, Throttle
from subscriptions.readers import by_mail, signup
from subscriptions.readers.links import unsubscribe_url
from subscriptions.sending import reconcile
from tests.factories import make_article, make_frozen, make_issue, make_subscription
from tests.sending import send_all
from tests.subscriptions.sending.esp import DIALECTS, Copy, Esp, Refused, running

pytestmark = pytest.mark.django_db

NAMES = sorted(DIALECTS)
ALONE = {Settles.RECORD, Settles.KEY}  # without a person
SETTLING = [name for name in NAMES if providers.get(name).settles in ALONE]
TYPED = "On {{{ bread }} & %recipient.x% %RECIPIENT.y% ((reader.unsubscribe))"
SECRETS = {
    "MAILGUN_API_KEY": "key-x", "MAILGUN_SENDER_DOMAIN": "mail.example.org",
    "SPARKPOST_API_KEY": "x", "POSTMARK_SERVER_TOKEN": "x", "BREVO_API_KEY": "x",
    "RESEND_API_KEY": "x", "MAILJET_API_KEY": "x", "MAILJET_SECRET_KEY": "x",
}  # fmt: skip


@pytest.fixture
def esp(request, settings, monkeypatch) -> Iterator[Esp]:
    name = request.param
    with running(name) as esp:
        base = {"mailgun": "/v3", "sparkpost": "/api/v1"}.get(name, "/")
        settings.MAIL_PROVIDER = name
        settings.EMAIL_BACKEND = f"newsroom.mail.providers.{name}.EmailBackend"
        ses = {"endpoint_url": esp.url, "region_name": "eu-central-1"}
        ses |= {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        settings.ANYMAIL = SECRETS | {
            f"{name.upper()}_API_URL": esp.url + base,
            "AMAZON_SES_CLIENT_PARAMS": ses,
            "REQUESTS_TIMEOUT": 5,
        }
        yield esp


@pytest.fixture
def mailing(site) -> Mailing:
    """To seven readers, frozen."""
    for _ in range(7):
        make_subscription(site.newsletter)
    return freeze(site)


def freeze(site) -> Mailing:
    issue = make_issue(
        site.newsletter,
        [make_article(site.section)],
        subject=TYPED,
    )
    return make_frozen(issue)


def settle(hours: int = 8) -> None:
    """Let the probes' time pass, and send what they set free."""
    unsettled = Batch.objects.filter(status__in=["pending", "sending", "in_doubt"])
    for _ in range(hours):
        if not unsettled.exists():
            return
        Batch.objects.filter(status="in_doubt").update(next_try_at=timezone.now())
        reconcile.run_due(timezone.now())
        Batch.objects.filter(status="pending").update(next_try_at=timezone.now())
        Throttle.objects.all().delete()
        send_all()


def readers(newsletter: Newsletter) -> list[str]:
    return [s.subscriber.email for s in newsletter.subscriptions.filter(status="confirmed")]


def per_reader(copies: list[Copy]) -> Counter:
    return Counter(copy.to for copy in copies)


def once(newsletter: Newsletter) -> Counter:
    return Counter(dict.fromkeys(readers(newsletter), 1))


@pytest.mark.parametrize("esp", NAMES, indirect=True)
def test_each_reader_gets_their_own_links_in_body_and_headers(esp, mailing, site) -> None:
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert per_reader(esp.copies) == once(site.newsletter)
    for copy in esp.copies:
        subscription = site.newsletter.subscriptions.get(
            subscriber__in=site.newsletter.subscriptions.model.objects.filter(
                subscriber__email_index=index_of(copy.to)
            ).values("subscriber")
        )
        link = unsubscribe_url(tokens.permanent("unsubscribe", subscription.pk))
        assert link in copy.html and link in copy.text
        assert copy.headers["List-Unsubscribe"] == f"<{link}>"
        assert copy.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "The Weekly" in copy.headers["List-Id"]
        assert "%recipient.unsubscribe" not in copy.html + copy.text
    # A field that an author typed reaches readers as typed.
    seen = {copy.subject.replace("\u200b", "") for copy in esp.copies}
    assert seen == {TYPED}


@pytest.mark.parametrize("esp", NAMES, indirect=True)
def test_each_reader_has_an_address_of_their_own_to_leave_by_mail(
    esp, mailing, site, settings
) -> None:
    settings.LEAVE_BY_MAIL, settings.RETURN_PATH = True, "bounces@lists.example.org"
    send_all()
    leavers = {}
    for copy in esp.copies:
        https, mailto = (way.strip(" <>") for way in copy.headers["List-Unsubscribe"].split(","))
        assert https.startswith(settings.BASE_URL)
        address, _, subject = mailto.removeprefix("mailto:").partition("?")
        assert subject == "subject=unsubscribe"
        leavers[copy.to] = by_mail.subscription_of(address)
    subscriptions = site.newsletter.subscriptions.select_related("subscriber")
    assert leavers == {one.subscriber.email: one.pk for one in subscriptions}


@pytest.mark.parametrize("esp", NAMES, indirect=True)
def test_each_api_gets_names_in_any_script_as_they_are_and_headers_in_ascii(esp, site) -> None:
    newsletter, name = site.newsletter, "Новости, «الخبز» и პური"
    newsletter.title, newsletter.slug = "Еженедельник: хлеб, и «пр.»", "еженедельник"
    newsletter.sender_name, newsletter.sender_address = name, "news@пример.example"
    newsletter.save()
    make_subscription(newsletter)
    subject = "Почему хлеб дорожает, الخبز والملح, 面包 🙂"
    issue = make_issue(newsletter, [make_article(site.section)], subject=subject)
    make_frozen(issue)
    send_all()
    [copy] = esp.copies
    assert copy.subject == subject
    list_id = copy.headers["List-Id"]
    assert list_id.isascii() and len(list_id) < 900
    assert list_id.endswith(f" <newsletter-{newsletter.pk}.xn--e1afmkfd.example>")
    body = esp.calls[-1].body.decode()
    text = unquote_plus(body) if body[:1] not in "{[" else json.dumps(json.loads(body))
    forms = [name, json.dumps(name)[1:-1], Charset("utf-8").header_encode(name)]
    assert sum(form in text for form in forms) == 1
    assert "news@xn--e1afmkfd.example" in text


def index_of(email: str) -> bytes:
    from newsroom.core.privacy import list_index

    return list_index(email)


@pytest.mark.parametrize(
    ("esp", "fault"),
    [*((name, "500 before") for name in NAMES), ("mailgun", "429"), ("brevo", "429")],
    indirect=["esp"],
)  # fmt: skip
def test_no_reader_is_lost_when_the_call_fails(esp, mailing, site, fault) -> None:
    esp.faults = [fault]
    send_all()
    settle()
    unknown = mailing.batches.filter(status="needs_review").first()
    if unknown:  # SES: nobody can say, so a person does
        assert providers.current().settles not in ALONE
        reconcile.decide(unknown, sent=False)
        settle(1)
    mailing.refresh_from_db()
    assert (mailing.status, per_reader(esp.copies)) == ("sent", once(site.newsletter))


@pytest.mark.parametrize(
    ("esp", "fault"),
    [*((name, "500 after") for name in NAMES), ("mailgun", "reset after"), ("ses", "reset after"),
     ("resend", "nonsense"), ("ses", "nonsense")],
    indirect=["esp"],
)  # fmt: skip
def test_no_reader_gets_it_twice_when_the_answer_is_lost(esp, mailing, site, fault) -> None:
    esp.faults = [fault]
    send_all()
    settle()
    assert per_reader(esp.copies) == once(site.newsletter)
    unknown = mailing.batches.filter(status="needs_review")
    assert unknown.exists() == (providers.current().settles not in ALONE)
    for batch in unknown:
        reconcile.decide(batch, sent=True)
    mailing.refresh_from_db()
    assert mailing.status == "sent"


@pytest.mark.parametrize("esp", SETTLING, indirect=True)
def test_reader_who_leaves_while_in_doubt_changes_nothing_for_others(esp, mailing, site) -> None:
    """The repeat is another call then; it must not double the first."""
    everyone = once(site.newsletter)
    esp.faults = ["500 after"]
    send_all()
    signup.unsubscribe(site.newsletter.subscriptions.first(), how="page")
    settle()
    assert per_reader(esp.copies) == everyone
    mailing.refresh_from_db()
    assert mailing.status == "sent"


@pytest.mark.parametrize("esp", ["brevo", "resend", "mailjet"], indirect=True)
def test_key_that_the_provider_has_forgotten_needs_a_person(esp, mailing) -> None:
    esp.faults = ["500 after"]
    send_all()
    Batch.objects.update(first_tried_at=timezone.now() - timedelta(days=2))
    settle(1)
    [unknown] = mailing.batches.filter(status="needs_review")
    assert "forgotten" in unknown.events.last().what


@pytest.mark.parametrize("esp", ["postmark", "ses"], indirect=True)
def test_refused_address_costs_nobody_else_the_mail(esp, site) -> None:
    for _ in range(3):
        make_subscription(site.newsletter)
    everyone = once(site.newsletter)
    make_subscription(site.newsletter, f"refused@{site.newsletter.sender_address.split('@')[1]}")
    mailing = freeze(site)
    send_all()
    settle()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert per_reader(esp.copies) == everyone
    assert mailing.progress()["rejected"] == 1
    # SES says “for now” each time: that suppresses nobody.
    assert Suppression.objects.count() == (1 if esp.dialect is DIALECTS["postmark"] else 0)


OURS = {
    "mailgun": (400, {"message": "'from' parameter is not a valid address. please check"}),
    "sparkpost": (422, {"errors": [{"message": "Invalid domain", "code": "7001",
                                    "description": "Unconfigured Sending Domain <example.org>"}]}),
    "brevo": (400, {"code": "invalid_parameter", "message": "sender is not valid"}),
    "resend": (422, {"name": "validation_error", "message": "Invalid `from` field. The email…"}),
    "mailjet": (400, {"ErrorMessage": "Malformed JSON, please review the syntax"}),
    "ses": (400, {"__type": "BadRequestException", "message": "Illegal sender"}),
}  # fmt: skip
THEIRS = {
    "mailgun": (400, {"message": "'to' parameter is not a valid address. please check"}),
    "brevo": (400, {"code": "invalid_parameter", "message": "email is not valid in to"}),
    "resend": (422, {"name": "validation_error", "message": "Invalid `to` field. The email…"}),
    "ses": (400, {"__type": "BadRequestException", "message": "Illegal address in destination"}),
}


@pytest.mark.parametrize("esp", OURS, indirect=True)
def test_calls_refused_because_of_us_pause_and_suppress_nobody(esp, mailing, monkeypatch) -> None:
    refuse(esp, monkeypatch, *OURS[providers.current().key])
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "paused"
    assert not Suppression.objects.exists()
    assert mailing.progress()["pending"] == 7


@pytest.mark.parametrize("esp", THEIRS, indirect=True)
def test_call_refused_for_its_address_suppresses_that(esp, site, monkeypatch) -> None:
    make_subscription(site.newsletter)
    mailing = freeze(site)
    refuse(esp, monkeypatch, *THEIRS[providers.current().key])
    send_all()
    mailing.refresh_from_db()
    assert (mailing.status, mailing.progress()["rejected"]) == ("sent", 1)
    assert Suppression.objects.get().reason == "refused"


def refuse(esp: Esp, monkeypatch, status: int, body: object) -> None:
    def take(esp: Esp, request) -> None:
        raise Refused(status, body)

    monkeypatch.setattr(esp.dialect, "take", take)


@pytest.mark.parametrize("esp", ["postmark", "sparkpost"], indirect=True)
def test_those_whom_the_provider_does_not_have_get_it_afterwards(esp, mailing, site) -> None:
    """Its record knows four of seven."""
    esp.faults = ["500 after"]
    send_all()
    lost = esp.copies[4:]
    del esp.copies[4:]
    esp.keys = {key: b'["%s"]' % '", "'.join(c.to for c in esp.copies).encode() for key in esp.keys}
    settle()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert per_reader(esp.copies) == once(site.newsletter)
    assert len(lost) == 3


@pytest.mark.parametrize("esp", ["mailgun", "resend", "mailjet"], indirect=True)
def test_call_is_never_larger_than_the_provider_takes(esp, mailing, monkeypatch, site) -> None:
    """The issue was frozen for a provider that takes more."""
    from dataclasses import replace

    small = replace(providers.current(), per_call=3)
    monkeypatch.setattr(providers, "current", lambda: small)
    send_all()
    mailing.refresh_from_db()
    assert mailing.status == "sent"
    assert sorted(mailing.batches.values_list("size", flat=True)) == [1, 3, 3]
    assert per_reader(esp.copies) == once(site.newsletter)


@pytest.mark.parametrize("esp", ["mailgun"], indirect=True)
def test_single_mail_is_not_doubled_when_its_answer_was_lost(esp, site, monkeypatch) -> None:
    subscription = make_subscription(site.newsletter)
    mail = SingleMail.objects.create(purpose="welcome", object_id=subscription.pk, key=b"w")
    monkeypatch.setattr(esp.dialect, "take", take_single)
    esp.faults = ["500 after"]
    outbox.send(mail, timezone.now())
    mail.refresh_from_db()
    assert (mail.status, mail.in_doubt) == ("waiting", True)
    outbox.send(mail, timezone.now() + timedelta(hours=1))
    mail.refresh_from_db()
    assert mail.status == "sent"
    assert len(esp.copies) == 1


def take_single(esp: Esp, request) -> tuple[list[Copy], dict[str, str]]:
    from email import message_from_bytes

    kind = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    fields = {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()
        for part in message_from_bytes(kind + request.body).get_payload()
    }
    copy = Copy(fields["to"], fields["subject"], "", "", {}, fields["v:batch"])
    return [copy], {"id": "<m@example.org>", "message": "Queued. Thank you."}


def test_every_provider_of_the_table_says_what_it_can_and_cannot_do() -> None:
    for provider in providers.table():
        assert provider.reconciles and provider.webhook and provider.per_call
        assert not (provider.find and provider.repeat_within)
