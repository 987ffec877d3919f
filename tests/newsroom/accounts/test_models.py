"""What a stolen database tells of the staff."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from newsroom.accounts.models import User
from tests.factories import make_user


def row_of(user: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_user::text FROM accounts_user WHERE id = %s", [user.pk])
        return str(cursor.fetchone()[0])


def test_names_and_addresses_are_sealed_and_the_address_is_found_by_its_index(db: None) -> None:
    user = make_user(
        username="heron", first_name="Irena", last_name="Volkova", email="irena@example.org"
    )
    row = row_of(user)
    assert "heron" in row
    for said in ("Irena", "Volkova", "irena@"):
        assert said not in row and said.encode().hex() not in row
    assert User.objects.by_email("IRENA@example.org ").get() == user
    assert User.objects.get(pk=user.pk).get_full_name() == "Irena Volkova"


def test_an_address_belongs_to_one_account(db: None) -> None:
    make_user(email="irena@example.org")
    with pytest.raises(ValidationError, match="Somebody else has this address"):
        User(username="another", email="Irena@Example.org").clean()
    with pytest.raises(IntegrityError):
        make_user(email="IRENA@example.org")


def test_the_index_follows_a_changed_address(db: None) -> None:
    user = make_user(email="old@example.org")
    user.email = "new@example.org"
    user.save(update_fields=["email"])
    assert not User.objects.by_email("old@example.org").exists()
    assert User.objects.by_email("new@example.org").exists()


def test_accounts_without_an_address_do_not_collide(db: None) -> None:
    make_user(email="")
    make_user(email="")


@pytest.mark.usefixtures("indexed")
def test_searching_users_looks_at_logins_only(db: None, client: Any) -> None:
    make_user(username="heron", first_name="Irena", email="irena@example.org")
    client.force_login(make_user(None))
    found = client.get("/admin/users/", {"q": "heron"})
    assert found.status_code == 200 and "Irena" in found.content.decode()
    for query in ("Irena", "irena@example.org"):
        page = client.get("/admin/users/", {"q": query})
        assert page.status_code == 200 and "heron" not in page.content.decode()
    assert client.get("/admin/users/", {"q": "\0'"}).status_code == 200
    assert client.get("/admin/users/", {"ordering": "name"}).status_code == 200
    bulk = client.get("/admin/bulk/accounts/user/delete/", {"id": "all", "q": "Irena"})
    assert bulk.status_code == 404
