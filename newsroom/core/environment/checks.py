"""What is wrong with the environment, all of it at once, and how each is made right.

``RULES`` are what no single variable tells. A shape is looked at everywhere; what has to be there,
and to be real, in production.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import urlsplit

from newsroom.core.environment.reading import Environment, maybe_json, typed
from newsroom.core.environment.shapes import Wrong
from newsroom.core.environment.table import KEYS, TABLE, Setting
from newsroom.core.uris import domain_of

# Names for documents and for machines of one's own (RFC 2606, RFC 6761): in production they are
# left over from an example. “.test” may be tried with.
UNREAL = (
    *(".example", ".example.com", ".example.net", ".example.org"),
    *(".invalid", ".localhost", ".local", ".internal"),
)
OTHER = Setting(
    "ANYMAIL_…", "a setting of Anymail's", how="as Anymail's page on your provider has it"
)
LONGEST_LOCAL = 25  # before the @ of RETURN_PATH: a reader's token follows it


@dataclass(frozen=True)
class Problem:
    name: str
    what: str  # a predicate: “is not set”
    how: str

    def __str__(self) -> str:
        return f"{self.name} {self.what}."


def problems(variables: Mapping[str, str]) -> list[Problem]:
    """In the order of the table; one for each variable, the first that is found."""
    env = Environment(variables)
    found: dict[str, Problem] = {}
    for name, what in [*_shapes(env), *(_rules(env) if env.production else [])]:
        row = TABLE.get(name, OTHER)
        how = f"{row.how} makes it" if row.how == KEYS else row.how
        found.setdefault(name, Problem(name, what, how))
    order = list(TABLE)
    return sorted(
        found.values(), key=lambda one: order.index(one.name) if one.name in order else -1
    )


def report(found: list[Problem]) -> str:
    """For the terminal, or a service's log."""
    many = "1 setting is" if len(found) == 1 else f"{len(found)} settings are"
    lines = [f"This does not start: {many} missing or wrong. docs/settings.md has all.", ""]
    for problem in found:
        lines += [f"  {problem}", f"      {problem.how}"]
    return "\n".join([*lines, ""])


def misspelt(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variables that are no setting but look like one, and which."""
    for name in variables:
        if name not in TABLE and not name.startswith("ANYMAIL_"):
            for close in get_close_matches(name, TABLE, n=1, cutoff=0.85):
                yield name, close


def _shapes(env: Environment) -> Iterator[tuple[str, str]]:
    for row in TABLE.values():
        if text := typed(env.variables, row.name):
            try:
                row.shape.read(text)
            except Wrong as wrong:
                yield row.name, str(wrong)
        elif env.production and _is_needed(row, env):
            yield row.name, "is not set"
    for name in env.variables:
        if name.startswith("ANYMAIL_"):
            try:
                maybe_json(typed(env.variables, name))
            except Wrong as wrong:
                yield name, str(wrong)


def _is_needed(row: Setting, env: Environment) -> bool:
    return row.needed or env("MAIL_PROVIDER") in row.needed_by


# --- Rules of production --------------------------------------------------------------------

Rule = Callable[[Environment], Iterator[tuple[str, str]]]


def _rules(env: Environment) -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield from rule(env)


def unreal(host: str) -> str:
    """Why nobody out there finds that host; "" when they may."""
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return "is an address of numbers, not a name"
    if "." not in host:
        return f"names “{host}”, which is no host on the internet"
    return f"names “{host}”, a name for examples" if f".{host}".endswith(UNREAL) else ""


def address_is_real(env: Environment) -> Iterator[tuple[str, str]]:
    for name in ("BASE_URL", "MEDIA_ORIGIN"):
        found = urlsplit(env(name))
        if found.scheme == "http":
            yield name, "is without TLS: https:// only"
        elif found.hostname and (why := unreal(found.hostname)):
            yield name, why


def hosts_agree(env: Environment) -> Iterator[tuple[str, str]]:
    base, media = (urlsplit(env(name)).hostname for name in ("BASE_URL", "MEDIA_ORIGIN"))
    if base and base == media:
        yield (
            "MEDIA_ORIGIN",
            "has the host of BASE_URL: uploads get another one, or none of their own",
        )
    if base and env("ALLOWED_HOSTS") and base not in env("ALLOWED_HOSTS"):
        yield "ALLOWED_HOSTS", f"lacks “{base}”, the host of BASE_URL"


def mail_is_ours(env: Environment) -> Iterator[tuple[str, str]]:
    for name in ("DEFAULT_FROM_EMAIL", "RETURN_PATH"):
        domain = domain_of(env(name))
        if domain and (why := unreal(domain)):
            yield name, why
    if len(env("RETURN_PATH").partition("@")[0]) > LONGEST_LOCAL:
        yield "RETURN_PATH", f"has more than {LONGEST_LOCAL} characters before its @"
    allowed, sender = env("SENDER_DOMAINS"), domain_of(env("DEFAULT_FROM_EMAIL"))
    if allowed and sender and sender not in allowed:
        yield "SENDER_DOMAINS", f"lacks “{sender}”, the domain of DEFAULT_FROM_EMAIL"


def mail_server_is_whole(env: Environment) -> Iterator[tuple[str, str]]:
    if env("EMAIL_USE_SSL") and env("EMAIL_USE_TLS"):
        yield "EMAIL_USE_SSL", "and EMAIL_USE_TLS are both on: a connection begins in one way"
    if env.given("EMAIL_HOST_USER") != env.given("EMAIL_HOST_PASSWORD"):
        yield "EMAIL_HOST_PASSWORD", "and EMAIL_HOST_USER go together: one of them is not set"


def provider_is_installed(env: Environment) -> Iterator[tuple[str, str]]:
    if env("MAIL_PROVIDER") == "ses" and not find_spec("boto3"):
        yield "MAIL_PROVIDER", "is ses, which needs a package: uv sync --no-dev --extra ses"


def money_is_real(env: Environment) -> Iterator[tuple[str, str]]:
    if env("STRIPE_SECRET_KEY") == "sk_test_sandbox":
        yield "STRIPE_SECRET_KEY", "is the sandbox's, which moves no money"


def keys_differ(env: Environment) -> Iterator[tuple[str, str]]:
    """One that leaks must not open another's locks."""
    seals = {entry.partition(":")[2] for entry in env("PRIVACY_KEYS")}
    if env("BLIND_INDEX_KEY") in seals:
        yield "BLIND_INDEX_KEY", "is one of PRIVACY_KEYS: each is a key of its own"
    if env("SECRET_KEY") and env("SECRET_KEY") in {*seals, env("BLIND_INDEX_KEY")}:
        yield "SECRET_KEY", "is also another key: each is a key of its own"


def nobody_sees_errors(env: Environment) -> Iterator[tuple[str, str]]:
    if env("DEBUG"):
        yield "DEBUG", "is on: pages of errors show what is secret"


RULES: list[Rule] = [
    address_is_real, hosts_agree, mail_is_ours, mail_server_is_whole, provider_is_installed,
    money_is_real, keys_differ, nobody_sees_errors,
]  # fmt: skip
