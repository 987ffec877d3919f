import pytest
from django.core.exceptions import ValidationError

from newsroom.mail import look


@pytest.mark.parametrize("colour", ["#ffffff", "#eb9389", "red", "#12345", "#777777;x"])
def test_colour_that_nobody_can_read_on_paper_is_refused(colour: str) -> None:
    with pytest.raises(ValidationError):
        look.readable_on_paper(colour)


def test_contrast_is_that_of_wcag() -> None:
    assert look.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert look.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    look.readable_on_paper("#7a1710")
    look.readable_at_night("#eb9389")
