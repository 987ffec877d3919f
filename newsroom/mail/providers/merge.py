"""For providers that fill in nothing: each reader's own body, made here."""

from typing import Any

from . import ANY_FIELD


class MergedBodies:
    """Mixed into an Anymail payload that bursts a call into one message per reader.

    Holds the merge data back from the payload, and puts it in as the messages are serialised.
    """

    html, text, to = "html", "text", "to"  # the names of the fields in the provider's messages
    personal: dict[str, dict[str, str]]

    def set_merge_data(self, merge_data: dict[str, dict[str, str]]) -> None:
        self.personal = merge_data

    def serialize_json(self, data: Any) -> str:
        if isinstance(data, list) and data and isinstance(data[0], dict):  # the messages
            for message in data:
                self.fill(message)
        return super().serialize_json(data)  # type: ignore[misc]

    def fill(self, message: dict[str, Any]) -> None:
        to = message[self.to]
        values = self.personal[to if isinstance(to, str) else to[0]]
        for part in (self.html, self.text):
            message[part] = ANY_FIELD.sub(lambda field: values[field[1]], message[part])


MERGES_NOTHING = "It fills in nothing, so each reader's whole mail is uploaded: slow beyond 10,000."
