"""A list owner moves in with what Mailchimp exported, sees what it comes to, and takes it back."""

import io
import zipfile
from typing import Any

from playwright.sync_api import expect

HEAD = "Email Address,First Name,OPTIN_TIME,CONFIRM_TIME,LEID,EUID,TAGS"


def mailchimp() -> bytes:
    """As it comes: a file for each status."""
    rows = {
        "subscribed": [f"reader{n}@example.org,Ann,2020-01-02,,{n},e,News" for n in range(50)],
        "unsubscribed": ["gone@example.org,Bob,2019-01-02 03:04:05,,1,e,", "no address,,,,,,"],
        "cleaned": ["dead@example.org,Cyd,2019-01-02 03:04:05,,1,e,"],
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for status, lines in rows.items():
            archive.writestr(f"{status}_members_export_1f.csv", "\n".join([HEAD, *lines]))
    return out.getvalue()


def test_list_of_mailchimp_moves_in_and_out(staff: Any) -> None:
    page = staff("admin")
    page.goto("/admin/newsletters/")
    page.click("text=Import readers")
    page.select_option("select[name=newsletter]", index=1)
    file = {"name": "audience.zip", "mimeType": "application/zip", "buffer": mailchimp()}
    page.set_input_files("input[name=file]", file)
    page.click("text=Look at the file")
    expect(page.locator("main")).to_contain_text("It looks like a file of Mailchimp")
    assert "reader1@" not in page.content()
    page.fill("textarea[name=consent]", "They signed up on our old site and confirmed by mail.")
    page.click("text=Look the whole file through")
    expect(page.get_by_role("row", name="50 come onto the list")).to_be_visible()
    page.click("text=Import now")
    expect(page.locator("main")).to_contain_text("Done")
    expect(page.locator("main")).to_contain_text("dead addresses and complaints: suppressed")
    page.click("text=Undo …")
    page.click("text=Undo this import")
    expect(page.locator("main")).to_contain_text("Undone")
