"""What leaves us is ASCII, and leads to the same place."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.core.uris import ascii_address, stays, to_uri


@pytest.mark.parametrize(
    ("iri", "uri"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("https://example.org/хлеб/", "https://example.org/%D1%85%D0%BB%D0%B5%D0%B1/"),
        ("https://example.org/%D1%85?%D1%85=х", "https://example.org/%D1%85?%D1%85=%D1%85"),
        ("https://пример.example/", "https://xn--e1afmkfd.example/"),
        ("HTTP://ann@Пример.example:8000?q=é", "HTTP://ann@xn--e1afmkfd.example:8000?q=%C3%A9"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://مثال.example/خبز", "https://xn--mgbh0fb.example/%D8%AE%D8%A8%D8%B2"),
        ("\u200f\u202bhttps://example.org/а\u202c\ufeff ", "https://example.org/%D0%B0"),
        ("//пример.example/x", "//xn--e1afmkfd.example/x"),
        ("mailto:почта@example.org", "mailto:%D0%BF%D0%BE%D1%87%D1%82%D0%B0@example.org"),
        ("/newsletter/еда/\r\nX: y", "/newsletter/%D0%B5%D0%B4%D0%B0/%0D%0AX:%20y"),
        ("/\u200f/example.org", "/%E2%80%8F/example.org"),
        ("https://a℀.example/", "https://a%E2%84%80.example/"),
        ("#еда", "#%D0%B5%D0%B4%D0%B0"),
        ("", ""),
        ("https://[::1]:80/é", "https://[::1]:80/%C3%A9"),
        ("https://🙂.example/🙂", "https://%F0%9F%99%82.example/%F0%9F%99%82"),
    ],
)
def test_address_in_any_script_becomes_the_same_in_ascii(iri: str, uri: str) -> None:
    assert to_uri(iri) == uri
    assert to_uri(uri) == uri


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_that_somebody_pastes_is_an_error_or_leaves_ascii(text: str) -> None:
    for start in ("", "https://", "https://example.org/", "//"):
        assert to_uri(start + text).isascii()


@given(st.text("хлеб-и_соль面包خبزპური", min_size=1))
def test_path_stays_what_it_was(slug: str) -> None:
    assert unquote(urlsplit(to_uri(f"https://example.org/{slug}/")).path) == f"/{slug}/"


def test_of_a_mail_address_the_domain_becomes_ascii() -> None:
    assert ascii_address("news@пример.example") == "news@xn--e1afmkfd.example"
    assert ascii_address("news@example.org") == "news@example.org"
    assert ascii_address("nothing") == "nothing"


@given(st.text("/\\\u200f\u202e\ufeff \t:@.eхп", min_size=1))
def test_path_of_ours_never_becomes_another_host(rest: str) -> None:
    """What was judged safe before (a page to go back to) is so afterwards."""
    path = f"/{rest}"
    if stays(path):
        assert stays(to_uri(path))


@pytest.mark.parametrize(
    "away",
    ["//x.example", "//\t/x.example", "/\t/x.example", "/\\x.example", "/\n/x.example",
     "///x.example", "http:///x.example", "javascript:alert(1)", "https://x.example/",
     "\x00/", "", "/a\rb"],
)  # fmt: skip
def test_what_leads_away_or_is_skipped_by_browsers_is_no_page_of_ours(away: str) -> None:
    assert not stays(away, "news.example")


@pytest.mark.parametrize("here", ["/", "/хлеб/?a=b#c", "https://news.example/x"])
def test_path_and_address_at_our_host_stay(here: str) -> None:
    assert stays(here, "news.example")
