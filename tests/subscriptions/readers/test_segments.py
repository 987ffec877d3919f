"""A segment is a part of the audience, never more; an issue goes to it, or is stopped."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from subscriptions.issues import checklist, rendering
from subscriptions.models import (
    Batch,
    IssuePage,
    Mailing,
    ReaderTag,
    Segment,
    Subscriber,
    Subscription,
)
from subscriptions.readers import audience
from subscriptions.readers.audience import audience_of
from subscriptions.sending import claiming, freezing
from subscriptions.tasks import count_segments
from tests.factories import (
    make_article,
    make_issue,
    make_subscription,
    make_supporter,
    make_user,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def make_segment(site: Any, **rule: Any) -> Segment:
    fields = {"newsletter": site.newsletter, "name": "Some", "readers": 1} | rule
    return Segment.objects.create(counted_at=timezone.now(), **fields)


def found(site: Any, segment: Segment) -> set[str]:
    readers = audience_of(site.newsletter, segment).select_related("subscriber")
    return {reader.subscriber.email.partition("@")[0] for reader in readers}


@pytest.fixture
def people(site) -> dict[str, Subscription]:
    """Ann and Bob support us, Ann and Cy have a tag, Bob reads in Russian, Cy lives in Georgia,
    Dora came by import, long ago."""
    made = {name: make_subscription(site.newsletter, f"{name}@example.org") for name in NAMES}
    Subscription.objects.update(confirmed_on=TODAY)
    long_ago = TODAY - timedelta(days=400)
    Subscription.objects.filter(pk=made["dora"].pk).update(source="import 1", confirmed_on=long_ago)
    readers = Subscriber.objects
    readers.filter(pk=made["bob"].subscriber_id).update(language="ru")
    readers.filter(pk=made["cy"].subscriber_id).update(country="GE")
    for name in ("ann", "cy"):
        ReaderTag.objects.create(subscriber=made[name].subscriber, name="patrons")
    for name in ("ann", "bob"):
        make_supporter(f"{name}@example.org")
    return made


NAMES = ("ann", "bob", "cy", "dora")


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ({"supporter": "yes"}, "ann bob"),
        ({"supporter": "no"}, "cy dora"),
        ({"tags": ["patrons", "x"]}, "ann cy"),
        ({"sources": ["import 1", "import 2"]}, "dora"),
        ({"sources": [""]}, "ann bob cy"),
        ({"languages": ["ru"]}, "bob"),
        ({"languages": ["en"]}, "ann cy dora"),
        ({"countries": ["DE", "GE"]}, "cy"),
        ({"confirmed_from": TODAY}, "ann bob cy"),
        ({"confirmed_until": TODAY - timedelta(days=1)}, "dora"),
        ({"confirmed_from": date(1999, 1, 1), "tags": ["patrons"], "supporter": "no"}, "cy"),
        ({"tags": ["nobody has it"]}, ""),
    ],
)
def test_rule_finds_its_readers(site, people, rule, names) -> None:
    segment = make_segment(site, **rule)
    assert found(site, segment) == set(names.split())
    ids = {one.subscriber_id for one in people.values()}
    among = audience_of(site.newsletter, segment, ids)
    assert among.count() == len(names.split())
    audience.count_segment(segment, timezone.now())
    segment.refresh_from_db()
    assert segment.readers == (0 if segment.supporter else len(names.split()))


RULES = st.fixed_dictionaries(
    {},
    optional={
        "supporter": st.sampled_from(["", "yes", "no"]),
        "tags": st.lists(st.sampled_from(["patrons", "x"]), max_size=2),
        "sources": st.lists(st.sampled_from(["", "import 1"]), max_size=2),
        "confirmed_from": st.dates(TODAY - timedelta(days=800), TODAY),
    },
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rule=RULES, suppressed=st.sampled_from(NAMES), left=st.sampled_from(NAMES))
def test_nobody_is_in_a_segment_who_is_not_in_the_audience(
    site, people, rule, suppressed, left
) -> None:
    Suppression.objects.all().delete()
    Subscription.objects.update(status="confirmed")
    Suppression.add(list_index(f"{suppressed}@example.org"), "bounce")
    Subscription.objects.filter(pk=people[left].pk).update(status="unsubscribed")
    segment = Segment(newsletter=site.newsletter, name="Some", **rule)
    assert found(site, segment) <= set(NAMES) - {suppressed, left}


# --- An issue goes to one --------------------------------------------------------------------


def issue_to(site: Any, segment: Segment) -> IssuePage:
    return make_issue(site.newsletter, [make_article(site.section)], segment=segment)


def frozen(issue: IssuePage) -> Mailing:
    mailing = freezing.approve(issue, make_user(), timezone.now())
    freezing.freeze(mailing, timezone.now())
    mailing.refresh_from_db()
    return mailing


def test_freeze_and_claim_go_to_the_segment_alone(site, people, monkeypatch) -> None:
    monkeypatch.setattr("subscriptions.models.readers.segment.FEW", 2)
    mailing = frozen(issue_to(site, make_segment(site, supporter="no")))
    assert mailing.audience == 2
    make_supporter("dora@example.org")  # gives while the issue is on its way, and is not asked
    claim = claiming.claim()
    assert claim and [one.email for one in claim.recipients] == ["cy@example.org"]
    assert Batch.objects.get().excluded_ids == [people["dora"].subscriber_id]


@pytest.mark.parametrize(
    ("then", "now", "stopped"),
    [(1, 1, ""), (1, 10, ""), (1, 11, "has 11 readers"), (100, 0, "has no reader"), (0, 11, "11")],
)
def test_empty_or_ten_times_larger_stops_the_checklist(site, then, now, stopped) -> None:
    segment = make_segment(site, tags=["x"], readers=then)
    issue = issue_to(site, segment)
    Segment.objects.update(readers=now)
    said = checklist.stops(issue.get_latest_revision_as_object())
    assert stopped in said and bool(said) == bool(stopped)


def test_size_is_noted_when_it_is_chosen_and_stays(site) -> None:
    segment = make_segment(site, supporter="yes", readers=5)
    issue = issue_to(site, segment)
    Segment.objects.update(readers=80)
    issue = IssuePage.objects.get(pk=issue.pk).get_latest_revision_as_object()
    issue.subject = "Other words"
    issue.save_revision()
    assert issue.get_latest_revision_as_object().segment_readers == 5
    for chosen in (None, Segment.objects.get()):
        issue.segment = chosen
        issue.save_revision()
    assert IssuePage.objects.get().get_latest_revision_as_object().segment_readers == 80


def test_segment_that_is_put_away_stays_the_choice_of_its_issue(site) -> None:
    segment, other = make_segment(site), make_segment(site, name="Other", archived=True)
    issue = issue_to(site, segment)
    Segment.objects.update(archived=True)
    form_class = IssuePage.get_edit_handler().get_form_class()
    form = form_class(instance=IssuePage.objects.get(pk=issue.pk), for_user=make_user())
    assert segment in form.fields["segment"].queryset
    assert other not in form.fields["segment"].queryset
    issue.full_clean()  # as whoever saves it does


@pytest.mark.parametrize("supporters", [0, 11])
def test_freeze_looks_once_more(site, supporters) -> None:
    issue = issue_to(site, make_segment(site, supporter="yes"))
    for number in range(supporters):
        make_subscription(site.newsletter, f"r{number}@example.org")
        make_supporter(f"r{number}@example.org")
    mailing = freezing.approve(issue, make_user(), timezone.now())
    with pytest.raises(rendering.Unsendable, match="Some"):
        freezing.freeze(mailing, timezone.now())
    assert not Batch.objects.exists()


def test_newsletter_that_ends_takes_its_segments_along(site) -> None:
    issue_to(site, make_segment(site, supporter="yes"))
    site.newsletter.delete()
    assert not Segment.objects.exists() and not IssuePage.objects.exists()


# --- Its page --------------------------------------------------------------------------------

URL = "/admin/readers/segments/"


def test_segment_is_made_counted_and_put_away(client, site, people, committing) -> None:
    client.force_login(make_user("Editors"))
    rule = {"newsletter": site.newsletter.pk, "name": "Patrons", "tags": ["patrons"]}
    assert "patrons" in client.get(URL).text
    with committing():
        assert client.post(URL, rule).status_code == 302
    segment = Segment.objects.get()
    assert (segment.readers, segment.tags) == (2, ["patrons"])
    assert "tagged patrons" in client.get(URL).text
    ReaderTag.objects.all().delete()
    with committing():
        client.post(f"{URL}{segment.pk}/", {"count": "1"})
    segment.refresh_from_db()
    assert segment.readers == 0 and not segment.count_again
    client.post(f"{URL}{segment.pk}/", {"put_away": "1"})
    assert "tagged patrons" not in client.get(URL).text and Segment.objects.exists()


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"tags": ["unknown"]},
        {"supporter": "maybe"},
        {"confirmed_from": "2026-02-01", "confirmed_until": "2026-01-01"},
        {"supporter": "yes", "name": ""},
        {"supporter": "yes", "name": "Taken"},
    ],
)
def test_rule_that_says_nothing_or_nonsense_makes_none(client, site, people, rule) -> None:
    make_segment(site, name="Taken", supporter="yes")
    client.force_login(make_user("Editors"))
    form = {"newsletter": site.newsletter.pk, "name": "Some"} | rule
    assert client.post(URL, form).status_code == 422
    assert Segment.objects.count() == 1


def test_few_supporters_are_not_told_apart(site) -> None:
    assert make_segment(site, supporter="yes", readers=3).shown == "fewer than 10"
    nobody = make_segment(site, name="c", supporter="no", readers=0)
    assert nobody.shown == "fewer than 10" and nobody.stops(0, 50) == nobody.stops(9, 50) != ""
    many = make_segment(site, name="d", supporter="yes")
    assert [many.counts(readers) for readers in (9, 10, 119)] == [0, 10, 110]
    assert make_segment(site, name="b", tags=["x"], readers=3).shown == "3"


def test_what_waits_is_counted_and_what_an_issue_goes_to_again(site, people) -> None:
    hour_ago = timezone.now() - timedelta(hours=1)
    new = Segment.objects.create(newsletter=site.newsletter, name="New", supporter="yes")
    used = make_segment(site, name="Used", supporter="yes")
    idle = make_segment(site, name="Idle", supporter="yes")
    issue_to(site, used)
    Segment.objects.exclude(pk=new.pk).update(counted_at=hour_ago)
    count_segments()
    sizes = dict(Segment.objects.values_list("name", "readers"))
    assert sizes == {"New": 0, "Used": 0, "Idle": 1} and idle.pk
