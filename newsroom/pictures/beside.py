"""Beside a picture, where an editor has chosen it: what is seen of it in each shape, the point that
stays in sight, and the words that it needs before it is published."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from wagtail.admin.auth import require_admin_access
from wagtail.log_actions import log
from wagtail.permissions import policy_registry

from newsroom.models import CreditedImage
from newsroom.models.image import FILTERS

POINT = 50  # of the shorter side, one such part: large enough for Wagtail's own editor to show


@dataclass(frozen=True)
class Crop:
    label: str
    width: int
    height: int


def crop(label: str, shape: str) -> Crop:
    """Of a shape that is cut: “fill-1200x630|…”."""
    size = FILTERS[shape][-1].split("|")[0].removeprefix("fill-")
    return Crop(label, *map(int, size.split("x")))


CROPS = [
    crop("On its article", "lead"),
    crop("Large teaser", "large-teaser"),
    crop("Teaser", "teaser"),
    crop("Sharing card", "shared"),
]


class Slider(forms.NumberInput):
    input_type = "range"


class BesideForm(forms.ModelForm):
    """The point in parts of a hundred, from left and from above; none until somebody moves it."""

    across = forms.IntegerField(min_value=0, max_value=100, label="From left", widget=Slider)
    down = forms.IntegerField(min_value=0, max_value=100, label="From above", widget=Slider)

    class Meta:
        model = CreditedImage
        fields = ["description", "is_decorative", "credit"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        image = self.instance
        seen = image.has_focal_point() and image.width and image.height
        self.initial = {
            **self.initial,
            "across": round(100 * image.focal_point_x / image.width) if seen else 50,
            "down": round(100 * image.focal_point_y / image.height) if seen else 50,
        }
        for field in self.fields.values():  # it stands inside of the page's own form
            field.widget.attrs["form"] = "nobodys"

    def save(self, commit: bool = True) -> Any:
        image = self.instance
        if {"across", "down"} & set(self.changed_data):
            image.focal_point_x = round(image.width * self.cleaned_data["across"] / 100)
            image.focal_point_y = round(image.height * self.cleaned_data["down"] / 100)
            side = max(1, min(image.width, image.height) // POINT)
            image.focal_point_width = image.focal_point_height = side
        return super().save(commit)


@require_admin_access
def beside(request: HttpRequest, pk: int) -> HttpResponse:
    """A part of a page. POST saves the picture, wherever it is used, and answers with the part."""
    image = get_object_or_404(CreditedImage, pk=pk)
    policy = policy_registry.get_by_type(CreditedImage)
    if not policy.user_has_any_permission_for_instance(request.user, ["choose", "change"], image):
        raise PermissionDenied
    may_change = policy.user_has_permission_for_instance(request.user, "change", image)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    form = BesideForm(request.POST or None, instance=image)
    is_saved = form.is_valid()
    if is_saved:
        form.save()
        log(instance=image, action="wagtail.edit", user=request.user)
        form = BesideForm(instance=image)
    context = {"image": image, "form": form, "crops": CROPS, "may_change": may_change}
    context |= {"is_saved": is_saved, "is_broken": image.is_broken}
    return render(
        request, "newsroom/pictures/beside.html", context, status=422 if form.errors else 200
    )
