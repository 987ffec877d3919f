"""Pictures, and every shape in which pages and mails show them."""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import models
from django.db.models import Q
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.models import (
    AbstractImage,
    AbstractRendition,
    Filter,
    Image,
    SourceImageIOError,
    WagtailImageFieldFile,
)
from wagtail.search import index

from newsroom.core.jobs import after_commit
from newsroom.kept_pages import changes
from newsroom.models.upload import describe, replacing
from newsroom.uploads import pictures
from newsroom.uploads.clean import Clean

# The one list of shapes: templates name them (newsroom/templatetags/pictures.py), and no reader
# waits for one: each is made when a picture is saved; what takes a second of a processor, by a
# worker (newsroom/pictures/formats.py). Wagtail's filters, joined by “|”. A page offers all formats
# of a shape, and JPEG in one size: it is for browsers of before 2020.
SHAPES = {
    "shared": ["fill-1200x630|format-jpeg"],  # og:image
    "lead": ["fill-{480x270,960x540,1440x810}|format-{avif,webp}", "fill-960x540|format-jpeg"],
    "teaser": ["fill-480x270|format-{avif,webp,jpeg}"],
    "large-teaser": ["fill-960x540|format-{avif,webp,jpeg}"],
    "text": ["width-{480,960}|format-{avif,webp}", "width-960|format-jpeg"],
    "mail-lead": ["fill-1104x622|format-jpeg"],
    "mail": ["width-1104|format-jpeg"],
    "face": ["fill-168x168|format-{webp,jpeg}"],
}
FILTERS = {
    shape: [one for filters in shapes for one in Filter.expand_spec(filters)]
    for shape, shapes in SHAPES.items()
}
ALL_FILTERS = list(dict.fromkeys(one for filters in FILTERS.values() for one in filters))
SLOW = [one for one in ALL_FILTERS if one.endswith("format-avif")]
QUICK = [one for one in ALL_FILTERS if one not in SLOW]
MADE = 1  # raised when SLOW changes: workers then go over all pictures
FOCAL_POINT = ("focal_point_x", "focal_point_y", "focal_point_width", "focal_point_height")


class PictureFile(WagtailImageFieldFile):
    """However a picture comes in, a form, an import or the shell, it is kept by ``save``."""

    def save(self, name: str, content: Any, save: bool = True) -> None:
        """Raises ValidationError for what pictures.clean refuses."""
        cleaned = content if isinstance(content, Clean) else pictures.clean(content)
        self.instance.describe(cleaned)
        super().save(cleaned.name, cleaned, save)

    def get_image_dimensions(self) -> tuple[int | None, int | None]:
        """Of what is kept; an upload that nobody has looked at is not opened here."""
        if self._committed or isinstance(self.file, Clean):
            return super().get_image_dimensions()
        return None, None


