"""What became of one batch, whichever way it was handed over."""

from dataclasses import dataclass, field

from newsroom.mail.diagnosis import Verdict


@dataclass
class SendResult:
    """What is known after a call: by subscriber id, who was left out and why. The others have it.

    ``error`` and ``problem`` are words for editors, with no reader's address in them.
    """

    provider_id: str = ""
    refused: list[int] = field(default_factory=list)  # this address, for good
    later: dict[int, Verdict] = field(default_factory=dict)  # not now; what it means if it stays so
    because_of_us: list[int] = field(default_factory=list)  # for good, but not for the address
    in_doubt: list[int] = field(default_factory=list)  # handed over when the connection broke
    untried: list[int] = field(default_factory=list)  # not handed over
    error: str = ""
    problem: str = ""  # why no other would fare better: the mailing has to pause

    @property
    def left_out(self) -> set[int]:
        """All who don't certainly have it."""
        return {
            *(*self.refused, *self.later, *self.because_of_us),
            *(*self.in_doubt, *self.untried),
        }
