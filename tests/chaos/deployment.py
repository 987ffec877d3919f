"""``make chaos``: from a clean Debian to a newsroom's first issue over TLS, and an upgrade in the
middle of the next one, by deploy/install as docs/deploy.md says, under systemd with all its locks;
in the middle of a third it is backed up, then destroyed and restored: nobody gets anything twice;
then it is closed in an emergency, and opened again.

The mail provider is the sandbox, on the machine's own network. DEBIAN=trixie takes another release.
"""

import os
import re
import sys
import time
from base64 import b32decode
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import requests
from django_otp.oath import totp
from requests.adapters import HTTPAdapter

from tests.chaos.inside import DESTROYED, FIRST_STEPS, MIGRATION, PROCESSES, RESTORED, SEND
from tests.chaos.machine import Machine, a_machine, missing
from tests.chaos.provider import INBOX, STORE, copies, mails_to, start_provider, until

HOST = "news.newsroom.test"
SITE = "https://127.0.0.1"
PASSWORD = "quite a long one 7"
READERS, MANY, LATER = 20, 3_000, 90_000
ESCROW = "/var/lib/newsroom/escrow"
FILLED_IN = {
    "settings": {
        "MAIL_PROVIDER": "mailgun",
        "DEFAULT_FROM_EMAIL": "The Paper <news@mail.newsroom.test>",
        "SENDER_DOMAINS": "mail.newsroom.test",
        "ANYMAIL_MAILGUN_API_URL": f"{INBOX}/v3",
        "ANYMAIL_MAILGUN_SENDER_DOMAIN": "mail.newsroom.test",
    },
    "keys/keys": {
        "STRIPE_SECRET_KEY": "sk_test_0123456789rehearsal",
        "STRIPE_WEBHOOK_SECRETS": "whsec_0123456789rehearsal",
        "ANYMAIL_MAILGUN_API_KEY": "key-sandbox",
        "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY": "0123456789abcdef0123456789abcdef",
    },
}
FIRST_SITE = {
    "name": "The Paper",
    "language": "en",
    "postal-address": "Street 1, Berlin",
    "contact-email": "desk@newsroom.test",
    "sections": "Politics",
    "newsletter": "The Weekly",
    "sender": "weekly@mail.newsroom.test",
    "admin": "ann",
    "email": "ann@colleagues.test",
}


