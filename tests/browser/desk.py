"""The issue's editor and desk, handled as an editor does."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route, expect

STREAM = "window.wagtail.editHandler.getPanelByName('body').getBoundWidget()"


class Editor:
    """One editor's session on one issue: the editor in one tab, the desk in another."""

    def __init__(self, page: Page, issue: int) -> None:
        self.page = page
        self.issue = issue

    @property
    def desk(self) -> str:
        return f"/admin/newsletters/issue/{self.issue}/"

    def open_editor(self) -> None:
        self.page.goto(f"/admin/pages/{self.issue}/edit/")
        self.page.wait_for_function(f"window.wagtail?.editHandler && {STREAM}")

    def change(self, **fields: str) -> None:
        """Type into fields of the issue, and wait until Wagtail has saved them."""
        self.open_editor()
        for name, value in fields.items():
            self.page.fill(f"#id_{name}", value)
        self.save()

    def save(self) -> None:
        """The page may still show what the save before said. Its previews may take their time."""
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            self.page.get_by_role("button", name=re.compile("Save draft")).first.click()
        expect(self.page.locator(".messages .success").first).to_be_visible()

    @contextmanager
    def while_wagtail_saves(self) -> Iterator[None]:
        """What is done here is done while it saves by itself; its answer, which knows of none of
        it, comes at the end."""
        held: list[Route] = []
        self.page.route("**/edit/", lambda route: route.continue_() if held else held.append(route))
        for _ in range(60):  # for some seconds Wagtail takes what is typed for what was there
            if not held:
                self.page.locator("#id_preheader").press_sequentially(".")
                self.page.wait_for_timeout(500)
        yield
        with self.page.expect_response("**/edit/"):
            held[0].continue_()
        self.page.unroute("**/edit/")
        self.page.wait_for_timeout(200)  # until Wagtail has taken it in

    def pieces(self) -> list[str]:
        """The kinds of pieces, as the open editor has them."""
        found: list[str] = self.page.evaluate(f"{STREAM}.getState().map(piece => piece.type)")
        return found

    def check(self, label: str) -> str:
        """How a check stands on the desk: "stop", "warning" or "ok"."""
        self.page.goto(f"{self.desk}checklist/")  # as the desk shows it, without its previews
        for state in ("stop", "warning"):
            found = self.page.locator(
                f".checklist-{state} strong", has_text=re.compile(f"^{label}$")
            )
            if found.count():
                return state
        fine = self.page.locator(".checklist-ok", has_text=re.compile(f"^{label}$"))
        assert fine.count() == 1, f"no check “{label}”"
        return "ok"
