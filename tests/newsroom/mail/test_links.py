"""The links of a mail's HTML, read and led elsewhere in one way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.mail.links import Link, absolute, led, links_of

HTML = """<style>a[href="/no"] { color: red }</style><!--[if mso]><a href="/no">x</a><![endif]-->
<p title='<a href="/no">'>Text</p>
<a class="b" href="/one?a=1&amp;b=2">One &amp; <b>all</b></a><A HREF='/two' href="/no"
  title="href=/no">Two</A> <a data-href="/no" href=/three>Three</a><a href=" /four ">
<img src="/p.png" alt="href"></a><a name="x">none</a><a href>empty</a>"""


def test_links_are_found_however_they_are_written() -> None:
    assert [(link.url, link.words.strip()) for link in links_of(HTML)] == [
        ("/one?a=1&b=2", "One & all"), ("/two", "Two"), ("/three", "Three"), ("/four", ""),
        ("", "none"), ("", "empty"),
    ]  # fmt: skip


def test_links_are_led_elsewhere_and_nothing_else_is_touched() -> None:
    asked: list[str] = []

    def elsewhere(url: str) -> str:
        asked.append(url)
        return {"/one?a=1&b=2": 'https://x/?"&', "/two": "/2", "/three": "/3"}.get(url, url)

    changed = HTML.replace('"/one?a=1&amp;b=2"', '"https://x/?&quot;&amp;"')
    changed = changed.replace("'/two'", '"/2"').replace("=/three", '="/3"')
    assert led(HTML, elsewhere) == changed
    assert asked == ["/one?a=1&b=2", "/two", "/three", "/four"]
    assert led(HTML, lambda url: url) == HTML


@pytest.mark.parametrize(
    ("html", "made"),
    [
        ('<a href="/x">', '<a href="{}/x">'),
        ("<img alt='y' src='/x.png'/>", "<img alt='y' src=\"{}/x.png\"/>"),
        ('<a href="//cdn.example/x">', '<a href="//cdn.example/x">'),
        ('<a href="https://a.example/">', '<a href="https://a.example/">'),
        ('<p>href="/x"</p>', '<p>href="/x"</p>'),
        ('<a href="#top">', '<a href="#top">'),
    ],
)
def test_what_is_ours_gets_our_host(settings, html: str, made: str) -> None:
    assert absolute(html) == made.format(settings.BASE_URL)


@given(st.text(alphabet="<>a=\"'/ href\n&;!-x\0é", max_size=60))
def test_no_text_breaks_it_and_nothing_is_lost(html: str) -> None:
    assert led(html, lambda url: url) == html
    assert all(isinstance(link, Link) for link in links_of(html))
    led(html, lambda url: "/other")
