"""Several newsletters in one form: one mail about them, one press that confirms them."""

import pytest
from bs4 import BeautifulSoup

from subscriptions.models import Newsletter, Subscription
from subscriptions.readers import signup
from tests.factories import make_subscription, make_user
from tests.subscriptions.readers.test_signup import link_in

EMAIL = "ann@example.org"
FORM = {"email": EMAIL, "consent": "on", "newsletter": ["weekly", "daily", "monthly"]}
ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://friends.example"}

pytestmark = pytest.mark.usefixtures("mail_sandbox")


@pytest.fixture(autouse=True)
def newsletters(site) -> list[Newsletter]:
    index = site.newsletter.get_parent()
    for title in ("The Daily", "The Monthly"):
        slug = title.split()[1].lower()
        index.add_child(
            instance=Newsletter(title=title, slug=slug, sender_name="X", sender_address="a@x.org")
        )
    return list(Newsletter.objects.order_by("pk"))


@pytest.fixture
def signs_up(client, committing):
    def sign_up(**fields):
        with committing():
            return client.post("/newsletter/signup/", FORM | fields, follow=True)

    return sign_up


def listed() -> set[str]:
    found = Subscription.objects.filter(status="confirmed")
    return set(found.values_list("newsletter__slug", flat=True))


def subjects(inbox) -> list[str]:
    return sorted(mail["subject"] for mail in inbox.to(EMAIL))


def test_one_mail_and_one_press_for_three_newsletters(client, committing, inbox, signs_up) -> None:
    assert "a mail is on its way" in signs_up().text
    [mail] = inbox.to(EMAIL)
    assert mail["subject"] == "Please confirm: The Weekly, The Daily and The Monthly"
    path = link_in(mail, "/confirm/")
    assert "The Weekly, The Daily and The Monthly" in client.get(path).text
    assert listed() == set()
    for said in ("Thank you for reading us", "You have confirmed this already"):
        with committing():
            assert said in client.post(path).text
    assert listed() == {"weekly", "daily", "monthly"}
    welcomes = [one for one in subjects(inbox) if one.startswith("Welcome")]
    assert welcomes == ["Welcome: The Daily", "Welcome: The Monthly", "Welcome: The Weekly"]


def test_press_leaves_alone_what_was_decided_since(client, committing, inbox, signs_up) -> None:
    signs_up()
    path = link_in(inbox.to(EMAIL)[0], "/confirm/")
    weekly, daily, monthly = Subscription.objects.order_by("pk")
    signup.confirm(signup.confirm_token(weekly))
    signup.unsubscribe(weekly, how="own page")
    signup.confirm(signup.confirm_token(daily))
    with committing():
        page = client.post(path).text
    assert listed() == {"daily", "monthly"}
    assert "The Daily and The Monthly" in page and "The Weekly" not in page
    signup.unsubscribe(daily, how="own page")
    monthly.delete()
    assert client.post(path).status_code == 403
    assert listed() == set()


def test_mail_names_what_is_new_only_and_if_nothing_is_what_comes_already(
    newsletters, inbox, signs_up
) -> None:
    make_subscription(newsletters[0], EMAIL)
    signs_up()
    assert subjects(inbox) == ["Please confirm: The Daily and The Monthly"]
    for one in Subscription.objects.filter(status="pending"):
        signup.confirm(signup.confirm_token(one))
    signs_up()
    told = next(mail for mail in inbox.to(EMAIL) if "already" in mail["subject"])
    assert "The Weekly, The Daily and The Monthly" in " ".join(told["text"].split())
    assert "/unsubscribe/" not in told["text"] and "/preferences/" in told["text"]


def test_press_confirms_nothing_that_somebody_else_has_typed(
    client, committing, inbox, signs_up
) -> None:
    signs_up(newsletter=["monthly"])
    signs_up(newsletter=["weekly", "daily"])
    mine = next(mail for mail in inbox.to(EMAIL) if "Weekly" in mail["subject"])
    with committing():
        client.post(link_in(mine, "/confirm/"))
    assert listed() == {"weekly", "daily"}


@pytest.mark.parametrize("chosen", [[], ["nowhere"], ["weekly", "nowhere"]])
def test_who_chooses_nothing_that_we_have_is_told(signs_up, chosen) -> None:
    answer = signs_up(newsletter=chosen)
    assert answer.status_code == 422 and "at least one newsletter" in answer.text
    assert not Subscription.objects.exists()


def test_form_of_another_site_leads_to_ours_and_does_nothing_itself(client, committing) -> None:
    form = {"email": EMAIL, "newsletter": "daily", "consent": "on", "source": "footer"}
    with committing():
        page = client.post("/newsletter/almost/", form, headers=ELSEWHERE)
    shown = BeautifulSoup(page.text, "html.parser").select_one(".box-signup form")
    assert shown["action"] == "/newsletter/daily/signup/" and not shown.select("[checked]")
    sent = {one["name"]: one["value"] for one in shown.select("input[value]")}
    assert (sent["email"], sent["source"]) == (EMAIL, "embedded")
    assert not Subscription.objects.exists()
    with committing():
        client.post(shown["action"], sent | {"consent": "on"})
    assert Subscription.objects.get().source == "embedded"


def test_footer_of_every_page_leads_there_too(client, site) -> None:
    for path in ("/", "/support/", site.section.url, "/newsletter/weekly/"):
        footer = BeautifulSoup(client.get(path).text, "html.parser").select_one("footer form")
        assert footer["action"] == "/newsletter/almost/"
    page = client.post("/newsletter/almost/", {"email": EMAIL, "source": "footer"}).text
    shown = BeautifulSoup(page, "html.parser").select_one(".box-signup")
    assert len(shown.select("input[name=newsletter]")) == 3
    assert shown.select_one("input[name=source]")["value"] == "footer"
    assert not BeautifulSoup(page, "html.parser").select("footer form")


def test_form_to_copy_for_other_sites_leads_to_the_newsletters(client, newsletters) -> None:
    client.force_login(make_user())
    page = client.get(f"/admin/pages/{newsletters[1].pk}/edit/").text
    copied = BeautifulSoup(page, "html.parser").select_one("textarea[readonly]").get_text()
    form = BeautifulSoup(copied, "html.parser").form
    assert form["action"].endswith("/newsletter/almost/")
    assert form.select_one("[name=newsletter]")["value"] == "daily"
    assert "<script" not in copied
