"""``make screenshots``: the pictures in docs/pictures, of the demo as readers and staff see it.

Run it when a page looks different, look at each picture, and commit them.
"""

import re
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.conftest import OPTIONS, first_article, open_context
from tests.browser.desk import Editor
from tests.browser.test_own_page import subscribed
from tests.product import Product, running
from tests.tools import CHROMIUM

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
MOST = 600_000  # bytes, of all: they come with every clone
WIDTH, HEIGHT, SHOWN = 1280, 1000, 900
PHONE = {"width": 390, "height": 844}
PATIENCE = 60_000  # milliseconds: nobody waits for it
LOADED = """() => document.fonts.status === 'loaded' && [...document.images].every(
  i => i.complete || !i.checkVisibility() || i.getBoundingClientRect().top > innerHeight)"""
NEWS = ".w-dismissible-badge"  # Wagtail's, of itself


class Tour:
    """One browser on one product."""

    def __init__(self, chromium: Browser, product: Product) -> None:
        self.chromium, self.product = chromium, product

    def page(self, width: int = WIDTH, height: int = HEIGHT) -> Page:
        size: Any = {"width": width, "height": height}
        page = open_context(self.chromium, self.product, viewport=size).new_page()
        page.set_default_timeout(PATIENCE)
        return page

    def staff(self, name: str, **size: int) -> Page:
        page = self.page(**size)
        page.goto("/admin/login/")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", name)
        page.click("button[type=submit]")
        page.wait_for_url("**/admin/")
        return page

    # --- Readers --------------------------------------------------------------------------

    def article(self) -> None:
        page = self.page()
        first_article(page)
        take(page, "article", top=page.locator(".box-signup"))

    def own_page(self) -> None:
        page = self.page(**PHONE)
        page.goto(subscribed(page, self.product, "ann@example.org"))
        take(page, "own-page", top=page.locator("h1"))

    # --- Editors --------------------------------------------------------------------------

    def issue(self) -> None:
        """The editor, the desk, and the mail that comes of it."""
        page = self.staff("editor")
        page.goto("/admin/newsletters/")
        page.click("tr:has-text('draft, not approved') a")
        editor = Editor(page, int(re.findall(r"\d+", page.url)[-1]))
        editor.change(preheader="And what the weather means")
        editor.open_editor()
        page.get_by_label("Toggle what else was published").click()
        expect(page.locator("[data-add]:enabled").first).to_be_visible()
        take(page, "editor")
        page.goto(editor.desk)
        page.get_by_role("button", name="Send a test to me").click()
        expect(page.get_by_text("A test is on its way")).to_be_visible()
        mail = self.product.mail_to("editor@example.org", "[Test]")
        page.goto(editor.desk)
        expect(page.get_by_text("Ready")).to_be_visible()
        take(page, "desk")
        inbox = self.page(SHOWN, HEIGHT * SHOWN // WIDTH)
        inbox.goto(f"{self.product.mail}/mails/{mail['id']}/html")
        take(inbox, "mail")

    # --- Finance --------------------------------------------------------------------------

    def give(self, name: str, amount: int, frequency: str = "once", card: str = "succeeds") -> None:
        page = self.page()
        page.goto(f"/support/?frequency={frequency}&amount={amount}")
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", name="Pay ")).to_be_visible()
        page.fill("input[name=email]", f"{name.split()[0].lower()}@example.org")
        page.fill("input[name=name]", name)
        page.get_by_label(card).first.check()
        page.click("form button")
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    def contributions(self) -> None:
        self.give("Noor Haddad", 150)
        self.give("Ilan Peretz", 20, "monthly")
        self.give("Jonas Brandt", 10, "monthly")
        self.give("Mira Osei", 5, "monthly")
        self.give("Irena Kovac", 100, "annual")
        self.give("Lena Fischer", 50, card="succeeds, and is disputed")
        self.give("Teo Marin", 25)
        self.give("Sam Oduya", 10)
        page = self.staff("finance")
        page.goto("/admin/contributions/")
        take(page, "contributions")
        page.click("table.listing a:has-text('$150')")
        page.get_by_role("link", name="Give back").click()
        page.get_by_label("Why").fill("They typed one zero too many.")
        page.get_by_role("button", name="Give back").click()
        page.get_by_role("button", name="Ask a second person").click()
        other = self.staff("admin", height=420)
        other.goto("/admin/review/")
        take(other, "review")


def take(page: Page, name: str, top: Locator | None = None) -> None:
    """Of what is in sight, with that part near the top of it."""
    if top:
        top.evaluate("part => scrollBy(0, part.getBoundingClientRect().top - 20)")
    page.wait_for_load_state("networkidle")
    page.wait_for_function(LOADED)
    page.locator(NEWS).evaluate_all("found => found.forEach(one => one.remove())")
    page.mouse.move(0, 0)
    shot = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    if shot.width > SHOWN:
        shot = shot.resize((SHOWN, shot.height * SHOWN // shot.width), Image.Resampling.LANCZOS)
    shot.save(PICTURES / f"{name}.webp", quality=80, method=6)


def main() -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with running("screenshots") as product, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        tour = Tour(chromium, product)
        for story in (tour.article, tour.own_page, tour.issue, tour.contributions):
            story()
        chromium.close()
    sizes = {path.name: path.stat().st_size for path in sorted(PICTURES.iterdir())}
    sys.stdout.writelines(f"{size:>9,}  {name}\n" for name, size in sizes.items())
    sys.stdout.write(f"{sum(sizes.values()):>9,}  together, of {MOST:,}\n")
    return int(sum(sizes.values()) > MOST)


if __name__ == "__main__":
    sys.exit(main())