class CreditedImage(AbstractImage):
    """A picture with the name of whoever made it: a newspaper shows one with the other."""

    credit = models.CharField(max_length=200, blank=True, help_text="As printed: “Name / Agency”.")
    is_decorative = models.BooleanField(
        default=False,
        help_text="Who doesn’t see it misses nothing: it needs no description.",
    )
    cleaning = models.PositiveSmallIntegerField(default=0, editable=False)
    made = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="MADE, when a worker has been over it; else 0."
    )

    admin_form_fields = (*Image.admin_form_fields, "is_decorative", "credit")
    search_fields = [
        *AbstractImage.search_fields,
        index.SearchField("credit"),
        index.AutocompleteField("credit"),
        *(index.FilterField(name) for name in ("credit", "description", "is_decorative")),
    ]

    class Meta(AbstractImage.Meta):
        verbose_name = "image"
        indexes = [models.Index(fields=["id"], name="pictures_to_be_made", condition=~Q(made=MADE))]

    def save(self, *args: Any, **kwargs: Any) -> None:
        with replacing(self):
            super().save(*args, **kwargs)
        self.make_renditions()

    def describe(self, cleaned: Clean) -> None:
        """A focal point that came with the picture shrinks with it; one of the picture before means
        nothing."""
        describe(self, cleaned)
        for name in FOCAL_POINT:
            value = None if self.pk else getattr(self, name)
            setattr(self, name, None if value is None else round(value * cleaned.scale))

    def get_upload_to(self, filename: str) -> str:
        """A name that says nothing: the one it had names people and places."""
        return f"original_images/{secrets.token_hex(10)}{Path(filename).suffix}"

    def make_renditions(self) -> None:
        """Every shape of the file that is kept now; those of another file go. What is slow is left
        to a worker, unless it is there."""
        getattr(self, "_prefetched_objects_cache", {}).pop("renditions", None)
        of_this_file = f"images/{Path(self.file.name).stem}."
        self.renditions.exclude(file__startswith=of_this_file).delete()
        self.get_renditions(*QUICK)
        if len(self.existing(SLOW)) < len(SLOW):
            self.set_made(0)
            after_commit("newsroom.tasks.make_formats", self.pk)

    def set_made(self, made: int) -> None:
        """Shows nothing by itself: no page changes."""
        self.made = made
        with changes.accounted():
            type(self).objects.filter(pk=self.pk).exclude(made=made).update(made=made)

    def existing(self, specs: list[str]) -> list[Any]:
        found = self.find_existing_renditions(*map(Filter, specs))
        return [found[one] for one in map(Filter, specs) if one in found]

    def shown(self, shape: str) -> list[Any]:
        """Its renditions in one of SHAPES, as far as they are made; none when the picture can't be
        shown: its file is gone, or nobody can read it. Of a format all sizes or none: browsers
        choose the format first."""
        wanted = FILTERS[shape]
        there = [one for one in self.existing(wanted) if one.file.storage.exists(one.file.name)]
        specs = {one.filter_spec for one in there}
        if any(one not in specs for one in wanted if one in SLOW):
            there = [one for one in there if one.filter_spec not in SLOW]
        return there

    # A picture that breaks is no error of the page, the desk or the chooser that wanted to show it.

    def generate_rendition_file(self, filter: Filter, *, source: Any = None) -> Any:
        """Raises SourceImageIOError for a file that can't be made into a rendition."""
        try:
            return super().generate_rendition_file(filter, source=source)
        except InvalidFilterSpecError:
            raise
        except Exception as error:
            raise SourceImageIOError(str(error)) from error

    def get_rendition(self, filter: Filter | str) -> Any:
        try:
            return super().get_rendition(filter)
        except SourceImageIOError:
            return self._missing(filter)

    def get_renditions(self, *filters: Filter | str) -> dict[str, Any]:
        try:
            return super().get_renditions(*filters)
        except SourceImageIOError:
            return {spec: self._missing(spec) for spec in _specs(filters)}

    def _missing(self, filter: Filter | str) -> "CreditedRendition":
        """What Wagtail shows in place of a picture whose file is gone; it is not saved."""
        (spec,) = _specs([filter])
        rendition = CreditedRendition(image=self, filter_spec=spec, width=0, height=0)
        rendition.file.name = "not-found"
        return rendition

    @property
    def default_alt_text(self) -> str:
        """Only what was written for readers: a title is a file's name, until somebody edits it."""
        return "" if self.is_decorative else self.description

    @property
    def is_described(self) -> bool:
        return bool(self.description or self.is_decorative)

    @property
    def is_broken(self) -> bool:
        return not self.shown("mail")


# Not a field of our own: it would come after width and height, which follow from it.
setattr(CreditedImage._meta.get_field("file"), "attr_class", PictureFile)  # noqa: B010


class CreditedRendition(AbstractRendition):
    image = models.ForeignKey(CreditedImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="one_rendition_per_filter"
            )
        ]


def _specs(filters: Iterable[Filter | str]) -> list[str]:
    return [one if isinstance(one, str) else one.spec for one in filters]
