"""The checklist: each check red and green, and nothing wrong goes out."""

import re
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.rich_text import RichText

from subscriptions.issues import checklist, link_checker, rendering
from subscriptions.issues.proof import Proof
from subscriptions.models import IssuePage, LinkCheck, Mailing, OtherSubject, TestSend
from subscriptions.sending import freezing
from tests.factories import make_article, make_image, make_issue, make_subscription, make_user

pytestmark = pytest.mark.django_db
GOOD = {"subject": "On bread", "preheader": "What it costs to bake it, and who pays"}


@pytest.fixture
def article(site):
    return make_article(site.section, title="Bread")


@pytest.fixture
def issue(site, article) -> IssuePage:
    return make_issue(site.newsletter, [article], **GOOD)


def words(issue: IssuePage, label: str) -> tuple[str, str]:
    found = next(f for f in checklist.inspect(issue) if f.label == label)
    return found.state, found.words


def change(issue: IssuePage, **fields: object) -> IssuePage:
    if letter := fields.pop("letter", ""):
        issue.body = [("letter", RichText(str(letter))), *old_pieces(issue)]
        issue.__dict__.pop("pieces", None)
    for name, value in fields.items():
        setattr(issue, name, value)
    return issue


def old_pieces(issue: IssuePage) -> list[tuple[str, object]]:
    return [(block.block_type, block.value) for block in issue.body]


def test_good_issue_is_fine_but_for_the_test_that_was_not_sent(issue) -> None:
    states = {finding.label: finding.state for finding in checklist.inspect(issue)}
    assert [label for label, state in states.items() if state != "fine"] == ["Test"]
    assert checklist.stops(issue) == ""


@pytest.mark.parametrize(
    ("label", "fields", "said"),
    [
        ("Subject", {"subject": "  "}, "Write a subject"),
        ("No merge marker left over", {"subject": "Dear {{ name }}"}, "{{ name }}"),
        ("No merge marker left over", {"preheader": "*|FNAME|*"}, "*|FNAME|*"),
        ("No merge marker left over", {"letter": "<p>%recipient.name%</p>"}, "%recipient"),
        ("No merge marker left over", {"letter": "<p>((reader.name))</p>"}, "((reader"),
        ("No merge marker left over", {"letter": "<p>Hi {first_name}</p>"}, "{first_name}"),
        (
            "Links to our own pages",
            {"letter": '<p><a href="/economy/no-such-article/">x</a></p>'},
            "/economy/no-such-article/",
        ),
        (
            "Links to our own pages",
            {"letter": '<p><a linktype="page" id="999999">x</a></p>'},
            "or gone: “x”",
        ),
        ("Size", {"letter": f"<p>{'x' * 95_000}</p>"}, "Gmail cuts it off"),
    ],
)
def test_what_stops_an_issue(issue, label: str, fields: dict, said: str) -> None:
    assert words(issue, label)[0] == "fine"
    change(issue, **fields)
    state, told = words(issue, label)
    assert state == "stop" and said in told
    assert said in checklist.stops(issue)


@pytest.mark.parametrize(
    ("label", "fields", "said"),
    [
        ("Length of the subject", {"subject": "x" * 61}, "61 characters"),
        ("Preheader", {"preheader": ""}, "a second time"),
        ("Preheader", {"preheader": "x" * 111}, "111 characters"),
        ("Tone of the subject", {"subject": "BREAD IS DEAR AGAIN"}, "capitals"),
        ("Tone of the subject", {"subject": "Act now!!"}, "Act now"),
        ("Number of links", {"letter": '<p><a href="/">x</a></p>' * 41}, "links"),
        ("Others' pages", {"letter": '<p><a href="https://x.example/">x</a></p>'}, "1 not"),
    ],
)
def test_what_gives_pause_but_stops_nothing(issue, label, fields, said) -> None:
    assert words(issue, label)[0] == "fine"
    change(issue, **fields)
    state, told = words(issue, label)
    assert state == "warning" and said in told
    assert checklist.stops(issue) == ""


@pytest.mark.parametrize("subject", ["خبز الأسبوع", "🥖 On bread", "ХЛЕБ", "NATO", "面包"])
def test_subject_in_any_script_is_calm(issue, subject: str) -> None:
    assert words(change(issue, subject=subject), "Tone of the subject")[0] == "fine"


def test_article_that_stands_there_twice_stops_it(site, article) -> None:
    issue = make_issue(site.newsletter, [article, article], **GOOD)
    state, told = words(issue, "Each article once")
    assert state == "stop" and "“Bread”" in told


def test_sample_too_small_to_say_anything_gives_pause(issue) -> None:
    assert words(issue, "Subject test")[0] == "fine"
    issue.other_subjects.add(OtherSubject(subject="On flour"))
    state, told = words(issue, "Subject test")
    assert state == "warning" and "0 readers" in told


