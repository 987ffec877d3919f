"""A list moves in, once however often its file comes; who has left, anywhere, stays away."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from newsroom.core.privacy import list_index
from newsroom.models import Suppression, TransactionalMail
from subscriptions import tasks
from subscriptions.models import (
    Consent,
    ImportedChange,
    ImportPiece,
    ReaderCount,
    ReaderImport,
    ReaderTag,
    Subscriber,
    Subscription,
    WelcomeMail,
)
from subscriptions.readers import signup, wishes
from subscriptions.readers.due import welcomes
from subscriptions.retention import forget_addresses
from subscriptions.transfer import bulk, chunks, importing, undoing
from subscriptions.transfer.meaning import Mapping
from tests.conftest import run_jobs
from tests.factories import make_frozen, make_issue, make_site, make_subscription, make_user

Status = ReaderImport.Status
CONSENT = "They agreed on our old site."


def moved_in(newsletter: Any, text: str, name: str = "readers.csv", **said: Any) -> ReaderImport:
    """All the way, as the pages and the jobs do."""
    made = importing.take(newsletter, io.BytesIO(text.encode()), name)
    mapping = Mapping(**(made.mapping | said))
    importing.explain(made, mapping, CONSENT)
    importing.work(made)
    assert made.status == Status.CHECKED, made.problem
    foreseen = made.counts
    importing.begin(made)
    importing.work(made)
    assert made.status == Status.DONE, made.problem
    assert made.counts == foreseen
    return made


def of(email: str) -> Subscription:
    return Subscription.objects.get(subscriber__email_index=list_index(email))


def kept_count_is_right(newsletter: Any) -> bool:
    counted = Subscription.objects.mailable().filter(newsletter=newsletter).count()
    return ReaderCount.objects.of(newsletter) == counted


STATES = "email,status,subscribed_at,unsubscribed_at,tags\n"


def test_each_row_becomes_what_it_says(site: Any) -> None:
    made = moved_in(
        site.newsletter,
        STATES
        + 'ann@example.org,active,2021-02-03,,"a,b"\n'
        + "bob@example.org,unsubscribed,2020-01-01,2022-03-04,a\n"
        + "cyd@example.org,bounced,,2022-03-04,\n"
        + "dee@example.org,complained,,,\n"
        + "eve@example.org,pending,,,\n"
        + "nobody,active,,,\n"
        + "ANN@Example.org,active,,,\n",
        with_tags=True,
    )
    assert made.counts == {
        "added": 1, "left": 1, "suppressed": 2, "pending": 1, "problems": 1, "repeated": 1
    }  # fmt: skip
    ann, bob = of("ann@example.org"), of("bob@example.org")
    assert (ann.status, ann.confirmed_on, ann.source) == (
        "confirmed", date(2021, 2, 3), made.source
    )  # fmt: skip
    assert (bob.status, bob.unsubscribed_on) == ("unsubscribed", date(2022, 3, 4))
    assert ann.subscriber.email == "ann@example.org"
    assert sorted(ann.subscriber.tags.values_list("name", flat=True)) == ["a", "b"]
    consent = ann.consents.get()
    assert (consent.action, consent.on, consent.how) == (
        "confirmed", date(2021, 2, 3), made.source
    )  # fmt: skip
    assert bob.consents.get().action == "withdrawn"
    assert Subscriber.objects.count() == 2
    reasons = dict(Suppression.objects.values_list("email_index", "reason"))
    assert {bytes(index): reason for index, reason in reasons.items()} == {
        list_index("cyd@example.org"): "bounce",
        list_index("dee@example.org"): "complaint",
    }
    assert list(made.problems.values_list("row", "reason")) == [(7, "not an e-mail address")]
    assert not ImportPiece.objects.exists()
    assert kept_count_is_right(site.newsletter)


def test_no_mail_is_caused(site: Any) -> None:
    WelcomeMail.objects.create(newsletter=site.newsletter, after_days=1, subject="S", body="B")
    yesterday = timezone.localdate() - timezone.timedelta(days=2)
    moved_in(site.newsletter, f"{STATES}ann@example.org,active,{yesterday},,\n")
    run_jobs()
    welcomes.post_due(timezone.now())
    assert not TransactionalMail.objects.exists()


def test_who_decided_here_keeps_the_last_word(site: Any) -> None:
    today = timezone.localdate()
    for name in ("old", "dated", "dead"):
        signup.put_on_list(make_subscription(site.newsletter, f"{name}@x.org", "pending"), "link")
    signup.unsubscribe(make_subscription(site.newsletter, "gone@x.org"), "page")
    make_subscription(site.newsletter, "typed@x.org", "pending")
    Suppression.add(list_index("no@x.org"), Suppression.Reason.ERASURE)
    made = moved_in(
        site.newsletter,
        STATES
        + "old@x.org,unsubscribed,,2019-01-01,\n"
        + f"dated@x.org,unsubscribed,,{today},\n"
        + "dead@x.org,bounced,,,\n"
        + f"gone@x.org,active,{today},,\n"
        + "typed@x.org,active,2020-05-06,,\n"
        + f"no@x.org,active,{today},,\n",
    )
    names = ("old", "dated", "dead", "gone", "typed")
    assert {name: of(f"{name}@x.org").status for name in names} == {
        "old": "confirmed",
        "dated": "unsubscribed",
        "dead": "confirmed",
        "gone": "unsubscribed",
        "typed": "confirmed",
    }
    assert not Subscriber.objects.with_email("no@x.org").exists()
    assert Suppression.objects.count() == 1
    assert made.counts == {
        "kept": 2, "leaves": 1, "had_left": 1, "confirmed": 1, "barred": 1, "problems": 0
    }  # fmt: skip
    assert kept_count_is_right(site.newsletter)


def test_same_people_in_a_second_list_are_on_that_one_too(site: Any) -> None:
    other = site.newsletter.copy(update_attrs={"slug": "daily", "title": "Daily"})
    moved_in(site.newsletter, "email\nann@example.org\n", otherwise="active")
    moved_in(other, "email\nann@example.org\n", otherwise="active")
    assert Subscriber.objects.get().subscriptions.filter(status="confirmed").count() == 2


def state_of_everything() -> Any:
    return (
        sorted(
            (bytes(s.subscriber.email_index), s.newsletter_id, s.status, s.confirmed_on,
             s.unsubscribed_on)
            for s in Subscription.objects.select_related("subscriber")
        ),
        sorted(bytes(pk) for pk in Suppression.objects.values_list("pk", flat=True)),
        Consent.objects.count(),
        sorted(ReaderTag.objects.values_list("subscriber", "name")),
    )  # fmt: skip


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["ann@x.org", "ANN@X.org", "bob@x.org", "cyd@пример.org", "@", ""]),
        st.sampled_from(["active", "unsubscribed", "bounced", "complained", "pending", "?"]),
        st.sampled_from(["", "2020-01-01", "2023-04-05"]),
        st.sampled_from(["", "2019-01-01", "2024-04-05"]),
    ),
    max_size=8,
)


class TestTwice(TestCase):
    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(ROWS)
    def test_twice_changes_nothing_and_undone_leaves_nothing(self, rows: list[Any]) -> None:
        newsletter = make_site().newsletter
        signup.put_on_list(make_subscription(newsletter, "bob@x.org", "pending"), "link")
        before = state_of_everything()
        text = "email,status,subscribed_at,unsubscribed_at\nzed@x.org,active,,\n"
        text += "".join(",".join(row) + "\n" for row in rows)
        states = {"?": "", **dict.fromkeys(["active", "unsubscribed", "bounced"], "")}
        states = {word: word for word in states if word != "?"}
        states |= {"complained": "complained", "pending": "pending"}
        made = quickly(newsletter, text, states)
        once = state_of_everything()
        again = quickly(newsletter, text, states)
        assert state_of_everything() == once
        assert not {"added", "left", "confirmed", "leaves", "suppressed"} & set(again.counts)
        assert kept_count_is_right(newsletter)
        undone(again)
        assert state_of_everything() == once
        undone(made)
        assert state_of_everything() == before
        assert kept_count_is_right(newsletter)


def quickly(newsletter: Any, text: str, states: dict[str, str]) -> ReaderImport:
    made = importing.take(newsletter, io.BytesIO(text.encode()), "x.csv")
    mapping = Mapping(**(made.mapping | {"states": states}))
    importing.explain(made, mapping, CONSENT)
    importing.work(made)
    importing.begin(made)
    importing.work(made)
    assert made.status == Status.DONE
    return made


def undone(made: ReaderImport) -> None:
    undoing.begin(made)
    undoing.work(made)
    assert made.status == Status.UNDONE


PHASES = ["judge", "write", "write_tags", "write_problems", "execute"]


@pytest.mark.parametrize("status", [Status.CHECKING, Status.IMPORTING])
def test_import_of_a_newer_version_waits_and_its_page_opens(site, client, status) -> None:
    made = importing.take(site.newsletter, io.BytesIO(b"Email\nann@example.org\n"), "x.csv")
    importing.explain(made, Mapping(**made.mapping | {"otherwise": "active"}), CONSENT)
    said = dict(made.mapping)
    ReaderImport.objects.update(status=status, mapping=said | {"from_2030": ["x"]})
    tasks.work_on_import(made.pk)
    made.refresh_from_db()
    assert made.status == status and made.rows_done == 0 and not Subscription.objects.exists()
    ReaderImport.objects.update(status=Status.UPLOADED)
    client.force_login(make_user("List owners"))
    assert client.get(f"/admin/newsletters/imports/{made.pk}/").status_code == 200
    ReaderImport.objects.update(status=status, mapping=said)  # a newer worker knows all of it
    tasks.work_on_import(made.pk)
    made.refresh_from_db()
    assert made.rows_done == 1


def test_import_that_the_version_before_began_goes_on(site) -> None:
    """0.2.0 wrote no “shown”."""
    made = importing.take(site.newsletter, io.BytesIO(b"Email\nann@example.org\n"), "x.csv")
    importing.explain(made, Mapping(**made.mapping | {"otherwise": "active"}), CONSENT)
    importing.work(made)
    importing.begin(made)
    del made.mapping["shown"]
    made.save()
    importing.work(made)
    assert made.status == Status.DONE and Subscription.objects.get().status == "confirmed"


MANY = (
    STATES + "".join(f"r{n}@x.org,active,2020-01-01,,t\n" for n in range(25)) + "oops,active,,,\n"
)


@pytest.mark.parametrize("phase", PHASES)
def test_killed_in_any_phase_it_goes_on_where_it_was(
    phase: str, site: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    monkeypatch.setattr(chunks, "CHUNK", 10)
    made = importing.take(site.newsletter, io.BytesIO(MANY.encode()), "x.csv")
    importing.explain(made, Mapping(**made.mapping | {"with_tags": True}), CONSENT)
    importing.work(made)
    importing.begin(made)
    real, calls = getattr(bulk, phase), []

    def dies(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        found = real(*args, **kwargs)
        if len(calls) in (1, 3, 5, 8):
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(bulk, phase, dies)
    for _ in range(30):
        made = ReaderImport.objects.get()
        if made.status == Status.DONE:
            break
        with suppress(KeyboardInterrupt):
            importing.work(made)
    assert made.counts == {"added": 25, "problems": 1}
    assert Subscription.objects.filter(status="confirmed").count() == 25
    assert Consent.objects.count() == ReaderTag.objects.count() == 25
    assert made.problems.count() == 1
    assert kept_count_is_right(site.newsletter)


def test_two_jobs_at_one_import_write_each_row_once(site: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    made = importing.take(site.newsletter, io.BytesIO(MANY.encode()), "x.csv")
    importing.explain(made, Mapping(**made.mapping), CONSENT)
    importing.work(made)
    importing.begin(made)
    late = ReaderImport.objects.get()
    assert not importing.work(made, until=0)  # one chunk
    assert importing.work(late)
    assert late.rows_done == 0
    made.refresh_from_db()
    assert (made.status, made.rows_done) == (Status.IMPORTING, 10)


def test_import_whose_readers_got_an_issue_stays(site: Any) -> None:
    make_subscription(site.newsletter, "ann@x.org", "pending")
    made = moved_in(site.newsletter, "email\nann@x.org\nbob@x.org\n", otherwise="active")
    assert undoing.why_not(made) == ""
    mailing = make_frozen(make_issue(site.newsletter, [], letter="<p>Hello</p>"))
    with pytest.raises(importing.Changed):
        undoing.begin(made)
    undoing.forget(timezone.now())  # it may be cancelled yet
    assert ImportedChange.objects.exists()
    mailing.move("sent")
    with pytest.raises(importing.Changed):
        undoing.begin(made)
    undoing.forget(timezone.now())
    assert not ImportedChange.objects.exists()


def test_undo_ends_after_three_months_though_no_issue_goes_out(site: Any) -> None:
    make_subscription(site.newsletter, "ann@x.org", "pending")
    made = moved_in(site.newsletter, "email\nann@x.org\n", otherwise="active")
    later = made.finished_at + undoing.UNDOABLE
    undoing.forget(later)
    assert ImportedChange.objects.exists()
    undoing.forget(later + timezone.timedelta(minutes=1))
    assert not ImportedChange.objects.exists()
    ReaderImport.objects.update(finished_at=timezone.now() - undoing.UNDOABLE)
    made.refresh_from_db()
    assert "more than 90 days ago" in undoing.why_not(made)


def test_who_decided_since_is_not_undone(site: Any) -> None:
    made = moved_in(site.newsletter, "email\nann@x.org\nbob@x.org\n", otherwise="active")
    signup.unsubscribe(of("ann@x.org"), "one-click")
    undone(made)
    assert [s.status for s in Subscription.objects.all()] == ["unsubscribed"]


def test_file_is_sealed_and_forgotten(site: Any) -> None:
    made = importing.take(site.newsletter, io.BytesIO(b"email\nann@example.org\n"), "ann.csv")
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM subscriptions_importpiece")
        assert b"ann" not in bytes(cursor.fetchone()[0])
    undoing.forget(timezone.now())
    assert ImportPiece.objects.exists()
    undoing.forget(timezone.now() + timezone.timedelta(days=1, minutes=1))
    made.refresh_from_db()
    assert made.status == Status.DROPPED and not ImportPiece.objects.exists()


def test_address_that_was_typed_is_no_decision_and_undo_leaves_it_unconfirmed(site: Any) -> None:
    signup.sign_up(site.newsletter, "ann@x.org", "form")
    made = moved_in(site.newsletter, "email\nann@x.org\nbob@x.org\n", otherwise="active")
    signup.sign_up(site.newsletter, "bob@x.org", "form")
    undone(made)
    assert of("ann@x.org").status == "pending"
    assert not Subscriber.objects.with_email("bob@x.org").exists()


def test_who_presses_their_link_after_the_import_has_confirmed_themselves(site: Any) -> None:
    signup.sign_up(site.newsletter, "ann@x.org", "form")
    token = signup.confirm_token(of("ann@x.org"))
    made = moved_in(site.newsletter, "email\nann@x.org\n", otherwise="active")
    signup.confirm(token)
    undone(made)
    assert of("ann@x.org").status == "confirmed"


def test_suppression_that_became_stricter_is_not_undone(site: Any) -> None:
    made = moved_in(site.newsletter, STATES + "ann@x.org,bounced,,,\nbob@x.org,bounced,,,\n")
    Suppression.add(list_index("ann@x.org"), Suppression.Reason.COMPLAINT)
    undone(made)
    assert [one.reason for one in Suppression.objects.all()] == ["complaint"]


def test_imports_undone_in_the_wrong_order_leave_nobody_on_a_list_without_consent(
    site: Any,
) -> None:
    signup.sign_up(site.newsletter, "ann@x.org", "form")
    first = moved_in(site.newsletter, "email\nann@x.org\n", otherwise="active")
    second = moved_in(site.newsletter, "email\nann@x.org\n", otherwise="unsubscribed")
    assert of("ann@x.org").status == "unsubscribed"
    undone(first)
    undone(second)
    assert of("ann@x.org").status == "unsubscribed"


def test_pause_survives_an_import_that_is_undone_and_ends_when_somebody_comes_back(
    site: Any,
) -> None:
    ann = make_subscription(site.newsletter, "ann@x.org")
    signup.record(ann, "confirmed", "mailed link", date(2020, 1, 1))
    wishes.pause(ann, 8)
    text = STATES + "ann@x.org,unsubscribed,,2024-01-01,\n"
    undone(moved_in(site.newsletter, text))
    assert of("ann@x.org").status == "confirmed" and of("ann@x.org").paused
    moved_in(site.newsletter, text)
    signup.resubscribe(of("ann@x.org"))
    assert of("ann@x.org").status == "confirmed" and not of("ann@x.org").paused


def test_whom_an_import_took_off_is_given_back_with_their_address(site: Any) -> None:
    """Though they left long ago, by the file, and the night has come."""
    ann = make_subscription(site.newsletter, "ann@x.org")
    signup.record(ann, "confirmed", "mailed link", date(2019, 1, 1))
    made = moved_in(site.newsletter, STATES + "ann@x.org,unsubscribed,,2022-01-01,\n")
    forget_addresses(timezone.localdate() - timezone.timedelta(days=30))
    undone(made)
    assert of("ann@x.org").status == "confirmed"
    assert of("ann@x.org").subscriber.email == "ann@x.org"


def test_who_had_left_elsewhere_is_remembered_though_somebody_types_the_address(site: Any) -> None:
    moved_in(site.newsletter, STATES + "ann@x.org,unsubscribed,,2022-01-01,\n")
    signup.sign_up(site.newsletter, "ann@x.org", "form")
    signup.forget_unconfirmed(timezone.localdate() + timezone.timedelta(days=1))
    again = moved_in(site.newsletter, "email\nann@x.org\n", otherwise="active")
    assert again.counts["had_left"] == 1


def test_what_is_half_written_is_not_explained_anew(site: Any) -> None:
    made = importing.take(site.newsletter, io.BytesIO(b"email\nann@x.org\n"), "x.csv")
    ReaderImport.objects.update(status=Status.FAILED, started_at=timezone.now())
    made.refresh_from_db()
    with pytest.raises(importing.Changed):
        importing.explain(made, Mapping(**made.mapping | {"otherwise": "active"}), CONSENT)


@pytest.mark.django_db(transaction=True)
def test_address_is_not_forgotten_while_its_reader_is_put_on_a_list(site: Any) -> None:
    """The job of the night waits for the chunk, and then finds them there."""
    other = make_subscription(site.newsletter, "ann@x.org", "unsubscribed")
    Subscription.objects.update(unsubscribed_on=date(2020, 1, 1))
    made = quick_chunk(site)
    chunk = next(importing.chunks_of(made))
    before = timezone.localdate() - timezone.timedelta(days=30)
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            bulk.judge(chunk, made, lock=True)
            forgetting = threads.submit(in_own_connection, lambda: forget_addresses(before))
            with pytest.raises(TimeoutError):
                forgetting.result(timeout=0.5)
        forgetting.result(timeout=10)
    other.subscriber.refresh_from_db()
    assert other.subscriber.forgotten_on  # nothing was written here


def quick_chunk(site: Any) -> ReaderImport:
    made = importing.take(site.newsletter, io.BytesIO(b"email\nann@x.org\n"), "x.csv")
    made.mapping |= {"otherwise": "active"}
    return made


def in_own_connection(work: Any) -> None:
    try:
        work()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_next_chunk_is_read_ahead_and_no_row_is_lost_or_written_twice(
    site: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    made = importing.take(site.newsletter, io.BytesIO(MANY.encode()), "x.csv")
    importing.explain(made, Mapping(**made.mapping), CONSENT, queue=False)
    importing.work(made)
    importing.begin(made, queue=False)
    others = set(threading.enumerate())
    assert not importing.work(made, until=0)  # one chunk; the second one was read for nothing
    assert set(threading.enumerate()) == others
    made = ReaderImport.objects.get()
    assert made.rows_done == Subscription.objects.count() == 10
    real, made_in = chunks.Chunk.seal, set()

    def seal(chunk: chunks.Chunk) -> chunks.Chunk:
        made_in.add(threading.current_thread())
        return real(chunk)

    monkeypatch.setattr(chunks.Chunk, "seal", seal)
    assert importing.work(made)
    assert made.counts == {"added": 25, "problems": 1}
    assert Subscription.objects.count() == Consent.objects.count() == 25
    assert {of(f"r{n}@x.org").subscriber.email for n in range(25)} == {
        f"r{n}@x.org" for n in range(25)
    }
    assert made_in and threading.main_thread() not in made_in
