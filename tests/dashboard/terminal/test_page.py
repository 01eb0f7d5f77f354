"""The terminal's page in a real Chromium: typing, reading, copying, resizing, and how it ends."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.terminal.console import Console
from tests.dashboard.terminal.pages import command, double_click, rows, started
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = [pytest.mark.root, pytest.mark.browser]


def test_typing_and_reading(terminal: Page, tmp_path: Path) -> None:
    command(terminal, "echo in:$((6*7)):out")
    expect(rows(terminal)).to_contain_text("in:42:out")
    command(terminal, r"printf '\033[31mred\033[0m \033[38;2;1;200;3mtrue\033[0m \346\274\242\345\255\227\n'")
    expect(rows(terminal)).to_contain_text("true 漢字")
    expect(terminal.locator("[data-status]")).to_have_text("Connected")
    # Both kinds of colour are drawn although the policy allows no inline style.
    colours = terminal.locator(".xterm-rows span").evaluate_all(
        "spans => spans.filter(span => /^(red|true)$/.test(span.textContent)).map(span => getComputedStyle(span).color)"
    )
    assert colours[-1] == "rgb(1, 200, 3)"
    assert colours[-2] == "rgb(204, 0, 0)"
    terminal.screenshot(path=tmp_path / "terminal.png")


def test_the_size_follows_the_window(terminal: Page) -> None:
    command(terminal, "while sleep 0.1; do clear; stty size; done")
    expect(rows(terminal)).to_contain_text(re.compile(r"\d+ 1[23]\d"))
    terminal.set_viewport_size({"width": 700, "height": 500})
    expect(rows(terminal)).to_contain_text(re.compile(r"\d+ [78]\d\D"))
    terminal.set_viewport_size({"width": 1100, "height": 700})
    expect(rows(terminal)).to_contain_text(re.compile(r"\d+ 1[23]\d"))
    terminal.keyboard.press("Control+c")


def test_ctrl_c_interrupts_a_flood(terminal: Page) -> None:
    command(terminal, "yes")
    expect(rows(terminal)).to_contain_text("yyyy")  # each in a row of its own
    terminal.keyboard.press("Control+c")
    command(terminal, "clear; echo a''live")
    expect(rows(terminal)).to_contain_text("alive")


def test_ctrl_c_copies_a_selection_and_the_paste_arrives(terminal: Page) -> None:
    terminal.context.grant_permissions(["clipboard-read", "clipboard-write"])
    started(terminal, "cat")
    command(terminal, "word")
    expect(rows(terminal)).to_contain_text(re.compile("word.*word", re.DOTALL))
    double_click(terminal, terminal.locator(".xterm-rows span", has_text=re.compile("^word$")).first)
    terminal.keyboard.press("Control+c")
    assert terminal.evaluate("navigator.clipboard.readText()") == "word"
    terminal.keyboard.press("Control+Shift+v")
    terminal.keyboard.press("Enter")
    expect(rows(terminal)).to_contain_text(re.compile("(word.*){4}", re.DOTALL))
    terminal.keyboard.press("Control+c")
    # The shell throws away what was typed before its prompt.
    expect(rows(terminal)).to_contain_text(re.compile(r"\^C\s*/ #"))
    command(terminal, "echo aft''er")
    expect(rows(terminal)).to_contain_text("after")


def test_a_large_paste_arrives_whole(terminal: Page, engine: EngineProcess) -> None:
    terminal.context.grant_permissions(["clipboard-read", "clipboard-write"])
    started(terminal, "stty -echo; cat > /tmp/pasted; stty echo; echo do''ne")
    terminal.evaluate("navigator.clipboard.writeText('0123456789abcde\\n'.repeat(60000))")
    terminal.keyboard.press("Control+Shift+v")
    terminal.keyboard.press("Control+d")
    expect(rows(terminal)).to_contain_text("done", timeout=30_000)
    assert engine.docker("exec", "term", "wc", "-c", "/tmp/pasted").split()[0] == "960000"


def test_the_exit_code_is_shown_and_reconnecting_gives_a_new_shell(terminal: Page) -> None:
    command(terminal, "exit 3")
    expect(terminal.locator("portside-terminal")).to_have_attribute("data-state", "ended")
    expect(terminal.locator("[data-detail]")).to_have_text("exit code 3")
    terminal.get_by_role("button", name="Reconnect").click()
    expect(terminal.locator("portside-terminal")).to_have_attribute("data-state", "open")
    command(terminal, "echo ag''ain")
    expect(rows(terminal)).to_contain_text("again")


def test_closing_the_tab_hangs_up(terminal: Page, engine: EngineProcess) -> None:
    started(terminal, "sleep 4321")
    terminal.once("dialog", lambda dialog: dialog.accept())
    terminal.locator(".terminal-tab-close").click()
    until("the shell's program to end", lambda: "sleep 4321" not in engine.docker("exec", "term", "ps"))


def test_a_reload_comes_back_to_the_same_shell(terminal: Page) -> None:
    command(terminal, "here=42; echo be''fore")
    expect(rows(terminal)).to_contain_text("before")
    session = terminal.locator("portside-terminal").get_attribute("data-session")
    terminal.reload()
    expect(terminal.locator("portside-terminal")).to_have_attribute("data-state", "open")
    expect(rows(terminal)).to_contain_text("before")
    command(terminal, "echo still:$here")
    expect(rows(terminal)).to_contain_text("still:42")
    assert terminal.locator("portside-terminal").get_attribute("data-session") == session


def test_why_there_is_no_terminal_is_shown(page: Page, console: Console) -> None:
    page.goto(f"{console.url}/terminal/local/nix/")
    expect(page.locator("[data-detail]")).to_have_text("No such container: nix")
    expect(page.locator("portside-terminal")).to_have_attribute("data-state", "failed")
