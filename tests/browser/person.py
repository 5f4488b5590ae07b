"""A person at a browser: opens pages, follows links, and notices whatever the browser complains of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NEW_PASSWORD = "a bridge over quiet water"


class Person:
    """One browser window. `complaints` are the console's errors and warnings: a broken policy is among them."""

    def __init__(self, context: BrowserContext, address: str, *, scripts: bool = True) -> None:
        self.context, self.address, self.scripts = context, address, scripts
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.listening = True
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _listen(self, message: ConsoleMessage) -> None:
        # An error page that a test asks for is no complaint; a file that is missing is one.
        expected = message.text.startswith("Failed to load resource") and "/static/" not in message.location["url"]
        if self.listening and message.type in ("error", "warning") and not expected:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def visit(self, path: str) -> int:
        """Open a page; its status once its scripts are at work."""
        answer = self.page.goto(f"{self.address}{path}")
        self.settle()
        return answer.status if answer else 0

    def settle(self) -> None:
        """Wait until the page answers to keys and clicks."""
        self.page.wait_for_load_state()
        if self.scripts:
            self.page.wait_for_selector("html[data-connected]", state="attached")

    def follow(self, act: Locator | Callable[[], Any]) -> None:
        """Click, or do something else that leads to another page."""
        with self.page.expect_navigation():
            if isinstance(act, Locator):
                act.click()
            else:
                act()
        self.settle()

    def link(self, name: str) -> Locator:
        """The first link of exactly this name."""
        return self.page.get_by_role("link", name=name, exact=True).first

    def button(self, name: str) -> Locator:
        """The first button of exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True).first

    def sign_in(self, email: str, password: str) -> None:
        """Fill in the sign-in page."""
        if "/sign-in" not in self.page.url:
            self.visit("/sign-in")
        self.page.get_by_label("Email address").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.follow(self.button("Sign in"))

    def replace_password(self, old: str, new: str = NEW_PASSWORD) -> None:
        """Fill in the page that a one-time password leads to."""
        self.page.locator("[name=password]").fill(old)
        self.page.locator("[name=new_password]").fill(new)
        self.page.locator("[name=new_password_confirm]").fill(new)
        self.follow(self.button("Change password"))

    def search(self, words: str) -> None:
        """Type into the list's search box and press Enter."""
        box = self.page.get_by_role("searchbox").first
        box.fill(words)
        self.follow(lambda: box.press("Enter"))

    def row(self, key: str) -> Locator:
        """The row of the record with this key."""
        return self.page.locator(f'tr[data-pk="{key}"]')

    def tick(self, key: str) -> None:
        """Tick a row."""
        self.row(key).locator("input[name=rowid]").check()

    def choose(self, label: str, words: str) -> None:
        """Choose a record in a picker by keyboard alone; without scripts, type its name or key."""
        box = self.page.get_by_label(label, exact=True)
        box.focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(words)
        if not self.scripts:
            return
        # What is typed before the script has come is taken up when it has.
        expect(box).to_have_role("combobox")
        listbox = self.page.locator(f"#{box.get_attribute('aria-controls')}")
        listbox.get_by_role("option").filter(has_text=words).first.wait_for()
        self.page.wait_for_function("box => box.hasAttribute('aria-activedescendant')", arg=box.element_handle())
        self.page.keyboard.press("Enter")

    def close(self) -> None:
        """Close the window; what the browser complained of is a failure."""
        self.context.close()
        assert not self.complaints, "\n".join(self.complaints)
