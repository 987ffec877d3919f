"""One reader: found by their whole address, looked at, taken off, erased, their data handed on."""

import json
import time
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from donations.asking import reminding
from newsroom.accounts.models import AuditEntry
from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from subscriptions.desk.readers.mailings import sent_to
from subscriptions.models import (
    Batch,
    Consent,
    DeliveryFailure,
    Mailing,
    ReaderTag,
    Subscriber,
    Subscription,
)
from subscriptions.readers import signup
from tests.answers import led_to
from tests.factories import (
    make_appeal,
    make_article,
    make_deferral,
    make_frozen,
    make_issue,
    make_subscription,
    make_user,
)

LOOK_UP, ADD = "/admin/readers/look-up/", "/admin/readers/add/"
ANN = "ann@example.org"
WHY = {"why": "They wrote to us."}
pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client) -> Client:
    client.force_login(make_user("List owners"))
    return client


@pytest.fixture
def ann(owner, site) -> Subscription:
    """A reader whose page is open."""
    reader = make_subscription(site.newsletter, ANN)
    Consent.objects.create(subscription=reader, action="confirmed", how="mailed link")
    owner.post(LOOK_UP, {"email": ANN} | WHY)
    return reader


def url(reader: Subscription, action: str = "") -> str:
    return f"/admin/readers/{reader.subscriber_id}/{action}"


def test_reader_is_found_by_whole_address_and_reason_is_kept(owner, site) -> None:
    reader = make_subscription(site.newsletter, ANN)
    ReaderTag.objects.create(subscriber=reader.subscriber, name="patrons")
    found = owner.post(LOOK_UP, {"email": " Ann@Example.org "} | WHY, follow=True)
    assert found.redirect_chain == [(url(reader), 302)]
    assert ANN in found.text and "patrons" in found.text
    assert "no-store" in found["Cache-Control"]
    entries = list(AuditEntry.objects.order_by("pk").values_list("what", "row", "why"))
    assert entries == [
        ("looked up a reader", "", WHY["why"]),
        ("looked at a reader", str(reader.subscriber_id), ""),
    ]


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"email": "an@example.org"} | WHY, 200, "is on no list"),
        ({"email": ANN, "why": ""}, 422, "Please say why"),
        ({"email": "ann", "why": "x"}, 422, "does not look like"),
        ({"email": ANN, "why": f"{ANN} asked"}, 422, "leave the address out"),
    ],
)
def test_nothing_else_finds_anybody(owner, site, typed, status, words) -> None:
    reader = make_subscription(site.newsletter, ANN)
    answer = owner.post(LOOK_UP, typed)
    assert answer.status_code == status and words in answer.text
    assert led_to(owner.get(url(reader))) == LOOK_UP
    assert not any("@" in one.why for one in AuditEntry.objects.all())  # noted before it is refused


def test_page_opens_for_who_looked_up_and_for_an_hour(owner, ann, site) -> None:
    other = make_subscription(site.newsletter)
    assert owner.get(url(ann)).status_code == 200
    assert owner.post(url(ann)).status_code == 405  # only a look is in the audit log
    for action in ("", "remove/", "erase/", "data/"):
        assert led_to(owner.get(url(other, action))) == LOOK_UP
        assert led_to(owner.post(url(other, action), WHY)) == LOOK_UP
    session = owner.session
    session["looked up"] = {str(ann.subscriber_id): int(time.time()) - 3601}
    session.save()
    assert led_to(owner.get(url(ann))) == LOOK_UP


def test_who_was_moved_in_has_not_signed_up_after_they_confirmed(owner, ann) -> None:
    Subscription.objects.update(created_on=timezone.localdate(), confirmed_on=date(2024, 1, 2))
    page = owner.get(url(ann)).text
    assert "Came here" in page and "Signed up" not in page
    Subscription.objects.update(confirmed_on=timezone.localdate())
    assert "Signed up" in owner.get(url(ann)).text


def test_throw_away_address_that_was_moved_in_is_found(owner, site) -> None:
    reader = make_subscription(site.newsletter, "x@mailinator.com")
    assert led_to(owner.post(LOOK_UP, {"email": "x@mailinator.com"} | WHY)) == url(reader)


