"""What a user does with a terminal's page."""

from playwright.sync_api import Locator, Page, expect


def rows(page: Page) -> Locator:
    return page.locator(".terminal-screen:not([hidden]) .xterm-rows")


def command(page: Page, line: str) -> None:
    page.keyboard.type(line)
    page.keyboard.press("Enter")


def started(page: Page, line: str) -> None:
    """Run `line`, and wait until the shell has left the terminal to it: what is typed before that, it edits itself."""
    command(page, f"echo st''arted; {line}")
    expect(rows(page)).to_contain_text("started")


def double_click(page: Page, place: Locator) -> None:
    """Of the mouse itself: xterm lays a transparent layer over its text, which Locator.dblclick takes for a fault."""
    box = place.bounding_box()
    assert box is not None
    page.mouse.dblclick(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)


def opened(page: Page, url: str, prompt: str = "/ #") -> None:
    """Go to a page with a terminal, and wait for its prompt."""
    page.goto(url)
    expect(page.locator("portside-terminal")).to_have_attribute("data-state", "open")
    expect(rows(page)).to_contain_text(prompt)


def state(page: Page) -> Locator:
    return page.locator("portside-terminal")
