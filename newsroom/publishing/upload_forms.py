"""Wagtail's forms for uploads, with our cleaning where a field looks at its file: so a refusal
stands beside the field, and only what was cleaned goes on. The models clean once more whatever
came another way."""

from typing import Any

from django.forms import FileField
from wagtail.documents.fields import WagtailDocumentField
from wagtail.documents.forms import BaseDocumentForm
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm

from newsroom.uploads import documents, pictures
from newsroom.uploads.clean import Clean


class PictureField(WagtailImageField):
    def to_python(self, data: Any) -> Clean | None:
        upload = FileField.to_python(self, data)
        return pictures.clean(upload) if upload else None


class DocumentField(WagtailDocumentField):
    def to_python(self, data: Any) -> Clean | None:
        upload = FileField.to_python(self, data)
        return documents.clean(upload, upload.name or "") if upload else None


class PictureForm(BaseImageForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        look_at_the_file(self, PictureField)


class DocumentForm(BaseDocumentForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        look_at_the_file(self, DocumentField)


def look_at_the_file(form: Any, field: type[FileField]) -> None:
    """Where the form has one. The file before is the model's to remove, not the form's."""
    form.original_file = None
    if given := form.fields.get("file"):
        form.fields["file"] = field(label=given.label, required=given.required, widget=given.widget)
