from dataclasses import replace
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from newsroom.mail import providers
from newsroom.models import ArticleByline, Author
from subscriptions.issues import rendering
from tests.factories import make_article, make_issue


@pytest.fixture
def rendered(site) -> rendering.Rendered:
    article = make_article(
        site.section, title="Fish & <b>chips</b> ((reader.email))", deck="“Deck” for ((Reader.x))"
    )
    article.bylines.add(ArticleByline(author=Author.objects.create(name="Ann")))
    article.save()
    letter = '<p>Dear <b>readers</b>, <a href="/about/">about us</a>.</p><ul><li>One</li></ul>'
    issue = make_issue(site.newsletter, [article], letter=letter, preheader="In short")
    return rendering.render_issue(issue)


def test_issue_has_both_parts_with_every_link(rendered) -> None:
    for part in (rendered.html, rendered.text):
        assert "/politics/article-" in part
        assert "Ann" in part
        assert "((reader.unsubscribe))" in part
        assert "((reader.preferences))" in part


def test_typed_merge_fields_are_defused_and_html_is_escaped(rendered) -> None:
    for part in (rendered.html, rendered.text):
        left = part.replace("((reader.unsubscribe))", "").replace("((reader.preferences))", "")
        assert "((reader." not in left.lower()
    assert BeautifulSoup(rendered.html, "html.parser").find("b", string="chips") is None
    assert "&lt;b&gt;chips&lt;/b&gt;" in rendered.html
    assert "Fish & <b>chips</b>" in rendered.text


def test_mail_loads_nothing_from_third_parties(rendered, settings) -> None:
    for marker in ("googleapis", "@import", 'rel="stylesheet"', "<script"):
        assert marker not in rendered.html
    assert f'href="{settings.BASE_URL}/about/"' in rendered.html


def test_mail_is_small_and_says_its_language(rendered) -> None:
    assert len(rendered.html.encode()) < 90_000  # Gmail clips at about 102 kB
    assert 'lang="en"' in rendered.html
    assert "color-scheme" in rendered.html


def test_text_part_reads_as_written_by_hand(rendered) -> None:
    assert all(len(line) <= 72 or "http" in line for line in rendered.text.splitlines())
    assert "Dear readers" in rendered.text
    assert "- One" in rendered.text
    assert "\n\n\n" not in rendered.text


def test_preview_has_dead_personal_links(rendered) -> None:
    assert "((reader" not in rendering.for_display(rendered.text)


def test_withdrawn_article_is_left_out(site) -> None:
    stays, goes = make_article(site.section), make_article(site.section)
    issue = make_issue(site.newsletter, [goes, stays])
    goes.unpublish()
    rendered = rendering.render_issue(issue)
    assert stays.title in rendered.html
    assert goes.title not in rendered.html


def test_line_break_in_a_subject_becomes_a_space(site) -> None:
    issue = make_issue(site.newsletter, [], subject="One\r\nBcc: evil@example.org")
    assert rendering.render_issue(issue).subject == "One Bcc: evil@example.org"


def test_unknown_merge_field_in_a_template_of_ours_is_unsendable(rendered, monkeypatch) -> None:
    """Readers would get it as it stands, whatever the provider."""
    source = "<mj-text>Hello ((reader.first_name))</mj-text>"
    template = SimpleNamespace(template=SimpleNamespace(source=source))
    monkeypatch.setattr(rendering, "get_template", lambda name: template)
    with pytest.raises(rendering.Unsendable, match="first_name"):
        rendering.check(rendered, providers.current())


def test_mail_without_an_unsubscribe_link_is_unsendable(rendered) -> None:
    for part in ("html", "text"):
        without = replace(rendered, **{part: "<p>Nothing</p>"})
        with pytest.raises(rendering.Unsendable, match="unsubscribe"):
            rendering.check(without, providers.current())
    rendering.check(rendered, providers.current())
