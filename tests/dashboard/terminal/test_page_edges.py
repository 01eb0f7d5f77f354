"""What programs in a container do to a terminal, and what they must not do, in a real Chromium."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.dashboard.terminal.console import Console
from tests.dashboard.terminal.pages import command, opened, rows, started, state
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = [pytest.mark.root, pytest.mark.browser]

SCREEN = "document.querySelector('portside-terminal').current.screen"


def text(page: Page) -> str:
    """All that the terminal holds."""
    found: str = page.evaluate(f"{SCREEN}.text()")
    return found


def size(page: Page) -> str:
    found: str = page.evaluate(f"`${{{SCREEN}.terminal.rows}} ${{{SCREEN}.terminal.cols}}`")
    return found


def test_a_binary_file_leaves_a_terminal_that_works(terminal: Page) -> None:
    command(terminal, "head -c 300000 /dev/urandom; printf '\\033c'; clear; echo sa''ne")
    expect(rows(terminal)).to_contain_text("sane", timeout=20_000)
    # What the noise has asked for was answered to the shell, which may have taken it for typing.
    terminal.keyboard.press("Control+c")
    command(terminal, "")
    command(terminal, "clear; echo still $((6*7))")
    expect(rows(terminal)).to_contain_text("still 42")


def test_characters_are_whole_wherever_they_are_cut(terminal: Page) -> None:
    pieces = "".join(f"printf '\\{byte:o}'; usleep 3000; " for byte in "žluťoučký 漢字 🚢".encode())
    command(terminal, f"clear; {pieces} echo")
    expect(rows(terminal)).to_contain_text("žluťoučký 漢字 🚢")


def test_full_screen_programs(terminal: Page, engine: EngineProcess) -> None:
    engine.docker("exec", "term", "sh", "-c", "seq 1 500 > /tmp/lines")
    command(terminal, "vi /tmp/lines")
    expect(rows(terminal)).to_contain_text("/tmp/lines")
    terminal.keyboard.type("Go")
    terminal.keyboard.type("typed in vi")
    terminal.keyboard.press("Escape")
    expect(rows(terminal)).to_contain_text("- /tmp/lines [Modified]")  # the mode: Escape alone has come
    terminal.keyboard.type(":wq\n")
    expect(rows(terminal)).to_contain_text("/ #")
    assert engine.docker("exec", "term", "tail", "-n1", "/tmp/lines") == "typed in vi"
    command(terminal, "less /tmp/lines")
    terminal.keyboard.press("PageDown")
    expect(rows(terminal)).to_contain_text("60")
    terminal.keyboard.press("q")
    command(terminal, "top -d 1")
    expect(rows(terminal)).to_contain_text("Load average")
    terminal.keyboard.press("q")
    command(terminal, "clear; echo ba''ck")
    expect(rows(terminal)).to_contain_text("back")


def test_the_other_screen_outlives_a_reload(terminal: Page) -> None:
    command(terminal, "vi /etc/passwd")
    expect(rows(terminal)).to_contain_text("root")
    terminal.reload()
    expect(state(terminal)).to_have_attribute("data-state", "open")
    expect(rows(terminal)).to_contain_text("root")
    terminal.keyboard.type(":q!\n")
    command(terminal, "echo ou''t")
    expect(rows(terminal)).to_contain_text("out")


def test_questions_are_answered_once_and_not_again_after_a_reload(terminal: Page) -> None:
    command(terminal, "printf '\\033[6n'; sleep 0.3; echo as''ked")
    expect(rows(terminal)).to_contain_text("asked")
    terminal.keyboard.press("Control+c")
    terminal.reload()
    expect(state(terminal)).to_have_attribute("data-state", "open")
    expect(rows(terminal)).to_contain_text("asked")
    command(terminal, "clear; echo cle''an")
    expect(rows(terminal)).to_contain_text("clean")
    # An answer to the old question would stand before the command, as typed.
    assert "R" not in text(terminal).split("clean")[0].replace("/ # ", "")


def test_titles_links_and_clipboard_escapes_do_no_harm(terminal: Page, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('mine')")
    command(terminal, "printf '\\033]52;c;aGFja2Vk\\007'")
    command(terminal, "printf '\\033]0;<img src=x onerror=document.body.remove()>\\007'")
    command(terminal, "printf '\\033]8;;javascript:document.body.remove()\\007click me\\033]8;;\\007\\n'; echo go''on")
    expect(rows(terminal)).to_contain_text("goon")
    expect(page.locator(".terminal-tab")).to_contain_text("<img src=x")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator(".xterm-rows", has_text="click me").get_by_text("click me").last.click(force=True)
    assert page.evaluate("navigator.clipboard.readText()") == "mine"
    expect(rows(terminal)).to_contain_text("goon")
    assert len(page.context.pages) == 1


def test_a_link_is_opened_after_a_question(terminal: Page, page: Page, console: Console) -> None:
    command(terminal, f"clear; echo {console.url}/accounts/login/?from=terminal")
    line = page.locator(".xterm-rows > div").first
    expect(line).to_have_text(re.compile("^http.*from=terminal"))  # and not the command that wrote it
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", answer)
    box = line.bounding_box()
    assert box is not None
    x, y = box["x"] + 62, box["y"] + box["height"] / 2

    def hover() -> int:
        """Links are looked for where the mouse moves; on a busy machine the first move comes too early."""
        page.mouse.move(x - 2, y)
        page.mouse.move(x, y)
        page.wait_for_timeout(50)
        return page.locator(".xterm-cursor-pointer").count()

    until("the link to be found", hover)
    with page.context.expect_page(timeout=5000) as opening:
        page.mouse.click(x, y)
    opened_page = opening.value
    opened_page.wait_for_load_state()
    assert opened_page.evaluate("window.opener") is None
    assert "from=terminal" in asked[0]
    opened_page.close()


def test_three_hundred_columns(terminal: Page) -> None:
    terminal.set_viewport_size({"width": 2600, "height": 700})
    until("the terminal to be wide", lambda: int(size(terminal).split()[1]) >= 300)
    command(terminal, "clear; printf '%0300d' 7; echo; stty size")
    expect(rows(terminal)).to_contain_text("0" * 299 + "7")
    expect(rows(terminal)).to_contain_text(size(terminal))
    terminal.set_viewport_size({"width": 1100, "height": 700})


def test_a_new_size_is_the_shells_within_a_tenth_of_a_second(terminal: Page) -> None:
    started(terminal, "while usleep 10000; do stty size; done")
    # Of the page's own clock: how long from the resize to the shell's word on the screen.
    terminal.evaluate(
        f"""() => {{ window.took = new Promise((done) => {{
          const screen = {SCREEN};
          const size = () => `${{screen.terminal.rows}} ${{screen.terminal.cols}}`;
          const before = size();
          addEventListener("resize", () => {{
            const begin = performance.now();
            const look = () => size() !== before && screen.text().includes(size())
              ? done(performance.now() - begin) : setTimeout(look, 2);
            setTimeout(look, 0);
          }}, {{ once: true }});
        }}); }}"""
    )
    terminal.set_viewport_size({"width": 900, "height": 600})
    print("stty size after", terminal.evaluate("window.took"), "ms")
    terminal.set_viewport_size({"width": 1100, "height": 700})
    terminal.keyboard.press("Control+c")


def test_two_tabs_of_one_session(terminal: Page, page: Page) -> None:
    command(terminal, "clear; echo sha''red")
    expect(rows(terminal)).to_contain_text("shared")
    other = page.context.new_page()
    other.set_viewport_size({"width": 700, "height": 400})
    opened(other, page.url, "shared")
    expect(state(other)).to_have_attribute("data-session", state(page).get_attribute("data-session") or "")
    until("both to have one size", lambda: size(other) == size(page))
    expect(page.locator("[data-people]")).to_have_text("admin, admin")
    command(other, "echo from the oth''er")
    expect(rows(page)).to_contain_text("from the other")
    other.close()
    until("the size to be one's own again", lambda: int(size(page).split()[1]) > 100)


def test_an_image_without_a_shell_is_told(page: Page, console: Console, engine: EngineProcess, busybox: str) -> None:
    engine.docker("run", "-d", "--network", "none", "--name", "bare", busybox, "sleep", "1000")
    engine.docker("exec", "bare", "sh", "-c", "for s in sh ash bash; do rm -f $(command -v /bin/$s); done")
    page.goto(f"{console.url}/terminal/local/bare/")
    expect(state(page)).to_have_attribute("data-state", "failed")
    expect(page.locator("[data-detail]")).to_contain_text(re.compile("No shell"))


def test_tools(terminal: Page, page: Page) -> None:
    command(terminal, "seq 1 100; echo need''le")
    expect(rows(terminal)).to_contain_text("needle")
    page.keyboard.press("Control+Shift+F")
    page.get_by_label("Search in the terminal").fill("needle")
    page.keyboard.press("Enter")
    expect(page.locator(".xterm-selection div").first).to_be_attached()
    page.keyboard.press("Escape")
    before = size(page)
    page.get_by_text("Tools").click()
    for _ in range(4):
        page.get_by_label("Larger letters").click()
    until("fewer characters", lambda: size(page) != before)
    page.get_by_label("Colours").select_option("light")
    for _ in range(4):
        page.get_by_label("Smaller letters").click()
    page.get_by_label("Colours").select_option("dark")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy all").click()
    assert "\n99\n100\nneedle\n" in page.evaluate("navigator.clipboard.readText()")
    expect(page.locator("[data-latency]")).to_have_text(re.compile(r"^\d+ ms$"))


def test_tabs_have_names_and_choices(terminal: Page, page: Page) -> None:
    page.get_by_label("New terminal").click()
    page.get_by_label("Name").fill("as nobody")
    page.get_by_label("User", exact=True).fill("nobody")
    page.get_by_label("Directory").fill("/tmp")
    page.get_by_role("button", name="Open a shell").click()
    expect(page.get_by_role("tab", name="as nobody")).to_have_attribute("aria-selected", "true")
    expect(rows(page)).to_contain_text("/tmp $")
    command(page, "id -un; pwd")
    expect(rows(page)).to_contain_text(re.compile(r"nobody\s*/tmp"))
    page.reload()
    expect(page.get_by_role("tab")).to_have_count(2)
    page.goto(re.sub(r"/terminal/.*", "/terminals/", page.url))
    row = page.locator(".list tbody tr", has_text="as nobody")
    expect(row).to_contain_text("live")
    row.get_by_role("button", name="End").click()
    expect(page.locator(".list tbody tr", has_text="as nobody")).not_to_contain_text("live")


def test_a_recording_is_played(terminal: Page, page: Page) -> None:
    page.get_by_label("New terminal").click()
    page.get_by_label("Record its output").check()
    page.get_by_role("button", name="Open a shell").click()
    expect(page.locator("[data-recording]")).to_be_visible()
    command(page, "echo rec''orded")
    expect(rows(page)).to_contain_text("recorded")
    command(page, "exit")
    expect(state(page)).to_have_attribute("data-state", "ended")
    page.goto(re.sub(r"/terminal/.*", "/terminals/", page.url))
    page.get_by_role("link", name="Recording").first.click()
    page.get_by_label("Speed").select_option("8")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("portside-recording .xterm-rows")).to_contain_text("recorded", timeout=20_000)
