"""A new colleague gets in: invited, an app, a passkey, recovery codes; as they meet it."""

import re
import subprocess
import sys
from base64 import b32decode
from collections.abc import Iterator

import pytest
from django_otp.oath import totp
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import open_context
from tests.browser.test_reading import link_in
from tests.environment import ROOT
from tests.product import Product

PASSWORD = "quite a long one 7"


@pytest.fixture
def page(chromium: Browser, product: Product) -> Iterator[Page]:
    """At “localhost”: browsers make passkeys for names only. With a device that can."""
    context = open_context(chromium, product)
    page = context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield page
    context.close()


def invited(product: Product, login: str, address: str) -> str:
    """The link in their mail."""
    words = [sys.executable, "manage.py", "staff", "invite", login, "--role", "Finance"]
    subprocess.run([*words, "--email", address], cwd=ROOT, env=product.environment, check=True)
    return link_in(product.mail_to(address, "Your account"), "/password_reset/confirm/")


def sign_in(page: Page, login: str) -> None:
    page.fill("input[name=username]", login)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")


def sign_out(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")
    page.goto(re.sub("/admin/.*", "/admin/login/", page.url))


def test_a_new_colleague_gets_in_with_app_passkey_and_code(page: Page, product: Product) -> None:
    link = invited(product, "heron", "irena@colleagues.example")
    page.goto(link.replace("127.0.0.1", "localhost"))
    page.fill("input[name=new_password1]", PASSWORD)
    page.fill("input[name=new_password2]", PASSWORD)
    page.click("button[type=submit]")
    sign_out(page)
    sign_in(page, "heron")
    expect(page.get_by_text("Before you go on, set up a second factor")).to_be_visible()

    page.get_by_role("button", name="Set up an authenticator app").click()
    expect(page.get_by_alt_text("QR code with the key")).to_be_visible()
    key = page.locator("li code").inner_text()
    page.fill("#id_code", f"{totp(b32decode(key)):06}")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.locator("section code").all_inner_texts()
    page.get_by_role("link", name="I have them: go on").click()
    page.goto(re.sub("/admin/.*", "/admin/security/", page.url))
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is set up.")).to_be_visible()

    sign_out(page)
    sign_in(page, "heron")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    sign_out(page)
    sign_in(page, "heron")
    for code, arrives in ((codes[0], True), (codes[0], False), (codes[1], True)):
        if not page.url.endswith("/code/"):
            sign_out(page)
            sign_in(page, "heron")
        page.fill("#id_code", code)
        page.get_by_role("button", name="Continue").click()
        if arrives:
            expect(page).to_have_url(re.compile("/admin/$"))
        else:
            expect(page.get_by_text("This code is wrong, or was used before")).to_be_visible()


@pytest.mark.rare
def test_a_new_colleague_does_without_javascript(chromium: Browser, product: Product) -> None:
    context = open_context(chromium, product, java_script_enabled=False)
    page = context.new_page()
    page.goto(invited(product, "crane", "crane@colleagues.example"))
    page.fill("input[name=new_password1]", PASSWORD)
    page.fill("input[name=new_password2]", PASSWORD)
    page.click("button[type=submit]")
    page.goto("/admin/login/")
    sign_in(page, "crane")
    page.get_by_role("button", name="Set up an authenticator app").click()
    page.fill("#id_code", f"{totp(b32decode(page.locator('li code').inner_text())):06}")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    context.close()
