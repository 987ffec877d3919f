"""The forms about one reader: each asks why, and the audit log keeps it."""

from typing import Any

from django import forms
from django.utils import timezone

from newsroom.mail.addresses import AddressField
from subscriptions.desk.readers import by_hand
from subscriptions.models import Newsletter


class WhyForm(forms.Form):
    why = forms.CharField(
        max_length=300,
        label="Why?",
        help_text="Kept with your name and the time. Please leave names and addresses out.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Please say why: it is kept as the record of it."},
    )

    def clean_why(self) -> str:
        why = " ".join(self.cleaned_data["why"].split())
        if "@" in why:
            raise forms.ValidationError("Please leave the address out of the reason.")
        return why


class KnownAddress(AddressField):
    """One that may be here already, so also a throw-away one that came from elsewhere."""

    def clean(self, value: str) -> str:
        try:
            return super().clean(value)
        except forms.ValidationError as error:
            if getattr(error, "code", "") != "disposable":
                raise
            return self.to_python(value).lower()


class LookUpForm(WhyForm):
    email = KnownAddress(max_length=254, label="E-mail address")
    field_order = ["email", "why"]


class NoMailForm(LookUpForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].label = "How did they tell us?"


class EraseForm(WhyForm):
    for_ever = forms.BooleanField(
        required=False,
        label="They want no mail from us ever again",
        help_text="Then a keyed hash of the address stays, which names nobody. It keeps the "
        "address off every list, also when somebody imports or types it.",
    )


class AddForm(WhyForm):
    newsletter = forms.ModelChoiceField(Newsletter.objects.none(), empty_label=None)
    email = AddressField(max_length=254, label="E-mail address")
    how = forms.ChoiceField(
        label="How did they agree?",
        choices=[("", "They did not yet: ask them by mail"), *by_hand.WAYS.items()],
        required=False,
    )
    agreed_on = forms.DateField(
        label="When did they agree?",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    field_order = ["newsletter", "email", "how", "agreed_on", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newsletters: Any = self.fields["newsletter"]
        newsletters.queryset = Newsletter.objects.live()
        self.fields["why"].label = "Where is the proof kept, or why are they added?"

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        how, on = typed.get("how"), typed.get("agreed_on")
        if how and not on and "agreed_on" not in self.errors:
            self.add_error("agreed_on", "Please say when: it is part of the proof.")
        if on and on > timezone.localdate():
            self.add_error("agreed_on", "That day is still to come.")
        if on and not how and "how" not in self.errors:
            self.add_error("how", "Please say how they agreed, or leave the day out.")
        return typed

    @property
    def proof(self) -> by_hand.Proof | None:
        how = self.cleaned_data["how"]
        return by_hand.Proof(how, self.cleaned_data["agreed_on"]) if how else None