def test_deleted_article_is_told_of(site, issue, article) -> None:
    article.delete()
    told = words(IssuePage.objects.get(), "Articles are published")[1]
    assert "an article that was deleted" in told


def test_issue_without_articles_and_with_hidden_ones(site, issue, article) -> None:
    article.unpublish()
    assert words(issue, "Something to read")[0] == "stop"
    state, told = words(issue, "Articles are published")
    assert state == "stop" and "“Bread”" in told


def test_article_that_is_embargoed_stops_it(site) -> None:
    later = make_article(site.section, title="Tomorrow")
    later.live, later.go_live_at = False, timezone.now() + timedelta(days=1)
    later.save()
    issue = make_issue(site.newsletter, [make_article(site.section), later], **GOOD)
    assert "“Tomorrow”" in words(issue, "Articles are published")[1]


def test_sender_has_to_be_one_of_ours(issue, settings) -> None:
    settings.SENDER_DOMAINS = ["elsewhere.example"]
    state, told = words(issue, "Sender")
    assert state == "stop" and "elsewhere.example" in told
    settings.SENDER_DOMAINS = [issue.newsletter.sender_address.rpartition("@")[2]]
    assert words(issue, "Sender")[0] == "fine"


def sent(issue: IssuePage, audience: int) -> Mailing:
    mailing = freezing.approve(issue, None, timezone.now())
    Mailing.objects.filter(pk=mailing.pk).update(
        status="sent", finished_at=timezone.now(), audience=audience
    )
    return mailing


def test_same_issue_again_is_stopped(site, issue, article) -> None:
    sent(make_issue(site.newsletter, [article], **GOOD), 0)
    assert words(issue, "Not the last issue again")[0] == "stop"
    issue.subject = "On bread, once more"
    assert words(issue, "Not the last issue again")[0] == "fine"


@pytest.mark.parametrize(("before", "state"), [(3, "fine"), (10, "warning"), (1, "warning")])
def test_unusual_audience_is_pointed_out(site, issue, article, before, state) -> None:
    for n in range(3):
        make_subscription(site.newsletter, f"usual{n}@example.org")
    sent(make_issue(site.newsletter, [article], subject="Before"), before)
    assert words(issue, "Size of the audience")[0] == state


def test_test_counts_until_the_issue_is_changed(client, issue, inbox) -> None:
    client.force_login(make_user())
    client.post(f"/admin/newsletters/issue/{issue.pk}/do/test/")
    assert TestSend.objects.count() == 1
    assert words(IssuePage.objects.get(pk=issue.pk), "Test")[0] == "fine"
    issue.save_revision()
    assert "changed since" in words(IssuePage.objects.get(pk=issue.pk), "Test")[1]


def test_desk_shows_what_to_put_right_and_refuses_to_approve(client, site, issue) -> None:
    client.force_login(make_user())
    desk = f"/admin/newsletters/issue/{issue.pk}/"
    assert "1 thing to think about" in client.get(desk).text
    issue.subject = "Dear {{ name }}"
    issue.save_revision()
    page = client.get(f"{desk}checklist/").text
    assert "1 thing to put right first" in page and "stops it" in page
    assert f"/admin/pages/{issue.pk}/edit/#" in page
    for url in (f"{desk}do/approve/", f"{desk}send-now/"):
        assert "as it stands" in client.post(url, follow=True).text
    assert not Mailing.objects.exists()


def test_article_withdrawn_after_the_approval_sends_no_empty_issue(issue, article) -> None:
    mailing = freezing.approve(issue, None, timezone.now())
    article.unpublish()
    with pytest.raises(rendering.Unsendable):
        freezing.freeze(mailing, timezone.now())


# --- Links --------------------------------------------------------------------------------------


def test_our_own_addresses_lead_somewhere_or_not(site, article) -> None:
    Redirect.add_redirect("/old/", redirect_to="/")
    for url in ("/", article.url, article.full_url, "/support/", "/feed/", "/old/", "/?a=b#c"):
        assert link_checker.leads_somewhere(url), url
    for url in ("/nowhere/", article.url + "x/", "/economy/../nope/"):
        assert not link_checker.leads_somewhere(url), url


