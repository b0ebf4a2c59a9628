"""A headless Chromium for the tests: every host but this machine is blocked, page errors and requests are kept."""

import json
from contextlib import suppress

import pytest
from lab import lab  # noqa: F401 (the fixture: one server for all tests)

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
LOCAL = ("http://127.0.0.1", "ws://127.0.0.1", "file:", "blob:", "data:")


def pytest_collection_modifyitems(items):
    for item in items:
        if {"browser", "lab"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")  # skipped, or failed, by tests/conftest.py where there is none


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    "A test that fails while a notebook is open says what that notebook and its server had to say."
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and (notebook := getattr(page, "notebook", None)):
        try:
            seen = json.dumps({"kernel": notebook.kernel_status, "errors": page.errors, "cells": notebook.cells})
        except Exception as e:
            seen = f"the page does not answer: {e}"
        report.sections += [
            ("the notebook", seen[-8000:]),
            ("its server", notebook.lab.log.read_text(errors="replace")[-4000:]),
        ]
    return report


@pytest.fixture(scope="session")
def browser(chrome, need):
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        need("browser", False, "the package playwright is not installed")
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path=chrome, headless=True, args=ARGS)
        yield b
        b.close()


@pytest.fixture
def new_page(browser):
    "Makes pages with a context of their own; each has .errors and .outside (requests to other hosts)."
    contexts = []

    def make(**options):
        options = {"viewport": {"width": 1200, "height": 900}, **options}
        contexts.append(context := browser.new_context(**options))
        page = context.new_page()
        page.errors, page.outside = [], []
        page.on("pageerror", lambda e: page.errors.append(str(e)))
        page.on("request", lambda r: None if r.url.startswith(LOCAL) else page.outside.append(r.url))
        page.on("websocket", lambda ws: None if ws.url.startswith(LOCAL) else page.outside.append(ws.url))
        return page

    yield make
    for context in contexts:
        for page in context.pages:
            if notebook := getattr(page, "notebook", None):
                with suppress(Exception):  # a page that was closed or has lost its server
                    notebook.close()
        context.close()


@pytest.fixture
def page(new_page):
    "One page of 1200×900. The test fails at its end if there was a page error or a request to another host."
    p = new_page()
    yield p
    assert not p.errors, p.errors
    assert not p.outside, p.outside


# what a page may forbid → its policy, how a network is then computed, and whether a Worker does it
POLICIES = {
    "WebAssembly": ("script-src 'unsafe-inline' blob:; worker-src blob:", "js", "true"),
    "Workers": ("script-src 'unsafe-inline' blob: 'wasm-unsafe-eval'; worker-src 'none'", "wasm", "false"),
    "both": ("script-src 'unsafe-inline' blob:; worker-src 'none'", "js", "false"),
}


def forbidding(policy: str, text: str) -> str:
    "A page with this policy for its scripts and Workers."
    whole = f"default-src 'self' 'unsafe-inline' data: blob:; {policy}"
    return text.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{whole}">')


def come_back(page, write, is_kept):
    """Write what a page keeps for its reader, leave the page, and open it again.

    A busy browser may lose what was kept in the seconds before: then it is written once more, and the page stays for longer.
    """
    for wait in (500, 3_000, 10_000):
        write()
        page.wait_for_timeout(wait)
        page.reload()
        if is_kept():
            return
    pytest.fail("what was written was not kept")
