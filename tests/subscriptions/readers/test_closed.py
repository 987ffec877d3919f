"""Without a privacy policy or a postal address nobody signs up, and no issue goes out."""

import json
from typing import Any

import pytest
from django.utils import timezone

from donations.giving.giving_form import giving
from newsroom.models import Asked, Masthead
from subscriptions.desk.actions import checklist
from subscriptions.models import Subscriber
from subscriptions.readers import signup
from tests.factories import make_article, make_issue

pytestmark = pytest.mark.django_db
CLOSED = "Sign-up is not open yet"


@pytest.mark.parametrize("lacking", ["policy", "postal address"])
def test_sign_up_is_closed_everywhere(site: Any, client: Any, lacking: str) -> None:
    article, slug = make_article(site.section), site.newsletter.slug
    assert giving({}, "")["offers_newsletter"] and 'name="email"' in client.get(article.url).text
    issue = make_issue(site.newsletter, [article])
    assert checklist.stops(issue) == ""
    if lacking == "policy":
        site.policy.unpublish()
    else:
        Masthead.objects.update(postal_address=" ")

    form, said = {"email": "ann@example.net", "consent": "on"}, {"email": "ann@example.net"}
    said |= {"newsletters": [slug], "consent": True}
    for path in (f"/newsletter/{slug}/", f"/newsletter/{slug}/signup/", "/newsletter/"):
        answer = client.get(path)
        assert answer.status_code == 200 and CLOSED in answer.text
        assert 'name="email"' not in answer.text
    for path in (f"/newsletter/{slug}/signup/", "/newsletter/signup/", "/newsletter/almost/"):
        answer = client.post(path, form, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 503 and CLOSED in answer.text
    answer = client.post("/newsletter/api/signup/", json.dumps(said), "application/json")
    assert answer.status_code == 503
    assert not signup.sign_up(site.newsletter, "ann@example.net", how="form")
    assert not Asked.objects.exists() and not Subscriber.objects.exists()
    assert 'name="email"' not in client.get(article.url).text
    assert not giving({}, "")["offers_newsletter"]

    assert lacking in checklist.stops(issue).lower()
    assert issue.issue_on >= timezone.localdate()
