"""The mails about closing, to everybody who may close."""

from django.utils.translation import gettext_lazy as _

from newsroom.accounts.models import User
from newsroom.closed.models import ClosureRequest
from newsroom.mail.catalogue import Letter, mail
from newsroom.web.http import absolute_url

CLOSE = "closed.close_newsroom"  # the right


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
    return Letter(User.objects.addresses(CLOSE), about=about, url=absolute_url("emergency"))


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
def closed() -> Letter:
    return Letter(User.objects.addresses(CLOSE))
