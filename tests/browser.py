"""What browser tests stand on: Debian's Chromium, a watch over every page, and the checks a page has to pass."""

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, expect
from playwright.sync_api import Error as PlaywrightError

PACKAGES = Path(settings.BASE_DIR) / "node_modules"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (1280, 390)
HEIGHT = 844
PATIENCE = 60  # seconds
expect.set_options(timeout=20_000)  # for a busy machine: a quiet one never waits that long

# What the HTML checker says about markup that is not ours to change.
HTML_ACCEPTED: tuple[str, ...] = ()


class Documents:
    """Middleware that keeps the HTML it lets out, under the number in its header: Chromium may never hand it over."""

    HEADER = "x-document"
    MOST = 100
    kept: dict[str, str] = {}
    numbers = itertools.count()

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.streaming and response.headers.get("Content-Type", "").startswith("text/html"):
            number = response.headers[self.HEADER] = str(next(self.numbers))
            self.kept[number] = response.text
            for old in list(self.kept)[: -self.MOST]:
                self.kept.pop(old, None)
        return response

    @classmethod
    def html_of(cls, response: Response) -> str:
        return cls.kept[response.headers[cls.HEADER]]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    # The browser without its windows takes a third less time for the same pages.
    found = shutil.which("chromium-headless-shell")
    assert found, "Chromium is missing: run script/test, or apt-get install chromium-headless-shell"
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-gpu",
        "--disable-sync",
        "--no-first-run",
    ]
    if os.geteuid() == 0:
        quiet.append("--no-sandbox")  # Chromium refuses to sandbox root's pages
    return {**browser_type_launch_args, "executable_path": found, "args": quiet}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return {
        **browser_context_args,
        "locale": "en-US",
        "timezone_id": settings.TIME_ZONE,
        "viewport": {"width": WIDTHS[0], "height": HEIGHT},
    }


@pytest.fixture(scope="session")
def playwright(playwright):
    # Playwright's event loop runs in the thread of the tests, and Django refuses the ORM there otherwise.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield playwright
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page_errors() -> Iterator[list[str]]:
    """What went wrong in any page of the test; it fails unless the test takes it out of the list."""
    errors: list[str] = []
    yield errors
    assert errors == []


@pytest.fixture
def documents() -> dict[Page, Response]:
    """The document that each page shows, as the server sent it; none while the page is on its way to the next."""
    return {}


@pytest.fixture
def new_context(
    new_context,
    live_server,
    page_errors: list[str],
    documents: dict[Page, Response],
    axe_source: str,
    request: pytest.FixtureRequest,
):
    """A browser of its own, as for another person, watched for errors and for requests that leave the site."""
    own_host = urlsplit(live_server.url).netloc

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            page_errors.append(f"{message.page.url if message.page else ''}: {message.text}")

    def on_request(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme.startswith("http") and url.netloc != own_host:
            page_errors.append(f"{request.frame.url} asks {request.url}")
        if request.is_navigation_request():
            documents.pop(request.frame.page, None)

    def on_response(response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and not 300 <= response.status < 400:
            documents[request.frame.page] = response

    def make(**options) -> BrowserContext:
        context = new_context(base_url=live_server.url, **options)
        if {"check_page", "axe_problems"} & set(request.fixturenames):
            # Of every page, as a function not yet called: to hand the source over takes longer than the checks, and the
            # content security policy (rightly) refuses an added script.
            context.add_init_script(f"window.loadAxe = () => {{ {axe_source} }}")
        context.on("console", on_console)
        context.on("weberror", lambda error: page_errors.append(str(error.error)))
        context.on("request", on_request)
        context.on("response", on_response)
        return context

    return make


@pytest.fixture
def sign_in(live_server) -> Callable[[Page, object], None]:
    """sign_in(page, user): that page's browser is signed in from now on, without the sign-in form."""

    def do(page: Page, user: object) -> None:
        client = Client()
        client.force_login(user)
        page.context.clear_cookies()
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}]
        )

    return do


@pytest.fixture(scope="session")
def axe_source() -> str:
    return (PACKAGES / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="session")
def html_to_check(tmp_path_factory) -> Iterator[list[tuple[str, str]]]:
    """Names and HTML of pages. Java starts slowly, so all are checked together when the session ends."""
    collected: list[tuple[str, str]] = []
    yield collected
    if collected:
        problems = html_problems(collected, tmp_path_factory.mktemp("html"))
        assert not problems, "\n".join(["HTML that is not valid:", *problems])


def html_problems(pages: list[tuple[str, str]], folder: Path) -> list[str]:
    names = {}
    for number, (name, html) in enumerate(pages):
        path = folder / f"{number}.html"
        path.write_text(html)
        names[path.name] = name
    jar = PACKAGES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    # Java's quick compiler alone: the thorough one takes longer than it saves. It needs a deeper stack.
    java = ["java", "-XX:TieredStopAtLevel=1", "-Xss4m", "-jar", jar]
    # Exit code 1 says that there are messages; they come on standard error.
    run = subprocess.run([*java, "--format", "json", folder], capture_output=True, text=True, check=False)
    return [
        f"{names[Path(message['url']).name]}: {message['message']} … {message.get('extract', '')}"
        for message in json.loads(run.stderr)["messages"]
        if message["message"] not in HTML_ACCEPTED
    ]


@pytest.fixture
def check_page(
    html_to_check: list[tuple[str, str]],
    documents: dict[Page, Response],
    request: pytest.FixtureRequest,
) -> Callable[[Page], None]:
    """check_page(page): accessible and without sideways scrolling at both widths; its HTML is checked at the end."""

    def settled(page: Page) -> Response:
        until = time.monotonic() + PATIENCE
        while page not in documents:
            assert time.monotonic() < until, f"no page came after {page.url}"
            page.wait_for_timeout(20)
        page.wait_for_load_state()
        return documents[page]

    def look(page: Page) -> list[str]:
        problems = []
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            problems += [f"at {width}: {problem}" for problem in _layout_problems(page) + _axe_problems(page)]
        page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        return problems

    def check(page: Page) -> None:
        # A click does not wait for the page it leads to: what was seen on the way there is looked at again.
        while True:
            document = settled(page)
            try:
                problems = look(page)
            except PlaywrightError:
                if documents.get(page) is document:
                    raise
                continue
            if documents.get(page) is document:
                break
        html_to_check.append((f"{request.node.name}: {urlsplit(page.url).path}", Documents.html_of(document)))
        assert not problems, "\n".join([page.url, *problems])

    return check


@pytest.fixture
def axe_problems() -> Callable[[Page], list[str]]:
    """axe_problems(page): at both widths, of a page whose HTML is not ours."""

    def look(page: Page) -> list[str]:
        problems = []
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            problems += [f"at {width}: {problem}" for problem in _axe_problems(page, preload=False)]
        return problems

    return look


def _layout_problems(page: Page) -> list[str]:
    problems = []
    if page.locator("h1").count() != 1:
        problems.append(f"{page.locator('h1').count()} h1 elements, expected one")
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > page.viewport_size["width"]:
        problems.append(f"scrolls sideways: {width} px wide")
    return problems


def _axe_problems(page: Page, *, preload: bool = True) -> list[str]:
    """`preload`: with style sheets that others import, which are copied into the page, as its policy may refuse."""
    result = page.evaluate(
        """([tags, preload]) => {
            if (!window.axe) loadAxe();
            const runOnly = {type: 'tag', values: tags};
            return axe.run(document, {runOnly, preload, resultTypes: ['violations']});
        }""",
        [AXE_TAGS, preload],
    )
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
