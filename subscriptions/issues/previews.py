"""An issue as one reader or another will see it, its personal links dead."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string

from newsroom.mail.preview import as_it_is, dark, framed
from subscriptions.issues import rendering
from subscriptions.issues.rendering import TEASERS
from subscriptions.models import Edition

NO_PICTURES = """<meta http-equiv="Content-Security-Policy" content="img-src 'none'">"""


def without_pictures(html: str) -> str:
    return as_it_is(html).replace("<head>", f"<head>{NO_PICTURES}", 1)


@dataclass(frozen=True)
class View:
    """One way to look at the mail: how wide, in pixels, what is changed about it, which edition."""

    label: str
    width: int
    change: Callable[[str], str] = as_it_is
    edition: Edition = TEASERS


MAIL_VIEWS = {
    "email": View("E-mail", 640),
    "phone": View("E-mail on a phone", 390),
    "dark": View("E-mail, dark", 390, dark),
    "no-pictures": View("E-mail, pictures off", 390, without_pictures),
    "whole": View("Whole articles", 640, edition=Edition.WHOLE),
    "spared": View("For supporters", 640, edition=Edition.SPARED),
    "whole-phone": View("Whole articles, on a phone", 390, edition=Edition.WHOLE),
}
TEXT_VIEWS = {"text": TEASERS, "whole-text": Edition.WHOLE}
MODES = [
    *((name, view.label) for name, view in MAIL_VIEWS.items()),
    ("text", "Plain text"),
    ("whole-text", "Plain text, whole articles"),
    ("web", "Web page"),
]


def one(issue: Any, mode: str, render: rendering.Render = rendering.render_issue) -> HttpResponse:
    """One mode of MODES but "web", which is a page of ours like any other."""
    if mode in TEXT_VIEWS:
        text = rendering.for_display(render(issue, TEXT_VIEWS[mode]).text)
        return HttpResponse(text, content_type="text/plain; charset=utf-8")
    view = MAIL_VIEWS[mode]
    html = rendering.for_display(render(issue, view.edition).html)
    return framed(view.change(html))


def side_by_side(issue: Any, web: str) -> HttpResponse:
    """Those of the teasers on one page, rendered once: more would not fit on a screen."""
    rendered = rendering.render_issue(issue)
    html = rendering.for_display(rendered.html)
    frames = [
        {"label": view.label, "width": view.width, "html": view.change(html)}
        for view in MAIL_VIEWS.values()
        if view.edition is TEASERS
    ]
    context = {
        "subject": rendered.subject,
        "preheader": issue.preheader,
        "sender": issue.newsletter.sender_name,
        "frames": frames,
        "text": rendering.for_display(rendered.text),
        "web": web,
    }
    return framed(render_to_string("subscriptions/issues/side_by_side.html", context))
