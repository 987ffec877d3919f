"""What tests/links.py finds."""

from pathlib import Path

from tests import links

PAGE = """# Run it

## “Keys”, and more

[there](#keys-and-more) [file](other.md#one) [elsewhere](https://example.org/#x)
[gone](gone.md) [no heading](other.md#two) [nor here](#three)
The newsroom makes it; make sure. `make up`, `make tea`, `manage.py migrate`, `manage.py brew`.

    newsroom migrate
    newsroom brew
"""


def test_dead_links_and_unknown_commands_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    (tmp_path / "other.md").write_text("# One\n")
    assert [line.partition(":")[0] for line in links.dead_links(page)] == [
        "gone.md", "other.md#two", "#three",
    ]  # fmt: skip
    unknown = links.unknown_commands(page, {"migrate"}, {"up"})
    assert sorted(unknown) == ["`make tea`", "`manage.py brew`", "`manage.py brew`"]


def test_names_that_stand_on_no_screen_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Open *Giving →\nMovements*, **not** *Erase …*: *Brew tea*.\n")
    shown = links.phrases('<a>Giving</a> label="Movements" <summary>Erase … </summary>')
    assert list(links.unknown_names(page, shown)) == ["*Brew tea*"]
