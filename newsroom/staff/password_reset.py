"""“Forgotten password” of the admin: by the outbox, so that its page takes as long for a
colleague's address as for any other, and a stranger fills nobody's mailbox."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from wagtail.admin.forms.auth import PasswordResetForm as WagtailForm
from wagtail.admin.views.account import PasswordResetView

from newsroom.accounts.models import User
from newsroom.mail import outbox
from newsroom.mail.asked import ask
from newsroom.web.public_forms import TOO_OFTEN, too_often

RESETS = {"most": 10, "seconds": 600}  # from one network


class ResetForm(WagtailForm):
    def save(self, **kwargs: Any) -> None:
        ask("password_reset", self.cleaned_data["email"])


class AskForReset(PasswordResetView):
    """Wagtail's page with its own form, not too often from one network."""

    def get_form_class(self) -> type[ResetForm]:
        return ResetForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if too_often(request, "reset", **RESETS):
            form = self.get_form()
            form.add_error(None, TOO_OFTEN)
            return self.render_to_response(self.get_context_data(form=form), status=429)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer


def asked(email: str) -> bool:
    """What the form's job does (newsroom/mail/asked.py)."""
    posted = [
        outbox.post("password_reset", user.pk, key=f"{user.pk}-{outbox.ten_minutes()}")
        for user in User.objects.by_email(email).filter(is_active=True)
        if user.has_usable_password() or user.last_login is None
    ]
    return any(posted)