class AtHome(HTTPAdapter):
    """The machine's address, the site's name: its certificate is for that."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, server_hostname=HOST, assert_hostname=HOST, **kwargs)


class Rehearsal:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.visitor = requests.Session()
        self.visitor.trust_env = False  # REQUESTS_CA_BUNDLE would win
        self.visitor.mount(SITE, AtHome())
        self.visitor.headers["Host"] = HOST
        self.visitor.verify = str(machine.folder / "etc/newsroom/tls/fullchain.pem")

    # --- What an operator does --------------------------------------------------------------

    def install(self) -> tuple[int, str]:
        return self.machine.run("/root/newsroom/deploy/install", HOST)

    def clean_debian(self) -> None:
        self.machine.make(os.environ.get("DEBIAN", "bookworm"))
        self.machine.check_out("root/newsroom")

    def prepared(self) -> None:
        said = self.machine.prepare("/root/newsroom/deploy/install", HOST)
        assert "all is prepared, nothing is started" in said, said[-2000:]

    def asks_for_what_is_missing(self) -> None:
        self.machine.boot()
        code, said = self.install()
        assert code == 1 and "MAIL_PROVIDER" in said, said[-2000:]
        for name, values in FILLED_IN.items():
            file = self.machine.folder / "etc/newsroom" / name
            assert file.stat().st_mode & 0o777 == 0o600
            lines = [line for line in file.read_text().splitlines() if line[:-1] not in values]
            lines += [f"{name}={value}" for name, value in values.items()]
            file.write_text("\n".join([*lines, ""]))

    def installed(self) -> None:
        code, said = self.install()
        assert code == 0, said[-3000:]

    def inside(self, script: str) -> str:
        code, said = self.machine.run("sh", "-ec", script)
        assert code == 0, said[-3000:]
        return said

    def newsroom(self, *words: str) -> str:
        code, said = self.machine.run("newsroom", *words)
        assert code == 0, said[-3000:]
        return said

    def with_passphrase(self, passphrase: str, *words: str) -> str:
        return self.inside(f"echo {passphrase} | newsroom {' '.join(words)}")

    # --- What others see --------------------------------------------------------------------

    def page(self, path: str, **fields: str) -> requests.Response:
        """GET, or with fields the form that stands there."""
        answer = self.visitor.get(f"{SITE}{path}", timeout=60)
        if fields:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.text)
            assert token, answer.text[:2000]
            fields |= {"csrfmiddlewaretoken": token[1]}
            headers = {"Referer": f"https://{HOST}{path}", "Origin": f"https://{HOST}"}
            answer = self.visitor.post(
                f"{SITE}{path}", data=fields, headers=headers, timeout=60, allow_redirects=False
            )
        return answer

    def answers_over_tls(self) -> None:
        home = self.page("/")
        assert home.status_code == 200 and "Content-Security-Policy" in home.headers
        plain = requests.get(
            "http://127.0.0.1/", headers={"Host": HOST}, timeout=60, allow_redirects=False
        )
        assert plain.headers["Location"] == f"https://{HOST}/"
        path = re.findall(r"/static/[\w./-]+", self.page("/admin/login/").text)[0]
        static = self.page(path)
        assert static.status_code == 200 and "immutable" in static.headers["Cache-Control"]

    def site_of_ones_own(self) -> None:
        answers = [f"--{name}={answer}" for name, answer in FIRST_SITE.items()]
        said = self.newsroom("first_site", "--no-input", *answers)
        assert f"https://{HOST}/admin/" in said, said
        self.newsroom("shell", "-c", FIRST_STEPS)
        assert "The Paper" in self.page("/").text

    def administrator_signs_in(self) -> None:
        until(lambda: bool(mails_to(FIRST_SITE["email"])), 120)
        text = mails_to(FIRST_SITE["email"])[0]["text"]
        link = next(word for word in text.split() if "/password_reset/confirm/" in word)
        assert link.startswith(f"https://{HOST}/")
        form = self.visitor.get(link.replace(f"https://{HOST}", SITE), timeout=60)
        self.page(
            form.url.removeprefix(SITE).removeprefix(f"https://{HOST}"),
            new_password1=PASSWORD, new_password2=PASSWORD,
        )  # fmt: skip
        self.visitor.cookies.clear()
        self.page("/admin/login/", username="ann", password=PASSWORD)
        self.page("/admin/security/", do="app")
        key = re.search(r"<code>([A-Z2-7]{32})</code>", self.page("/admin/security/app/").text)
        assert key, "no second factor is asked for"
        self.page("/admin/security/app/", code=f"{totp(b32decode(key[1])):06}")
        assert "Sign out" in self.page("/admin/").text or "Log out" in self.page("/admin/").text

    def send(self, readers: int, first: int, rate: int | None) -> None:
        code = SEND.format(readers=readers, first=first, rate=rate)
        self.newsroom("shell", "-c", code)

    def free_speed(self) -> None:
        free = "T.objects.update(most_per_second=None)"
        self.newsroom("shell", "-c", f"from subscriptions.models import Throttle as T; {free}")

    def until_sent(self, many: int) -> None:
        """To each reader there is as many copies as issues they were there for, and no more."""
        until(lambda: copies()["reader00001@example.org"] == many, 300)
        status = (
            "from subscriptions.models import Mailing as M; print(M.objects.latest('pk').status)"
        )
        until(lambda: "sent" in self.newsroom("shell", "-c", status), 600)

    def first_issue(self) -> None:
        self.send(READERS, 1, None)
        self.until_sent(1)
        assert Counter(copies().values()) == {1: READERS}
        assert f"https://{HOST}/" in mails_to("reader00001@example.org")[0]["text"]

    def next_version_prepared(self) -> None:
        """It says so, and its schema has a column that this version's processes do not know."""
        checkout = self.machine.folder / "root/newsroom"
        project = checkout / "pyproject.toml"
        new = re.sub(r'^version = ".*"', 'version = "99.0.0"', project.read_text(), flags=re.M)
        project.write_text(new)
        last = max(path.stem for path in checkout.glob("subscriptions/migrations/0*.py"))
        name = f"{int(last[:4]) + 1:04}_rehearsed.py"
        text = MIGRATION.replace("LAST", last)
        self.machine.put(f"root/newsroom/subscriptions/migrations/{name}", text.encode())
        self.prepared()

    def upgraded_in_the_middle(self) -> None:
        self.send(MANY, READERS + 1, 10)
        until(lambda: len(copies()) > READERS, 300)
        self.installed()
        assert len(copies()) < READERS + MANY, "the send was over before the upgrade"
        assert "/99.0.0-" in str((self.machine.folder / "opt/newsroom/current").readlink())
        self.free_speed()
        self.until_sent(2)
        assert copies() == self.all_have_it(2)
        code, said = self.machine.run("systemctl", "list-units", "--failed", "--no-legend")
        assert (code, said.strip()) == (0, "")

    def backed_up_in_the_middle(self) -> None:
        self.send(0, LATER, 10)
        until(lambda: max(copies().values()) == 3, 300)
        self.inside("systemctl start newsroom-backup")
        assert copies() != self.all_have_it(3), "the send was over before the backup"
        self.free_speed()
        self.until_sent(3)
        assert copies() == self.all_have_it(3)
        assert "Z" in self.newsroom("restore"), "it lists none"
        self.newsroom("restore", "newest", "--check")

    def destroyed(self) -> None:
        self.inside(DESTROYED)
        self.installed()
        assert "The Paper" not in self.page("/").text

    def restored(self) -> None:
        """As docs/deploy.md says; the provider has all of the issue that was on its way then."""
        self.inside(RESTORED)
        until(lambda: self.page("/").status_code == 200, 180)
        assert "The Paper" in self.page("/").text
        until(lambda: self.has_gathered(self.newsroom("after_restore")), 180)
        held = self.newsroom("after_restore")
        assert f"{READERS + MANY:,} mails of it" in held, held
        for item in re.findall(r"\n\n(\S.*)", held):
            self.newsroom("after_restore", "--release" if item == "list" else "--drop", item)
        assert "Nothing is held" in self.newsroom("after_restore")
        self.free_speed()
        assert copies() == self.all_have_it(3)
        self.send(0, LATER + 1, None)
        self.until_sent(4)
        assert copies() == self.all_have_it(4)

    def has_gathered(self, held: str) -> bool:
        """Or said what is in the way: from here Stripe can't be asked."""
        return "not complete yet" not in held or "\nlist\n" in held

    def all_have_it(self, issues: int) -> Counter[str]:
        """Who was there for the first has one more."""
        return Counter({
            f"reader{number:05}@example.org": issues - (number > READERS)
            for number in range(1, READERS + MANY + 1)
        })  # fmt: skip

    def closed_in_an_emergency(self) -> None:
        said = self.newsroom("escrow", "make", ESCROW)
        self.passphrase = said.split("Passphrase: ")[1].split()[0]
        self.with_passphrase(self.passphrase, "escrow", "check", ESCROW)
        before = self.processes()
        assert "sender@" in str(before), before
        self.newsroom("panic", "--yes")
        keys = (self.machine.folder / "etc/newsroom/keys/keys").read_text()
        assert re.fullmatch(r"CLOSED_SINCE=\S+\n", keys), "the keys are still there"
        until(lambda: not before.keys() & self.processes().keys(), 180)
        until(lambda: "is closed for now" in self.page("/").text, 180)
        assert "sender@" not in str(self.processes())

    def opened_again(self) -> None:
        self.with_passphrase(self.passphrase, "recover", ESCROW)
        until(lambda: self.page("/").status_code == 200, 180)
        assert "The Paper" in self.page("/").text
        until(lambda: "sender@" in str(self.processes()), 180)
        assert "login" in self.page("/admin/").url, "a session from before still opens"

    def processes(self) -> dict[int, str]:
        """The service's, with what each is called."""
        said = self.machine.run("sh", "-c", PROCESSES)[1]
        lines = (line.partition(" ") for line in said.splitlines())
        return {int(number): title.strip() for number, _, title in lines}


def main() -> int:
    if why := missing():
        sys.stdout.write(f"from a clean Debian: skipped, {why}\n")
        return 0
    with a_machine() as machine, ExitStack() as stack:
        rehearsal = Rehearsal(machine)
        play(rehearsal.clean_debian, rehearsal.prepared, rehearsal.asks_for_what_is_missing)
        play(rehearsal.installed)
        for left in STORE.parent.glob(f"{STORE.name}*"):
            left.unlink()
        with machine.network():
            start_provider(stack)
            play(rehearsal.site_of_ones_own, rehearsal.answers_over_tls)
            play(rehearsal.administrator_signs_in, rehearsal.first_issue)
        play(rehearsal.next_version_prepared)
        with machine.network():
            play(rehearsal.upgraded_in_the_middle, rehearsal.backed_up_in_the_middle)
            play(rehearsal.destroyed, rehearsal.restored)
            play(rehearsal.closed_in_an_emergency, rehearsal.opened_again)
    return 0


def play(*steps: Callable[[], None]) -> None:
    for step in steps:
        began = time.monotonic()
        step()
        name = step.__name__.replace("_", " ")
        sys.stdout.write(f"from a clean Debian: {name:<30}{time.monotonic() - began:>6.0f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
