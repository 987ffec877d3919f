"""An experiment begins, is seen by some as this and by others as that, and ends."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from donations.asking import ask_cookie
from donations.asking.deciding import Memory, shuffled
from donations.asking.experiments import running
from donations.asking.experiments.running import NotPossible
from donations.giving import ask_box
from donations.models import Appeal, AskedOn, Experiment, Variant
from newsroom.core.languages import speaking
from tests.donations.asking.experiments.conftest import begun, planned
from tests.factories import make_appeal, make_article, make_user


def seen(client, url: str, bucket: int) -> str:
    """The headline that a reader of that bucket reads, and what the form carries: “title 34”."""
    client.cookies["ask"] = ask_cookie.sealed(Memory(bucket=bucket))
    page = client.get(url).text
    title = re.search(r'id="ask-title">([^<]+)', page)
    carried = re.search(r'name="variant" value="(\d+)"', page)
    return f"{title[1] if title else ''} {carried[1] if carried else ''}".strip()


def test_each_half_of_the_buckets_is_asked_by_one_of_two(client, experiment, site) -> None:
    article = make_article(site.section)
    assert {seen(client, article.url, bucket) for bucket in range(9)} == {"Give now"}  # the newest
    running_one = begun(experiment, timezone.now())
    first, second = running_one.drawn()
    words = [f"Please give {first.pk}", f"Give now {second.pk}"]
    rules = ask_box.rules_of(article)
    drawn = [rules.variant_of(bucket) for bucket in range(100)]
    assert drawn.count(0) == drawn.count(1) == 50
    for bucket in range(9):
        for _again in range(2):
            assert seen(client, article.url, bucket) == words[drawn[bucket]]
    del client.cookies["ask"]
    page = client.get(article.url).text  # nobody keeps a cookie: the first, and a part of nothing
    assert "Please give" in page and 'name="variant"' not in page
    assert Appeal.current().title == "Please give"  # in mails, too
    bad = Memory(bucket=100)
    client.cookies["ask"] = ask_cookie.sealed(bad)
    assert 'name="variant"' not in client.get(article.url).text


def test_drafts_are_published_when_it_begins_and_the_others_go_when_it_ends(client, site) -> None:
    appeal, draft = make_appeal(title="Old"), make_appeal(title="New", live=False)
    draft.title = "Newer"
    draft.save_revision()
    experiment = Experiment.objects.create(name="Words")
    for number, one in enumerate((appeal, draft)):
        Variant.objects.create(experiment=experiment, appeal=one, sort_order=number)
    assert running.problems(experiment, timezone.now()) == []
    second = begun(experiment, timezone.now()).drawn()[1]
    draft.refresh_from_db()
    assert draft.live and str(second) == "B: Newer"
    running.stop(experiment.pk, second.pk, make_user("Finance"), timezone.now())
    experiment.refresh_from_db()
    assert experiment.ended_why == "B: Newer goes on." and not experiment.runs
    article = make_article(site.section)
    assert {seen(client, article.url, bucket) for bucket in range(0, 100, 9)} == {"Newer"}
    with pytest.raises(NotPossible, match="runs no more"):
        running.stop(experiment.pk, second.pk, make_user("Finance"), timezone.now())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"language": "ru"}, "different languages"),
        ({"ends_at": timezone.now() + timedelta(days=30)}, "different times"),
        ({"starts_at": timezone.now() + timedelta(days=3)}, "begins only on"),
        ({"below": False, "on_issues": False}, "asks nowhere"),
    ],
)
def test_what_would_compare_something_else_does_not_begin(experiment, change, words: str) -> None:
    Appeal.objects.filter(title="Give now").update(**change)
    with pytest.raises(NotPossible, match=words):
        begun(experiment, timezone.now())
    assert not Experiment.all_running()


def test_of_other_places_currencies_or_one_alone_it_does_not_begin(experiment, site) -> None:
    second = Appeal.objects.get(title="Give now")
    AskedOn.objects.create(appeal=second, page=site.section)
    second.amounts.filter(currency="eur").delete()
    with pytest.raises(NotPossible, match=r"different sections.*different currencies"):
        begun(experiment, timezone.now())
    second.delete()
    with pytest.raises(NotPossible, match="2 to 4 appeals"):
        begun(experiment, timezone.now())


def test_one_at_a_time_in_a_language_and_begun_once(experiment) -> None:
    begun(experiment, timezone.now())
    other = planned("Third", "Fourth")
    with pytest.raises(NotPossible, match="begun before"):
        begun(experiment, timezone.now())
    with pytest.raises(NotPossible, match="Another experiment"):
        begun(other, timezone.now())
    assert [one.pk for one in Experiment.all_running()] == [experiment.pk]
    russian = planned("Один", "Два", language="ru")
    begun(russian, timezone.now())
    with speaking("ru"):
        assert Appeal.current().title == "Один"
    assert Appeal.current().title == "Fourth"
    [words] = running.spoilt(Experiment.objects.get(pk=experiment.pk), timezone.now())
    assert words.startswith("“Fourth” is asked in its place")


def test_it_does_not_begin_where_another_appeal_is_asked(experiment) -> None:
    make_appeal(title="Urgent", priority=9)
    with pytest.raises(NotPossible, match="“Urgent” is asked in its place"):
        begun(experiment, timezone.now())


@pytest.mark.django_db(transaction=True)
def test_of_two_editors_who_begin_at_once_one_does(site) -> None:
    both = [planned("One", "Two", priority=1), planned("Three", "Four", priority=1)]
    Appeal.objects.update(starts_at=timezone.now())  # all the same: none stands before another
    user, now, said, ready = make_user("Finance"), timezone.now(), [], threading.Barrier(3)

    def press(pk: int) -> None:
        ready.wait()
        try:
            running.begin(pk, user, now)
            said.append("begun")
        except NotPossible as error:
            said.append(str(error))
        finally:
            connection.close()

    presses = [both[0].pk, both[1].pk, both[0].pk]
    threads = [threading.Thread(target=press, args=[pk]) for pk in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count("begun") == 1 and len(said) == 3
    assert len(Experiment.all_running()) == 1


@pytest.mark.parametrize("how", ["unpublish", "delete"])
@pytest.mark.parametrize("which", [0, 1])
def test_appeal_that_is_taken_away_ends_it_and_the_other_asks(
    client, experiment, site, how: str, which: int
) -> None:
    variants = begun(experiment, timezone.now()).drawn()
    getattr(variants[which].appeal, how)()
    experiment.refresh_from_db()
    assert not experiment.runs and "was taken away" in experiment.ended_why
    left = variants[1 - which].title
    article = make_article(site.section)
    assert {seen(client, article.url, bucket) for bucket in range(0, 100, 9)} == {left}
    assert Variant.objects.get(pk=variants[which].pk).title == variants[which].title


def test_appeal_that_is_changed_meanwhile_is_told(experiment) -> None:
    started = begun(experiment, timezone.now())
    assert running.spoilt(started, timezone.now()) == []
    Appeal.objects.filter(title="Give now").update(message="Something else.")
    [words] = running.spoilt(Experiment.objects.get(), timezone.now())
    assert words.startswith("B: Give now was changed")


def test_it_stands_where_its_first_does_and_not_elsewhere(client, site) -> None:
    make_appeal(title="Everywhere")
    experiment = planned("Here", "There")
    for one in experiment.drawn():
        AskedOn.objects.create(appeal=one.appeal, page=site.section)
    begun(experiment, timezone.now())
    inside = make_article(site.section)
    titles = {seen(client, inside.url, bucket).split()[0] for bucket in range(0, 100, 9)}
    assert titles == {"Here", "There"}
    assert Appeal.current().title == "Everywhere"


def test_appeals_that_all_end_leave_the_place_to_others(client, site) -> None:
    make_appeal(title="Usual")
    Appeal.objects.update(starts_at=timezone.now() - timedelta(days=1))
    ends = timezone.now() + timedelta(hours=1)
    experiment = planned("One", "Two", ends_at=ends, priority=1)
    started = begun(experiment, timezone.now())
    Appeal.objects.filter(ends_at=ends).update(ends_at=timezone.now() - timedelta(minutes=1))
    article = make_article(site.section)
    assert {seen(client, article.url, bucket) for bucket in range(9)} == {"Usual"}
    found = running.spoilt(Experiment.objects.get(pk=started.pk), timezone.now())
    assert len(found) == 2 and "is over since" in found[0]


def test_buckets_are_mixed_anew_for_the_next(experiment) -> None:
    assert shuffled(1) != shuffled(2)


def test_banner_leads_to_the_form_that_carries_what_it_was(client, site) -> None:
    experiment = planned("Please give", "Give now", below=False, banner=True)
    variants = {one.title: one for one in begun(experiment, timezone.now()).drawn()}
    today = ask_cookie.today()
    for bucket in range(0, 100, 25):
        client.cookies["ask"] = ask_cookie.sealed(Memory(bucket=bucket, shown_on=today - 1))
        page = client.get(site.section.url).text
        link = re.search(r'href="(/support/\?appeal=[^"]+)"', page)
        assert link
        form = client.get(link[1].replace("&amp;", "&")).text
        [(title, one)] = [found for found in variants.items() if f"{found[0]}</p>" in page]
        assert f'name="variant" value="{one.pk}"' in form and title in form
    for tampered in ("0", "x", "9" * 50, f"{one.pk}&appeal=0"):
        assert client.get(f"/support/?appeal={one.appeal_id}&variant={tampered}").status_code == 200


def test_several_appeals_deleted_at_once_end_it(experiment) -> None:
    begun(experiment, timezone.now())
    Appeal.objects.all().delete()
    assert not Experiment.all_running() and Variant.objects.count() == 2
