"""Who travels sees nothing, and can't change that."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from newsroom.accounts.models import AuditEntry, StaffSession, User
from newsroom.models import PreviewLink
from newsroom.panic import travel
from newsroom.staff import people
from subscriptions.desk.access import colleagues
from tests.factories import make_article, make_user
from tests.newsroom.panic.test_views import prove

pytestmark = pytest.mark.django_db


@pytest.fixture
def admins(site: Any) -> tuple[Any, Any]:
    return make_user(None, username="owl"), make_user(None, username="heron")


def test_beginning_signs_out_everywhere_and_shows_nothing_from_then_on(
    admins: tuple[Any, Any], site: Any, client: Client
) -> None:
    owl, _ = admins
    article = make_article(site.section, title="Secret draft", live=False)
    later = timezone.now() + timedelta(days=1)
    link = PreviewLink.objects.create(article=article, ends_at=later, made_by=owl)
    client.force_login(owl)
    elsewhere = Client()
    elsewhere.force_login(owl)
    prove(client)
    assert "/admin/travelling/" in client.get("/admin/account/").text
    assert "You can’t end it" in client.get("/admin/travelling/").text
    assert client.post("/admin/travelling/")["Location"] == "/admin/login/"
    assert StaffSession.objects.filter(user=owl).count() == 0
    assert elsewhere.get("/admin/pages/")["Location"].startswith("/admin/login/")
    client.force_login(owl)  # whoever makes them sign in
    assert client.get("/admin/")["Location"] == "/admin/travelling/"
    page = client.get("/admin/travelling/")
    assert page.status_code == 200 and "Secret draft" not in page.text
    assert f"/admin/pages/{article.pk}/" not in page.text
    for path in ("/admin/security/", "/admin/readers/", "/admin/api/main/pages/", "/admin/audit/"):
        assert client.get(path).status_code == 403
    assert client.get(f"/preview/{link.token}/").status_code == 404
    assert owl not in colleagues() and owl not in User.objects.with_perm(travel.MAY_END)


def test_nobody_ends_their_own(admins: tuple[Any, Any], client: Client) -> None:
    owl, heron = admins
    travel.begin(owl, "heron")
    client.force_login(owl)
    back = {"do": "back", "user": owl.pk}
    for path in ("/admin/travel/", f"/admin/users/edit/{owl.pk}/", "/admin/account/"):
        assert client.post(path, back).status_code == 403
    client.post("/admin/travelling/", back)
    assert client.post("/admin/security/", {"do": "codes"}).status_code == 403
    people.invite(owl.email, "another", None)  # as “forgotten password”, it leads no further
    owl.refresh_from_db()
    assert owl.travels_since
    client.force_login(make_user("Editors"))
    assert client.post("/admin/travel/", back)["Location"] == "/admin/"
    client.force_login(heron)
    prove(client)
    assert "owl" in client.get("/admin/travel/").text
    assert client.post("/admin/travel/", back, follow=True).status_code == 200
    owl.refresh_from_db()
    assert owl.travels_since is None
    assert AuditEntry.objects.filter(who="heron", what__startswith="travel mode ends").exists()


def test_the_last_who_could_end_it_stays(admins: tuple[Any, Any], client: Client) -> None:
    owl, heron = admins
    travel.begin(owl, "owl")
    client.force_login(heron)
    prove(client)
    page = client.post("/admin/travelling/", follow=True)
    assert "Nobody else could end it" in page.text
    with pytest.raises(CommandError, match="Nobody else"):
        call_command("staff", "travel", "heron")
    call_command("staff", "back", "owl")
    owl.refresh_from_db()
    assert owl.travels_since is None
