"""What a user does with the console, in a user's words."""

import re
from typing import Final

from playwright.sync_api import Locator, Page, expect

from tests.support import session

#: Looked at by people; git ignores them.
SCREENSHOTS: Final = session.CHECKOUT / "tests/e2e/screenshots"
#: Pulls and starts on a busy machine.
PATIENCE_MS: Final = 60_000


class Console:
    """One browser page, and the doings that tests have in common."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def shoot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def sign_in(self, name: str, password: str) -> None:
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def go(self, place: str) -> None:
        """By the sidebar."""
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=place).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(place)

    def tab(self, name: str) -> None:
        self.page.locator(".tabs").get_by_role("link", name=name).click()
        expect(self.page.locator(".tabs [aria-current=page]")).to_have_text(name)

    def expect_live(self) -> None:
        expect(self.page.locator("#live")).to_have_attribute("data-live", "live", timeout=PATIENCE_MS)

    def expect_job(self, state: str) -> None:
        """The job's page, on which we are, comes to say that the job is in `state`; without a reload."""
        expect(self.page.locator("#job-head .badge")).to_have_text(
            re.compile(state, re.IGNORECASE), timeout=PATIENCE_MS
        )

    def row(self, text: str) -> Locator:
        """The list's row that has `text` in it."""
        return self.page.locator(".list tbody tr").filter(has_text=text)

    def type(self, line: str) -> None:
        self.page.locator(".xterm-helper-textarea").focus()
        self.page.keyboard.type(line)
        self.page.keyboard.press("Enter")
