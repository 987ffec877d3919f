"""An experiment as editors and finance see it."""

import re
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from donations.asking.experiments.comparing import Shares, compare
from donations.asking.experiments.results import Line, Results
from donations.finance.experiments import chart
from donations.models import Appeal, AskShown, Checkout, Contribution, Experiment, Variant
from tests.donations.asking.experiments.conftest import begun, planned
from tests.factories import make_appeal, make_article, make_issue, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(site):
    return planned("Please give", "Give now")


def as_(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


def page_of(client: Client, experiment: Experiment) -> str:
    answer = client.get(f"/admin/experiments/inspect/{experiment.pk}/")
    assert answer.status_code == 200
    return str(answer.text)


def test_one_is_planned_begun_and_stopped(client, site) -> None:
    first, second = make_appeal(title="Please give"), make_appeal(title="Give now", live=False)
    finance = as_("Finance")
    assert "experiments/new/" in finance.get("/admin/experiments/").text
    form = {
        "name": "Words",
        "matters": "0.5",
        "variants-TOTAL_FORMS": 2,
        "variants-INITIAL_FORMS": 0,
        "variants-MIN_NUM_FORMS": 0,
        "variants-MAX_NUM_FORMS": 1000,
    }
    for number, appeal in enumerate((first, second)):
        form |= {f"variants-{number}-appeal": appeal.pk, f"variants-{number}-ORDER": number + 1}
    assert finance.post("/admin/experiments/new/", form).status_code == 302
    experiment = Experiment.objects.get()
    before = page_of(finance, experiment)
    assert "Not begun" in before and "Give now (a draft)" in before and "Yes, begin" in before
    for _ in range(2):
        finance.post(f"/admin/experiments/begin/{experiment.pk}/")
    page = page_of(finance, experiment)
    assert "nothing can be said yet" in page and "Yes, stop it" in page
    assert finance.get(f"/admin/experiments/edit/{experiment.pk}/").status_code == 302
    assert finance.post(f"/admin/experiments/delete/{experiment.pk}/").status_code == 302
    stop = f"/admin/experiments/stop/{experiment.pk}/"
    for bad in ("", "x", "9" * 30, "-1", "²"):
        finance.post(stop, {"goes_on": bad})
        assert Experiment.objects.get().runs
    chosen = Variant.objects.get(number=1)
    for _ in range(2):
        assert finance.post(stop, {"goes_on": chosen.pk}).status_code == 302
    assert "B: Give now goes on." in page_of(finance, experiment)
    assert [one.title for one in Appeal.objects.running()] == ["Give now"]
    assert "Ended" in finance.get("/admin/experiments/").text


@pytest.mark.parametrize("number", [1, 5])
def test_two_to_four_appeals(site, number: int) -> None:
    form = {"name": "Words", "matters": "0.5", "variants-TOTAL_FORMS": number}
    form |= {"variants-INITIAL_FORMS": 0}
    for one in range(number):
        form[f"variants-{one}-appeal"] = make_appeal().pk
    assert as_("Finance").post("/admin/experiments/new/", form).status_code == 200
    assert not Experiment.objects.exists()


def test_same_appeal_twice_and_nonsense_are_said(site) -> None:
    appeal = make_appeal()
    form = {"name": "Words", "variants-TOTAL_FORMS": 2, "variants-INITIAL_FORMS": 0}
    form |= {"variants-0-appeal": appeal.pk, "variants-1-appeal": appeal.pk}
    finance = as_("Finance")
    for matters in ("0.5", "0", "-1", "nan", "inf", "1e9"):
        answer = finance.post("/admin/experiments/new/", form | {"matters": matters})
        assert answer.status_code == 200, matters
        assert "The same appeal stands here twice" in answer.text
        assert "write a second one with that change" in answer.text
        assert "duplicate" not in answer.text
    assert not Experiment.objects.exists()


def test_editors_see_it_and_press_nothing(experiment) -> None:
    editor = as_("Editors")
    assert "Yes, begin" not in page_of(editor, experiment)
    assert editor.post(f"/admin/experiments/begin/{experiment.pk}/").status_code in (302, 403)
    assert not Experiment.all_running()
    assert "Experiments" in editor.get("/admin/").text


def test_numbers_answer_and_chart(experiment) -> None:
    first, second = begun(experiment, timezone.now()).drawn()
    today = timezone.now().date()
    for one in (first, second):
        AskShown.objects.create(on=today, place="below", variant=one.pk, times=20_000)
    for variant, many in ((first, 20), (second, 120)):
        for _ in range(many):
            checkout = Checkout.objects.create(
                key=f"{Checkout.objects.count():032x}", form_id=f"{1:032x}", frequency="once",
                amount=100, currency="usd", variant=variant, expires_at=timezone.now(),
            )  # fmt: skip
            Contribution.objects.create(
                checkout=checkout, amount=100, currency="usd", frequency="once",
                status="succeeded", stripe_payment_intent=f"pi_{checkout.pk}",
                created_at=timezone.now(),
            )  # fmt: skip
    assert Contribution.objects.count() == 140
    page = page_of(as_("Auditors"), experiment)
    assert "You can stop: there is an answer." in page
    found = re.search(
        r"B brings more: between ([\d.]+) and ([\d.]+) more gifts of each 1,000", page
    )
    assert found and 0 < float(found[1]) < 5 < float(found[2])
    assert "<svg" in page and "40,000" in page and "example.org" not in page


def test_chart_holds_whatever_the_numbers() -> None:
    def results(*shares: Shares) -> Results:
        lines = [
            Line(
                Variant(number=n), 1, 1, 1, 0, 0, one, compare(shares[0], one, 0.001) if n else None
            )
            for n, one in enumerate(shares)
        ]
        return Results(lines, None)

    assert chart(results(Shares(0, 0), Shares(0, 0)), 0.5) is None
    for other in (Shares(1000, 0), Shares(1000, 1000), Shares(10**7, 90)):
        drawn = chart(results(Shares(1000, 60), other), 0.5)
        assert drawn
        for row in drawn["rows"]:
            assert 60 <= row["low"] <= row["middle"] <= row["high"] <= drawn["width"]


@pytest.mark.parametrize("mode", ["below", "third", "banner", "issue", "mail", "reminder"])
def test_each_appeal_is_previewed_from_the_page_also_as_a_draft(
    site, experiment, mode: str
) -> None:
    make_issue(site.newsletter, [make_article(site.section)]).save_revision().publish()
    appeal = Appeal.objects.get(title="Give now")
    appeal.live, appeal.title = False, "Give me a draft"
    appeal.save_revision(clean=False)
    Appeal.objects.filter(pk=appeal.pk).update(live=False)
    editor = as_("Editors")
    links = re.findall(f'href="([^"]+mode={mode})"', page_of(editor, experiment))
    shown = [editor.get(unescape(link)).text for link in links]
    assert len(shown) == 2
    assert "Please give" in shown[0] and "Give me a draft" in shown[1]
    begun(experiment, timezone.now())
    assert len(re.findall(f"mode={mode}", page_of(editor, experiment))) == 2


def test_preview_of_nothing_is_no_page(site, experiment) -> None:
    editor, make = as_("Editors"), make_article(site.section)
    url = f"/admin/experiments/preview/{experiment.pk}/"
    assert make and editor.get(url).status_code == 200
    for query in ("variant=x&mode=below1", "variant=999999", "mode=²", "mode="):
        assert editor.get(f"{url}?{query}").status_code == 404
