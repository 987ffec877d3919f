"""The mails about closing, to everybody who may close."""

from django.utils.translation import gettext_lazy as _

from newsroom.accounts.models import User
from newsroom.closed.models import ClosureRequest
from newsroom.mail.catalogue import Letter, Mail, mail, mails
from newsroom.web.http import absolute_url

CLOSE = "closed.close_newsroom"  # the right
BACKEND = "django.contrib.auth.backends.ModelBackend"


def who_may() -> list[User]:
    found = User.objects.with_perm(CLOSE, backend=BACKEND)
    return [user for user in found if user.has_perm(CLOSE)]


def words_of(name: str) -> Mail:
    return mails()[name][0]


@mail(
    "closure_asked",
    subject=_("“{login}” asks to close the newsroom"),
    paragraphs=[
        _(
            "If another administrator agrees within 15 minutes, the site shows one plain page, no "
            "mail leaves, everybody is signed out, and the keys on our machines are destroyed."
        ),
        _("Talk to each other first, by another way than this mail."),
    ],
    button=_("Agree or refuse"),
)
def closure_asked(request_id: int) -> Letter | None:
    request = ClosureRequest.objects.waiting().filter(pk=request_id).first()
    if request is None:
        return None
    about = {"login": request.asked_by.get_username()}
    return _to_all(absolute_url("emergency"), **about)


@mail(
    "closed",
    subject=_("The newsroom is closed"),
    paragraphs=[
        _(
            "The site shows one plain page. No mail leaves after this one, nobody is signed in, "
            "and links in our mails open nothing. It opens again with the escrow copy only."
        ),
        _("You know nothing of it? Call your colleagues."),
    ],
)
def closed() -> Letter | None:
    return _to_all("")


def _to_all(url: str, **about: str) -> Letter | None:
    addresses = [user.email for user in who_may() if user.email]
    return Letter(addresses, about=about, url=url) if addresses else None
