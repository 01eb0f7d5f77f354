"""An image built in a browser: from an editor to a tag, with what each step says."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import Console

pytestmark = [pytest.mark.root, pytest.mark.browser, pytest.mark.timeout(180)]


def test_a_build_shows_its_steps(console: Console, page: Page, busybox: str) -> None:
    console.go("Images")
    page.get_by_role("link", name="Build…").click()
    page.get_by_label("Dockerfile").fill(f"FROM {busybox}\nRUN echo said by a step\nRUN exit 7\n")
    console.shoot("build-form")
    page.get_by_role("button", name="Build").click()
    console.expect_job("failed")
    steps = page.locator("details.step")
    expect(steps).to_have_count(3)
    expect(steps.nth(1)).to_contain_text("said by a step")
    expect(steps.nth(1)).not_to_have_attribute("open", "")
    expect(steps.nth(2)).to_have_attribute("open", "")
    expect(steps.nth(2).locator("summary")).to_contain_text("RUN exit 7")
    console.shoot("build-failed")
    page.reload()
    expect(steps).to_have_count(3)
    expect(steps.nth(1)).to_contain_text("said by a step")
