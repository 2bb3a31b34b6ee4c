"""The app as people meet it: a server of its own, and the system's Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
# Streamlit's client looks for its server under the page's own path first.
PROBES = ("/_stcore/health", "/_stcore/host-config")


@dataclass
class Visit:
    """A tab, and everything that went wrong in it."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def watch(self) -> "Visit":
        self.page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        self.page.on("console", self._heard)
        self.page.on("requestfailed", lambda r: self.errors.append(f"failed: {r.url}"))
        return self

    def _heard(self, message) -> None:
        if message.type == "error" and not message.location["url"].endswith(PROBES):
            self.errors.append(f"console: {message.text} {message.location['url']}")

    def settled(self) -> None:
        """Wait until the script has run and everything it sent is drawn."""
        self.page.wait_for_selector(
            "[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000
        )
        self.page.wait_for_function(
            "document.querySelectorAll('[data-testid=stSkeleton]').length === 0", timeout=60_000
        )

    def fits(self) -> bool:
        """Whether nothing sticks out sideways."""
        return self.page.evaluate(
            "(() => { const main = document.querySelector('[data-testid=stMain]');"
            "return document.documentElement.scrollWidth <= window.innerWidth"
            " && main.scrollWidth <= main.clientWidth; })()"
        )


@pytest.fixture(scope="session")
def chromium() -> str:
    found = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        pytest.fail(
            "There is no Chromium; install the package chromium or set CHROMIUM to its path."
        )
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a fresh server: the first page that a test opens is its first page ever."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("server") / "log").open("w+")
    command = [sys.executable, "-m", "lamae", "app", "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    environment = {k: v for k, v in os.environ.items() if k != "LAMAE_RECORDS"}
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            if process.poll() is not None or _healthy(address):
                break
            time.sleep(0.25)
        if process.poll() is not None or not _healthy(address):
            log.seek(0)
            pytest.fail(f"The app did not start:\n{log.read()[-2000:]}")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _healthy(address: str) -> bool:
    # Unknown addresses answer 200 too: only the body tells.
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
            return answer.read() == b"ok"
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Callable[..., Visit]]:
    """Open an address in a browser that has never been here."""
    contexts = []

    def arrive(path: str, width: int, **device) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 900}, **device)
        context.set_default_timeout(45_000)
        contexts.append(context)
        visit = Visit(context.new_page()).watch()
        visit.page.goto(f"{server}/{path}")
        visit.settled()
        return visit

    yield arrive
    for context in contexts:
        context.close()