def test_remove_takes_off_one_list_with_a_reason_and_no_mail(owner, ann, committing, inbox) -> None:
    with committing():
        assert owner.post(url(ann, "remove/"), {"subscription": ann.pk}).status_code == 422
        owner.post(url(ann, "remove/"), {"subscription": ann.pk} | WHY)
    ann.refresh_from_db()
    assert ann.status == "unsubscribed" and ann.consents.last().how == "by hand"
    assert inbox.to(ANN) == []


def test_another_readers_subscription_is_not_removed(owner, ann, site) -> None:
    other = make_subscription(site.newsletter)
    assert owner.post(url(ann, "remove/"), {"subscription": other.pk} | WHY).status_code == 404
    assert Subscription.objects.mailable().count() == 2


@pytest.mark.parametrize("for_ever", [False, True])
def test_erase_leaves_nothing_or_a_hash(owner, ann, for_ever) -> None:
    assert "deleted at once" in owner.get(url(ann, "erase/")).text
    assert owner.post(url(ann, "erase/"), {"why": ""}).status_code == 422
    form = WHY | ({"for_ever": "on"} if for_ever else {})
    assert led_to(owner.post(url(ann, "erase/"), form)) == LOOK_UP
    assert not Subscriber.objects.exists()
    reasons = list(Suppression.objects.values_list("reason", flat=True))
    assert reasons == (["erasure"] if for_ever else [])
    assert led_to(owner.post(url(ann, "erase/"), form)) == LOOK_UP  # pressed twice


def test_data_is_a_file_and_takes_a_fresh_proof(owner, ann) -> None:
    file = owner.post(url(ann, "data/"), WHY)
    assert "attachment" in file["Content-Disposition"] and ANN not in file["Content-Disposition"]
    assert json.loads(file.content)["email"] == ANN
    session = owner.session
    session["started"] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()
    for action in ("data/", "erase/"):
        answer = owner.post(url(ann, action), WHY)
        assert answer.status_code == 302 and Subscriber.objects.exists()


# --- What was sent ---------------------------------------------------------------------------


def test_what_was_sent_names_what_became_of_their_copy(site, settings) -> None:
    readers = [make_subscription(site.newsletter).subscriber for _ in range(5)]
    mailing = make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    late = make_subscription(site.newsletter).subscriber
    batch = Batch.objects.get()
    now = timezone.now()
    assert [row.what for row in sent_to(readers[2], now)] == ["waits"]
    Batch.objects.filter(pk=batch.pk).update(excluded_ids=[readers[1].pk])
    batch.refresh_from_db()
    batch.split_off([readers[0].pk, readers[4].pk], "pending")
    for one in Batch.objects.all():
        Batch.objects.filter(pk=one.pk, status="pending").update(status="accepted")
    DeliveryFailure.objects.create(mailing=mailing, subscriber=readers[4], kind="bounced")
    got = [[row.what for row in sent_to(reader, now)] for reader in [*readers, late]]
    out = "left out: had left, paused, or was suppressed"
    assert got == [["sent"], [out], ["sent"], ["sent"], ["bounced"], []]
    assert sent_to(readers[2], now + timedelta(days=91)) == []
    Mailing.objects.update(frozen_at=None)
    assert sent_to(readers[2], now) == []


# --- Added by hand ---------------------------------------------------------------------------


def added(owner: Client, site: object, **fields: object) -> int:
    form = {"newsletter": site.newsletter.pk, "email": ANN} | WHY | fields  # type: ignore[attr-defined]
    return owner.post(ADD, form).status_code


def test_with_proof_they_are_on_the_list_and_are_told(owner, site, committing, inbox) -> None:
    with committing():
        assert added(owner, site, how="on paper", agreed_on="2026-01-05") == 302
    reader = Subscription.objects.mailable().get()
    consent = reader.consents.get()
    assert (consent.how, f"{consent.on}", consent.action) == (
        "by hand: on paper", "2026-01-05", "confirmed",
    )  # fmt: skip
    assert reader.source == "by hand" and reader.confirmed_on == timezone.localdate()
    assert len(inbox.to(ANN)) == 1


def test_without_proof_they_are_asked(owner, site, committing, inbox) -> None:
    with committing():
        assert added(owner, site) == 302
    assert Subscription.objects.get().status == "pending"
    assert "confirm" in inbox.to(ANN)[0]["subject"]


