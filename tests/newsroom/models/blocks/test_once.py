"""Lists of a form in which a row may stand once."""

from django.apps import apps
from django.db.models import UniqueConstraint
from wagtail.admin.panels import InlinePanel, Panel, get_edit_handler

from newsroom.models.blocks.once import OncePanel


def panels_of(panel: Panel) -> list[Panel]:
    return [
        panel,
        *(inner for child in getattr(panel, "children", []) for inner in panels_of(child)),
    ]


def test_every_list_with_such_a_rule_says_it_in_plain_words() -> None:
    found = []
    for model in apps.get_models():
        if model._meta.app_label not in {"newsroom", "subscriptions", "donations"}:
            continue
        if not (
            hasattr(model, "panels")
            or hasattr(model, "edit_handler")
            or hasattr(model, "content_panels")
        ):
            continue
        for panel in panels_of(get_edit_handler(model)):
            if not isinstance(panel, InlinePanel):
                continue
            rows = panel.db_field.related_model
            typed = {one.name for one in rows._meta.fields if one.editable}
            rules = [
                one
                for one in rows._meta.constraints
                if isinstance(one, UniqueConstraint) and typed.issuperset(one.fields)
            ]
            found += [rows.__name__] if rules else []
            assert not rules or isinstance(panel, OncePanel), (
                f"{model.__name__}.{panel.relation_name}"
            )
    assert {"Variant", "WelcomeMail", "ArticleByline"} <= set(found)