@pytest.fixture
def elsewhere(monkeypatch) -> Callable[[int], str]:
    """A server that answers with the status in its path, taken for a public one."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code = int(self.path.strip("/") or 200)
            self.send_response(code)
            if code == 302:
                self.send_header("Location", "http://127.0.0.1:1/inside")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    real = link_checker.public_address

    def public(host: str, port: int) -> str:
        return "127.0.0.1" if host == "public.example" else real(host, port)

    monkeypatch.setattr(link_checker, "public_address", public)
    yield lambda status: f"http://public.example:{server.server_port}/{status}"
    server.shutdown()


def test_others_pages_are_looked_at_once_and_broken_ones_told(issue, elsewhere) -> None:
    found = [elsewhere(200), elsewhere(404), elsewhere(503)]
    letter = "".join(f'<p><a href="{url}">x</a></p>' for url in found)
    change(issue, letter=letter).save_revision()
    assert checklist.look_at_others_pages() == 3
    assert checklist.look_at_others_pages() == 0
    state, told = words(issue, "Others' pages")
    assert state == "warning"
    assert "404 answers 404" in told and "503 answers 503" in told and "/200" not in told


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://10.0.0.1/", "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/", "http://192.168.1.1/", "http://0.0.0.0/",
        "http://2130706433/", "http://127.1/", "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::a00:1]/", "http://[2002:7f00:1::]/",
        "http://[2001:0:4136:e378::]/", "http://[fec0::1]/", "http://[fe80::1]/",
        "http://[fd00::1]/", "http://[::10.0.0.1]/", "http://[ff0e::1]/", "http://[4000::1]/",
        "http://[100::1]/", "http://100.64.0.1/", "http://192.0.0.192/", "http://192.88.99.1/",
        "http://198.18.0.1/", "http://224.0.0.1/", "http://240.0.0.1/", "http://255.255.255.255/",
    ],
)  # fmt: skip
def test_private_addresses_are_never_fetched(url: str, monkeypatch) -> None:
    def connected(*args: object, **kwargs: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", connected)
    assert link_checker.look_at(url, link_checker.session()) == "is not a public address"


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1"])
def test_public_addresses_are_public(address: str) -> None:
    assert link_checker.is_public(address)


def test_redirect_into_our_own_network_is_not_followed(elsewhere) -> None:
    assert link_checker.look_at(elsewhere(302), link_checker.session()) == "is not a public address"


@pytest.mark.parametrize("url", ["http://", "https://exa mple/", "http://x:99999/", "http://[/"])
def test_nonsense_is_told_and_breaks_nothing(url: str) -> None:
    assert link_checker.look_at(url, link_checker.session())
    assert LinkCheck.objects.count() == 0


def test_mail_addresses_and_anchors_are_nobodys_pages() -> None:
    nobodys = ["mailto:a@example.org", "#top", "", "tel:+1"]
    assert link_checker.external(nobodys) == link_checker.ours(nobodys) == []
    assert link_checker.check(["mailto:a@example.org", "x" * 5000], timezone.now()) == 0


def test_machines_proxy_is_not_asked() -> None:
    assert link_checker.session().trust_env is False
    assert isinstance(link_checker.session(), requests.Session)


@pytest.mark.parametrize("place", ["lead", "in an article that goes whole", "of the issue"])
def test_picture_that_cannot_be_shown_is_left_out_and_named(site, place: str) -> None:
    image = make_image("Riverbank")
    inside = [{"type": "image", "value": {"image": image.pk, "caption": ""}}]
    article = make_article(
        site.section,
        lead_image=image if place == "lead" else None,
        body=inside if place == "in an article that goes whole" else [],
    )
    body = [("article", {"article": article, "full_text": True})]
    body += [("picture", {"image": image})] if place == "of the issue" else []
    issue = make_issue(site.newsletter, [], body=body, **GOOD)
    assert words(issue, "Pictures")[0] == "fine"
    assert "<img" in Proof(issue).rendered.html
    image.renditions.all().delete()
    Path(image.file.path).write_bytes(b"")
    issue = IssuePage.objects.get(pk=issue.pk)
    state, said = words(issue, "Pictures")
    assert state == "warning" and "Riverbank" in said
    assert "<img" not in Proof(issue).rendered.html
    assert checklist.stops(issue) == ""


def test_links_of_articles_that_go_out_whole_are_looked_at(site, issue, article) -> None:
    gone = make_article(site.section, title="Gone")
    text = f'<p><a linktype="page" id="{gone.pk}">as we wrote</a></p>'
    article.body = [("text", text)]
    article.save_revision().publish()
    issue.body = [("article", {"article": article, "full_text": True})]
    assert words(issue, "Links to our own pages")[0] == "fine"
    gone.unpublish()
    state, told = words(issue, "Links to our own pages")
    assert state == "stop" and "“as we wrote”" in told
    mail = rendering.render_issue(issue)
    assert "as we wrote" in mail.html and "<a>" not in mail.html.replace(" ", "")


def test_each_place_in_the_editor_is_one_of_its_panels() -> None:
    proof: Any = SimpleNamespace(issue=SimpleNamespace(pk=1))
    panels = {panel.clean_name for panel in IssuePage.get_edit_handler().children[0].children}
    places = (checklist.INBOX, checklist.CONTENT, checklist.SUBJECTS, checklist.AUDIENCE)
    named = [re.findall("#panel-child-content-(.+)-section$", place(proof))[0] for place in places]
    assert [name for name in named if name not in panels] == []
