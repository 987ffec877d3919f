"""Links by which a reader passes an article on. Plain ones: nothing of others is loaded here, and
they hear of nobody who does not follow one."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django import template

register = template.Library()


@dataclass(frozen=True)
class Way:
    name: str
    url: str


@register.simple_tag
def ways_to_share(title: str, address: str) -> list[Way]:
    """Their documents: “Sharing button” (Telegram), “Click to chat” (WhatsApp), “Web Intent” (X),
    “Action Intent Links” (Bluesky), “Share” (Facebook)."""
    words = f"{title}\n{address}"
    return [
        Way("WhatsApp", f"https://wa.me/?{urlencode({'text': words})}"),
        Way("Telegram", f"https://t.me/share/url?{urlencode({'url': address, 'text': title})}"),
        Way("X", f"https://x.com/intent/post?{urlencode({'text': title, 'url': address})}"),
        Way("Bluesky", f"https://bsky.app/intent/compose?{urlencode({'text': words})}"),
        Way("Facebook", f"https://www.facebook.com/sharer/sharer.php?{urlencode({'u': address})}"),
    ]


@register.simple_tag
def by_mail(title: str, address: str) -> str:
    """RFC 6068: a space is “%20” there, never “+”."""
    return f"mailto:?subject={quote(title)}&body={quote(address)}"
