"""The scrubber and the monitor in real Notebook 7: what holds in JupyterLab holds there."""

import pytest
from lab import Notebook7, serve
from test_monitor_lab import buttons_work
from test_scrubber_lab import scrubber_works

pytest.importorskip("notebook", minversion="7.2", reason="Notebook 7 is not installed")
pytestmark = pytest.mark.slow

# Notebook 7.6 says this by itself when it loads, with any notebook: its shortcuts look at a plugin before it is there.
ITS_OWN = "Cannot read properties of undefined (reading 'schema')"


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory, need):
    need("browser")
    yield from serve(Notebook7, tmp_path_factory)


@pytest.fixture
def page(new_page):
    p = new_page()
    yield p
    assert not [e for e in p.errors if e != ITS_OWN], p.errors
    assert not p.outside, p.outside


def test_scrubber_in_notebook7(page, notebook7, tmp_path):
    scrubber_works(page, notebook7, tmp_path)


def test_monitor_in_notebook7(page, notebook7):
    buttons_work(page, notebook7, "python3")
