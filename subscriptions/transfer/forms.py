"""What the owner of a list says of a file: where it goes, what its columns mean, who agreed."""

from typing import Any

from django import forms

from subscriptions.models import Newsletter
from subscriptions.transfer.formats import WORDS
from subscriptions.transfer.importing import Looked
from subscriptions.transfer.meaning import DAY_FIRST, MONTH_FIRST, Mapping, words_in

NOBODY_SAYS = [("", "Please choose"), *((state.value, words) for state, words in WORDS.items())]
NO_COLUMN = ("", "(no column)")


class UploadForm(forms.Form):
    newsletter = forms.ModelChoiceField(Newsletter.objects.none(), label="Into which newsletter?")
    file = forms.FileField(
        help_text="CSV, XLSX, or a zip of CSVs as the other tool exported it. Names in it are not "
        "taken over. It is kept sealed, for a day at most."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["newsletter"]
        field.queryset = Newsletter.objects.live()
        field.empty_label = "Please choose"


class MappingForm(forms.Form):
    """The questions that this file leaves open, and what it seems to say, to correct."""

    address = forms.ChoiceField(label="E-mail address")
    status = forms.ChoiceField(label="Who gets mail", required=False)
    otherwise = forms.ChoiceField(
        label="What are the readers in this file?", choices=NOBODY_SAYS, required=False
    )
    since = forms.ChoiceField(label="Day of consent", required=False)
    left = forms.ChoiceField(label="Day they left", required=False)
    way = forms.ChoiceField(label="How they agreed", required=False)
    dates = forms.ChoiceField(
        label="Dates like 03/04/2024 have first",
        choices=[(DAY_FIRST, "the day (3 April)"), (MONTH_FIRST, "the month (4 March)")],
        required=False,
    )
    with_tags = forms.BooleanField(label="Take over tags, for segments", required=False)
    consent = forms.CharField(
        max_length=300,
        label="Where does their consent come from?",
        help_text="For example: “They signed up on our old site since 2019 and confirmed by mail.” "
        "Kept for good, with your name: it is your proof.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Any, looked: Looked, mapping: Mapping, consent: str = "") -> None:
        initial = {
            "address": mapping.address,
            "status": mapping.status,
            "otherwise": mapping.otherwise,
            "since": mapping.since[0] if mapping.since else "",
            "left": mapping.left[0] if mapping.left else "",
            "way": mapping.way,
            "dates": mapping.dates,
            "with_tags": mapping.with_tags,
            "consent": consent,
        }
        super().__init__(data, initial=initial)
        self.looked, self.before = looked, mapping
        columns = [NO_COLUMN, *((name, name) for name in looked.names)]
        for name in ("address", "status", "since", "left", "way"):
            choice: Any = self.fields[name]
            choice.choices = columns[1:] if name == "address" else columns
        status = (data.get("status", "") if data else mapping.status) or ""
        self.words = (
            words_in(looked.names.index(status), looked.samples) if status in looked.names else []
        )
        for number, word in enumerate(self.words):
            self.fields[f"state_{number}"] = forms.ChoiceField(
                label=f"“{word}”" if word else "(empty)",
                choices=NOBODY_SAYS,
                required=bool(word),
                initial=mapping.states.get(word, ""),
                error_messages={"required": "Please say what this word means."},
            )
        if status or all(state for _, state in looked.files):
            del self.fields["otherwise"]
        else:
            self.fields["otherwise"].required = True
        if not mapping.tags:
            del self.fields["with_tags"]
        if not looked.slashes:
            del self.fields["dates"]

    def clean_consent(self) -> str:
        words = " ".join(self.cleaned_data["consent"].split())
        if "@" in words:
            raise forms.ValidationError("Please leave addresses out of it.")
        return words

    @property
    def columns(self) -> list[Any]:
        return [self[name] for name in ("address", "status", "since", "left", "way")]

    @property
    def states(self) -> list[Any]:
        return [self[f"state_{number}"] for number in range(len(self.words))]

    def mapping(self) -> Mapping:
        said = self.cleaned_data
        before = self.before
        # The first one was looked at; the others of its tool follow, as long as it stays the first.
        same = bool(before.since) and said["since"] == before.since[0]
        same_left = bool(before.left) and said["left"] == before.left[0]
        return Mapping(
            format=before.format,
            address=said["address"],
            status=said["status"],
            states={word: said[f"state_{n}"] for n, word in enumerate(self.words)},
            otherwise=said.get("otherwise", ""),
            since=before.since if same else [said["since"]] if said["since"] else [],
            left=before.left if same_left else [said["left"]] if said["left"] else [],
            way=said["way"],
            tags=before.tags,
            dates=said.get("dates") or before.dates,
            with_tags=bool(said.get("with_tags")),
            shown=before.shown,
        )
