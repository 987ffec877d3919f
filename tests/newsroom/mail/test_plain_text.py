import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.mail.plain_text import Links, from_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>1. May, <b>bold</b> &amp; <i>not</i>&nbsp;x</p><p>Two<br>lines</p>",
         "1. May, bold & not x\n\nTwo\nlines"),
        ("<h2>Head</h2><p>+ x * y # z - _u_</p>", "Head\n\n+ x * y # z - _u_"),
        ("<p>a <a href='/x?a=1&amp;b=2'>link </a>, then</p>", "a link (/x?a=1&b=2), then"),
        ("<ul><li>one</li><li><p>two</p></li></ul><p>after</p>", "- one\n- two\n\nafter"),
        ("<ol><li>one</li><li>two<ul><li>deep</li></ul></li><li>three</li></ol>",
         "1. one\n2. two\n  - deep\n3. three"),
        ("<p>a</p><hr><p>b</p>", "a\n\nb"), ("plain &lt;text&gt;", "plain <text>"),
        ("<p>مرحبا <b>بالعالم</b></p>", "مرحبا بالعالم"), ("<p> </p>", ""), ("", ""),
        ("<p>a<script>x()</script>b</p>", "ab"),
        ("<figure><img alt='x'><figcaption>y</figcaption></figure><p>z</p>", "z"),
    ],
)  # fmt: skip
def test_rich_text_reads_as_somebody_would_type_it(html: str, text: str) -> None:
    assert from_html(html) == text


def test_links_are_numbered_once() -> None:
    links = Links()
    text = from_html("<a href='/a'>one</a> <a href='/b'>two</a> <a href='/a'>again</a>", links)
    assert text == "one [1] two [2] again [1]"


@given(st.text())
def test_no_text_breaks_it(html: str) -> None:
    from_html(html)
