"""Wagtail's forms for uploads, with our cleaning where a field looks at its file: so a refusal
stands beside the field, and only what was cleaned goes on. The models clean once more whatever
came another way."""

from typing import Any

from django.forms import FileField
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm

from newsroom.uploads import pictures
from newsroom.uploads.clean import Clean


class PictureField(WagtailImageField):
    def to_python(self, data: Any) -> Clean | None:
        upload = FileField.to_python(self, data)
        return pictures.clean(upload) if upload else None


class PictureForm(BaseImageForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.original_file = None  # the model removes what it no longer needs
        if field := self.fields.get("file"):
            self.fields["file"] = PictureField(
                label=field.label, required=field.required, widget=field.widget
            )
