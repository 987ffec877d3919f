"""Staff see an article of an issue as it will be mailed."""

import pytest

from subscriptions.issues.rendering import render_issue
from tests.factories import make_article, make_issue, make_user


@pytest.mark.parametrize("live", [True, False])
def test_form_of_an_issue_says_the_title_that_is_mailed(client, site, live) -> None:
    article = make_article(site.section, title="Bread is dear")
    issue = make_issue(site.newsletter, [article])
    if not live:
        article.unpublish()
    article.title = "Bread is half written"
    article.save_revision()
    client.force_login(make_user())
    page = client.get(f"/admin/pages/{issue.pk}/edit/").text
    assert ("Bread is dear" in page) == live
    assert ("Bread is half written" in page) == (not live)
    assert ("Bread is dear" in render_issue(issue).html) == live
