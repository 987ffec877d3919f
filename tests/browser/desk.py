"""The issue's editor and desk, handled as an editor does."""

import re

from playwright.sync_api import Page, expect

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
        """The page may still show what the save before said."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=re.compile("Save draft")).first.click()
        expect(self.page.locator(".messages .success").first).to_be_visible()

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
