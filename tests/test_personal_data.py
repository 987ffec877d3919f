"""Every table that a person can be in stands in the registry of erasure, and nothing else does."""

from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db.models import Model

from newsroom.core.kept.personal_data import DONOR, READER, STAFF, places
from newsroom.core.privacy import BlindIndexField, EncryptedField
from subscriptions.readers.erasure import PLACES

PEOPLE = {"Subscriber", "Subscription", "Donor", "Customer"}


def names_somebody(model: type[Model]) -> bool:
    """A sealed value, an index of one, a way to a person's row, or a list of such."""

    def does(field: Any) -> bool:
        if isinstance(field, EncryptedField | BlindIndexField):
            return True
        if isinstance(field, ArrayField) and field.name.endswith("_ids"):
            return True
        return field.is_relation and field.related_model.__name__ in PEOPLE

    return any(does(field) for field in model._meta.concrete_fields)


def test_registry_has_the_tables_that_a_person_can_be_in() -> None:
    told = {place.model for place in places()}
    by_shape = {model for model in apps.get_models() if names_somebody(model)}
    assert sorted(model._meta.label for model in by_shape ^ told) == []


def test_every_place_says_whose_it_is_and_what_an_erasure_does() -> None:
    for place in places():
        assert place.whose in (READER, DONOR, STAFF)
        assert place.erased.endswith(".") and place.erased != "."
    assert [place for place in places() if place.whose == READER] == PLACES


def test_erasure_empties_no_table_before_what_leads_there() -> None:
    """What is found by way of another table is deleted first."""
    order = [place.model.__name__ for place in PLACES if place.rows]
    assert order.index("Consent") < order.index("Subscription") < order.index("Subscriber")
    assert order.index("Seed") < order.index("Subscription")
