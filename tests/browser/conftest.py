"""Dagster's UI on the examples in headless Chromium: `dg dev` of a workspace with both of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from tests.integration.hooks.dev_server import DevServer

EXAMPLES = Path(__file__).parents[2] / "scaffolds"
LEFTOVERS = shutil.ignore_patterns("*.egg-info", "__pycache__", "02_*", "03_*", "04_*", "05_*", "06_*", "07_*", "08_*")
PICTURES = Path(__file__).parents[2] / "docs" / "how-to" / "pictures"
_COLOURS = 128
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
expect.set_options(timeout=60_000)  # a busy machine draws a page in its own time
IN_PROCESS = '{"execution": {"config": {"in_process": {}}}}'
WORKSPACE = 'directory_type = "workspace"\n[workspace]\n' + "".join(
    f'[[workspace.projects]]\npath = "{name}"\n' for name in ("orchestration", "airports")
)


@pytest.fixture(scope="session")
def chromium():
    """Path of the browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None and not os.environ.get("CI"):
        pytest.skip("there is no Chromium here; on Debian: apt-get install chromium")
    assert found, "CI installs Chromium"
    return found


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    """Both examples in one Dagster workspace; the first has run once."""
    folder = tmp_path_factory.mktemp("workspace")
    for name in ("flights", "orchestration", "airports"):
        shutil.copytree(EXAMPLES / name, folder / name, ignore=LEFTOVERS)
    for name in ("orchestration", "airports"):  # a workspace runs each project in an environment of its own
        (folder / name / ".venv").symlink_to(sys.prefix)
    (folder / "dg.toml").write_text(WORKSPACE, encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\nnux:\n  enabled: false\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def environment(workspace):
    """Of every process."""
    sources = [str(workspace / name / "src") for name in ("orchestration", "flights", "airports")]
    paths = [*sources, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "DAGSTER_HOME": str(workspace / "home"), "PYTHONPATH": os.pathsep.join(paths)}


@pytest.fixture(scope="module")
def server(workspace, environment, chromium):
    """`dg dev`, once the first example has run."""
    command = [str(Path(sys.executable).with_name("dg")), "launch", "--assets", "*", "--config-json", IN_PROCESS]
    done = subprocess.run(
        command, cwd=workspace / "orchestration", env=environment, capture_output=True, text=True, check=False
    )
    assert "RUN_SUCCESS" in done.stderr + done.stdout, done.stderr[-4000:]
    server = DevServer(workspace, environment, workspace / "dev.log")
    try:
        server.wait_until_ready(180)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")  # while Playwright runs, no other test of the process can run an event loop of its own
def browser(chromium):
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, headless=True, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def window(browser, server):
    """What pages share: the address of the server, and what they have fetched from it."""
    opened = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}",
        viewport={"width": 1500, "height": 950},
        reduced_motion="reduce",
    )
    opened.set_default_timeout(90_000)
    yield opened
    opened.close()


@pytest.fixture
def page(window):
    """A new page; `page.goto("/path")` starts at the server."""
    opened = window.new_page()
    yield opened
    opened.close()


@pytest.fixture
def picture(page):
    """Keeps a picture of the page for the docs, where `make pictures` asks for them."""

    def keep(name):
        if os.environ.get("KEEP_PICTURES"):
            page.wait_for_timeout(1500)  # until nothing moves any more
            path = PICTURES / f"{name}.png"
            page.screenshot(path=path)
            Image.open(path).quantize(_COLOURS).save(path, optimize=True)  # a third of the size, and looks the same

    return keep