@pytest.mark.parametrize(
    "fields",
    [
        {"how": "on paper"},
        {"agreed_on": "2026-01-05"},
        {"how": "on paper", "agreed_on": "2999-01-01"},
        {"how": "a dream", "agreed_on": "2026-01-05"},
        {"why": ""},
        {"email": "ann"},
        {"newsletter": 0},
    ],
)
def test_half_a_proof_is_none(owner, site, fields) -> None:
    assert added(owner, site, **fields) == 422
    assert not Subscriber.objects.exists()


def test_nobody_is_brought_back_against_their_word(owner, site) -> None:
    proof = {"how": "on paper", "agreed_on": timezone.localdate() - timedelta(days=1)}
    reader = make_subscription(site.newsletter, ANN)
    assert added(owner, site, **proof) == 422  # is there
    signup.unsubscribe(reader, "page")
    assert added(owner, site, **proof) == 422  # has left since
    Suppression.add(list_index(ANN), "bounce")
    assert added(owner, site, **proof) == 422
    Suppression.add(list_index(ANN), "complaint")
    assert added(owner, site) == added(owner, site, **proof) == 422
    assert not Subscription.objects.mailable().exists()
    assert Subscription.objects.get().consents.filter(action="confirmed").count() == 0


NO_MAIL = "/admin/readers/no-mail/"


@pytest.mark.parametrize("known", [True, False])
def test_no_by_letter_holds_for_newsletters_and_reminders_also_of_who_is_unknown(
    owner, site, inbox, committing, known
) -> None:
    make_appeal()
    wish = make_deferral(ANN, due_at=timezone.now(), yearly=True)
    if known:
        make_subscription(site.newsletter, ANN)
    answer = owner.post(NO_MAIL, {"email": " Ann@Example.org "} | WHY, follow=True)
    assert "gets no newsletter, no reminder and no link" in answer.text and ANN not in answer.text
    [entry] = AuditEntry.objects.filter(what="wrote down that an address wants no mail")
    assert entry.why == WHY["why"]
    assert not Subscription.objects.mailable().exists()
    with committing():
        reminding.send_due(timezone.now())
        owner.post("/support/remind-me/", {"when": "month", "email": ANN})
    wish.refresh_from_db()
    assert not inbox.to(ANN) and wish.status == "lapsed"


def test_no_is_said_twice_and_taken_back_once(owner, ann) -> None:
    page = owner.get(url(ann)).text
    assert "They want no mail ever again" in page
    for words in ("Written down", "It gets no mail already: asked for no mail"):
        answer = owner.post(NO_MAIL, {"email": ANN} | WHY, follow=True)
        assert words in answer.text and answer.redirect_chain == [(url(ann), 302)]
    assert "Gets no mail: asked for no mail" in answer.text
    lift = {"email": ANN, "lift": "1"} | WHY
    assert "Lifted" in owner.post("/admin/newsletters/suppressions/", lift, follow=True).text
    assert Subscription.objects.mailable().get() == ann


def test_no_takes_no_stricter_reason_away_and_wants_a_reason(owner, site) -> None:
    Suppression.add(list_index(ANN), Suppression.Reason.COMPLAINT)
    assert "reported as spam" in owner.post(NO_MAIL, {"email": ANN} | WHY, follow=True).text
    assert Suppression.objects.get().reason == "complaint"
    for bad in ({"email": ANN, "why": ""}, {"email": "ann"} | WHY, {"email": ANN, "why": ANN}):
        assert owner.post(NO_MAIL, bad).status_code == 422
    assert NO_MAIL in owner.post(LOOK_UP, {"email": "who@example.org"} | WHY).text
    owner.force_login(make_user("Editors"))
    assert owner.post(NO_MAIL, {"email": "b@example.org"} | WHY).status_code in (302, 403)
    assert Suppression.objects.count() == 1


def test_who_was_erased_in_another_window_is_said_to_be_gone(owner, ann) -> None:
    erase = url(ann, "erase/")
    assert "Erased." in owner.post(erase, WHY, follow=True).text
    for answer in (owner.post(erase, WHY, follow=True), owner.get(url(ann), follow=True)):
        assert "They are here no more: erased" in answer.text
    other = Client()
    other.force_login(make_user("List owners"))
    assert "Look the reader up first" in other.get(url(ann), follow=True).text
