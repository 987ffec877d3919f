"""What a program is told when something fails on its way to our APIs: JSON that any site's script
may read, in place of the page that a reader sees. Needs no settings: a closed newsroom has none.
"""

import json
import re
from http import HTTPStatus

APIS = re.compile(r"(?:/[a-z]{2})?/(?:(?P<signup>newsletter/api)|api)(?:/|$)")
# CORS (Fetch, 3.2): any site may ask, without cookies.
ANY_SITE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
}
TO_READ = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
TO_READ |= {"X-Robots-Tag": "noindex"}  # it is the pages that searches should find


def failure(path: str, status: int) -> tuple[dict[str, str], bytes] | None:
    """Headers and body of an answer with this status, in the shape that the API has (docs/api.md,
    docs/sign-up.md); None for all that people look at."""
    found = APIS.match(path)
    if found is None:
        return None
    words = HTTPStatus(status).phrase
    said = {"status": words} if found["signup"] else {"message": words.lower()}
    headers = ANY_SITE if found["signup"] else TO_READ
    return headers | {"Content-Type": "application/json"}, json.dumps(said).encode()


def asks_first(method: str, path: str) -> bool:
    """A browser, whether a script on another site may sign somebody up. It may always: what then
    comes in the way it has to be able to read."""
    found = APIS.match(path)
    return method == "OPTIONS" and found is not None and found["signup"] is not None
