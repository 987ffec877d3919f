"""The mail as a mail program draws it: narrow and wide, light and dark, pictures off."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.product import Product

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3; 3 for large text
# Every text with the colour behind it, by the ratio of WCAG 2.2; those that are too weak.
WEAK = """() => {
  const parse = (colour) => {
    const parts = colour.match(/[\\d.]+/g).map(Number);
    return { rgb: parts.slice(0, 3), a: parts[3] ?? 1 };
  };
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const weights = [0.2126, 0.7152, 0.0722];
  const luminance = (rgb) => rgb.reduce((sum, v, i) => sum + linear(v / 255) * weights[i], 0);
  const ratio = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const { rgb, a } = parse(getComputedStyle(e).backgroundColor);
      if (a > 0) return rgb;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const weak = [];
  for (let node; (node = walker.nextNode()); ) {
    const element = node.parentElement;
    const style = getComputedStyle(element);
    const shown = element.checkVisibility({ opacityProperty: true }) && element.offsetHeight;
    if (!node.data.trim() || !shown) continue;
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const found = ratio(parse(style.color).rgb, ground(element));
    const words = node.data.trim().slice(0, 40);
    if (found < (large ? 3 : LEAST)) weak.push(`${words}: ${found.toFixed(2)}`);
  }
  return weak;
}""".replace("LEAST", str(LEAST_CONTRAST))


@pytest.fixture(scope="module")
def html(chromium: Browser, product: Product) -> str:
    """The demo's issue, as its test arrives in an editor's inbox."""
    context = chromium.new_context(base_url=product.web)
    page = context.new_page()
    page.goto("/admin/login/")
    page.fill("input[name=username]", "editor")
    page.fill("input[name=password]", "editor")
    page.click("button[type=submit]")
    page.goto("/admin/newsletters/")
    page.click(".desk-issues a >> nth=0")
    page.get_by_role("button", name="Send a test to me").click()
    mail = product.mail_to("editor@example.org", "[Test]")
    context.close()
    return str(mail["html"])


@pytest.fixture(
    params=[(width, scheme) for width in (320, 390, 600) for scheme in ("light", "dark")],
    ids=lambda size: f"{size[0]}-{size[1]}",
)
def mail(request: pytest.FixtureRequest, chromium: Browser, html: str) -> Iterator[Page]:
    width, scheme = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=True
    )
    page = context.new_page()
    page.set_content(html)
    yield page
    context.close()


def test_mail_fits_and_can_be_read(mail: Page) -> None:
    width = mail.viewport_size["width"]  # type: ignore[index]
    assert mail.evaluate("document.scrollingElement.scrollWidth") <= width
    assert mail.evaluate(WEAK) == []


def test_mail_says_as_much_with_pictures_off(chromium: Browser, html: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.route("**/*", lambda route: route.abort())
    page.set_content(html)
    pictures: list[dict[str, Any]] = page.evaluate(
        "[...document.images].map(i => ({alt: i.alt, link: !!i.closest('a')}))"
    )
    assert pictures and all(picture["alt"] for picture in pictures)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    assert page.evaluate(WEAK) == []
    context.close()
