"""The picture desk: Wagtail's list of images, with what an editor looks for there, and credits for
many at once."""

from typing import Any

import django_filters
from django import forms
from django.contrib.contenttypes.models import ContentType
from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.functions import Cast
from wagtail.admin.filters import DateRangePickerWidget
from wagtail.admin.ui.tables import Column
from wagtail.images.views.bulk_actions.image_bulk_action import ImageBulkAction
from wagtail.images.views.images import ImagesFilterSet, IndexView
from wagtail.models import ReferenceIndex

from newsroom.models import CreditedImage

UNDESCRIBED = Q(description="", is_decorative=False)
UNCREDITED = Q(credit="")
MISSING = {"words": UNDESCRIBED, "credit": UNCREDITED}


class PictureFilters(ImagesFilterSet):
    missing = django_filters.ChoiceFilter(
        label="Without",
        method="filter_missing",
        choices=[("words", "a description"), ("credit", "a credit")],
    )
    unused = django_filters.BooleanFilter(
        label="Used nowhere",
        method="filter_unused",
        initial=False,  # else Wagtail shows “Used nowhere: False” above the whole list
        widget=forms.CheckboxInput,
    )
    created_at = django_filters.DateFromToRangeFilter(
        label="Uploaded", widget=DateRangePickerWidget
    )

    class Meta(ImagesFilterSet.Meta):
        model = CreditedImage
        fields: list[str] = []

    def filter_missing(self, found: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return found.filter(MISSING[value])

    def filter_unused(self, found: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        if not value:
            return found
        kind = ContentType.objects.get_for_model(CreditedImage)
        used = ReferenceIndex.objects.filter(to_content_type=kind)
        return found.exclude(pk__in=used.values(number=Cast("to_object_id", BigIntegerField())))


class PictureDesk(IndexView):
    model = CreditedImage
    filterset_class = PictureFilters
    page_title = "Pictures"

    @property
    def columns(self) -> list[Column]:
        columns: list[Column] = list(super().columns)
        if columns:
            credit = Column("credit", label="Credit", accessor=lambda image: image.credit or "none")
            words = Column("description", label="Description", accessor=described)
            columns[-2:-2] = [credit, words]
        return columns


def described(image: CreditedImage) -> str:
    return "decorative" if image.is_decorative else image.description or "none"


class CreditForm(forms.Form):
    credit = forms.CharField(max_length=200, help_text="As printed: “Name / Agency”.")


class CreditAction(ImageBulkAction):
    display_name = "Credit"
    action_type = "credit"
    aria_label = "Give the selected images a credit"
    template_name = "newsroom/pictures/credit_many.html"
    action_priority = 15
    form_class = CreditForm

    def check_perm(self, image: CreditedImage) -> bool:
        allowed: bool = self.permission_policy.user_has_permission_for_instance(
            self.request.user, "change", image
        )
        return allowed

    def get_execution_context(self) -> dict[str, Any]:
        return {"credit": self.cleaned_form.cleaned_data["credit"]}

    @classmethod
    def execute_action(cls, images: Any, credit: str = "", **kwargs: Any) -> tuple[int, int]:
        for image in images:
            image.credit = credit
            image.save()
        return len(images), 0

    def get_success_message(self, num_parent_objects: int, num_child_objects: int) -> str:
        return f"{num_parent_objects} have the credit now."
