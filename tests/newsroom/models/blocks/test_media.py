import pytest

from newsroom.models.blocks.media import VideoBlock, video_address

ID = "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    "url",
    [
        f"https://www.youtube.com/watch?v={ID}&list=x&t=3",
        f"https://youtu.be/{ID}?si=who-shared-it",
        f"https://m.youtube.com/shorts/{ID}",
        f"http://www.youtube-nocookie.com/embed/{ID}?autoplay=1",
    ],
)
def test_a_shared_address_is_made_anew_without_who_shared_it(url) -> None:
    assert video_address(url) == (f"https://www.youtube.com/watch?v={ID}", "YouTube")


def test_vimeo_s_too() -> None:
    assert video_address("https://vimeo.com/76979871/ab12cd34?share=copy") == (
        "https://vimeo.com/76979871/ab12cd34",
        "Vimeo",
    )


@pytest.mark.parametrize(
    "url",
    [
        f"https://youtube.com@evil.example/watch?v={ID}",
        f"https://evil.example/watch?v={ID}",
        "https://www.youtube.com/@somebody",
        "https://www.youtube.com/watch?v=<script>",
        "javascript:alert(1)//youtu.be/x",
        "https://[youtube.com/",
        "",
    ],
)
def test_an_unknown_host_is_none_of_ours_and_shows_nothing(url) -> None:
    with pytest.raises(ValueError, match=r".*"):
        video_address(url)
    block = VideoBlock()
    value = block.to_python({"url": url, "title": "A film", "picture": None})
    assert "<a" not in block.render(value)
