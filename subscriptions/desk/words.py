"""How the words of a newsletter's mails read, in one language, and a test of them by mail."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from newsroom.accounts.models import User
from newsroom.core import languages
from newsroom.mail import outbox
from newsroom.mail.catalogue import mails
from newsroom.mail.compose import shown, worded
from subscriptions.desk import emails
from subscriptions.desk.access import NewslettersPage
from subscriptions.models import Newsletter, NewsletterWords
from subscriptions.models.mailing import APPROVE


class Words(NewslettersPage):
    template_name = "subscriptions/desk/words.html"
    permission_required = APPROVE

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.newsletter = get_object_or_404(Newsletter, pk=kwargs["pk"])
        asked = request.GET.get("language", "")
        self.language = asked if asked in languages.NAMES else self.newsletter.language

    def get_page_title(self) -> str:
        return f"Words of {self.newsletter.title}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "newsletter": self.newsletter,
            "language": self.language,
            "direction": languages.direction(self.language),
            "all_languages": languages.CHOICES,
            "rows": rows(self.newsletter, self.language),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A test, to whoever presses the button."""
        about, user = request.POST.get("about", ""), cast(User, request.user)
        found = self.newsletter.words.filter(about=about, language=self.language).first()
        if found and user.email:
            key = f"{found.pk}-{user.pk}-{outbox.ten_minutes()}"
            outbox.post("words_test", found.pk, key=key, second_id=user.pk)
            messages.success(request, "On its way to you. One test in ten minutes.")
        url = reverse("newsletter_words", args=[self.newsletter.pk])
        return redirect(f"{url}?language={self.language}")


def rows(newsletter: Newsletter, language: str) -> list[dict[str, Any]]:
    """Each mail as it reads in that language, in own words or the catalogue's."""
    own = {one.about: one for one in newsletter.words.filter(language=language)}
    found = []
    with languages.speaking(language):
        about = {name: shown(value) for name, value in emails.sample(newsletter).items()}
        for value, label in NewsletterWords.About.choices:
            catalogue, _ = mails()[value]
            words = own.get(value)
            mail = words.instead_of(catalogue) if words else catalogue
            subject, paragraphs = worded(mail, catalogue, about)
            found.append(
                {
                    "about": value,
                    "label": label,
                    "own": words,
                    "subject": subject,
                    "paragraphs": paragraphs,
                    "page": words.on_page() if words else "",
                }
            )
    return found
