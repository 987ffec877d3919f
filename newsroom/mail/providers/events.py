"""What a provider's raw event says. Anymail's own names call a full mailbox “bounced”, too.

Each provider has one table: from the values of a few fields to a verdict, the first that fits.
"""

from dataclasses import dataclass
from typing import Any

from newsroom.mail import diagnosis
from newsroom.mail.diagnosis import Verdict


@dataclass(frozen=True)
class Ask:
    """The event alone says too little, so its words decide: ``otherwise``, if they don't either."""

    otherwise: Verdict = Verdict.SOFT


BY_TEXT = Ask()
# On a list of the provider's own, by the cause that it gives; what does not say so is about us.
LISTED_OR_US = Ask(Verdict.US)


Table = dict[tuple[str, ...], Verdict | Ask]


def amazons_bounces(event: str) -> Table:
    """By type and subtype ("Amazon SES: Contents of event notifications"), also of who sends by
    Amazon; ``event`` is what they call a bounce."""
    return {
        (event, "*", "suppressed"): Verdict.LISTED_DEAD,
        (event, "*", "onaccountsuppressionlist"): Verdict.LISTED_DEAD,
        (event, "permanent", "noemail"): Verdict.DEAD,
        (event, "transient", "messagetoolarge"): Verdict.US,
        (event, "transient", "contentrejected"): Verdict.US,
        (event, "transient", "attachmentrejected"): Verdict.US,
        (event, "transient"): Verdict.SOFT,
        (event,): BY_TEXT,  # Permanent General, Undetermined
    }


@dataclass(frozen=True)
class Events:
    """Paths are keys with dots between; “*” takes the first there is, “|” divides alternatives."""

    fields: tuple[str, ...]
    # Values of the fields in small letters. “*” fits any, and so does what is left out at the end.
    table: Table
    text: tuple[str, ...] = ()  # where the receiving server's words are
    recipient: str = ""  # where Anymail does not look for them
    # Together, what a repeat has in common with the first; by default, Anymail's ``event_id``.
    id: tuple[str, ...] = ()

    def verdict(self, raw: Any, said: str) -> Verdict:
        """``said``: the words that Anymail has found. What is in no table is NOTHING."""
        values = [value_at(raw, path).lower() for path in self.fields]
        found = next((v for key, v in self.table.items() if _fits(key, values)), Verdict.NOTHING)
        if not isinstance(found, Ask):
            return found
        words = " ".join([said, *(value_at(raw, path) for path in self.text)])
        if found == LISTED_OR_US:
            listed = diagnosis.LISTED.search(words)
            return diagnosis.cause(words) if listed else found.otherwise
        verdict = diagnosis.judge(words)
        return diagnosis.cause(words) if verdict is Verdict.LISTED else verdict


def _fits(key: tuple[str, ...], values: list[str]) -> bool:
    return all(wanted in ("*", value) for wanted, value in zip(key, values, strict=False))


def value_at(raw: Any, paths: str) -> str:
    """The first of the alternatives that is there, as text; “” for none, or for what is no text,
    number or truth: others have written it, and any type may come."""
    for path in paths.split("|"):
        value = raw
        for name in path.split("."):
            if isinstance(value, list):
                value = value[0] if value else None
            if not isinstance(value, dict):
                value = None
                break
            value = next(iter(value.values()), None) if name == "*" else value.get(name)
        if isinstance(value, str | int | float) and value != "":
            return str(value)
    return ""
