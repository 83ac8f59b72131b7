import logging

import pytest


@pytest.fixture(autouse=True)
def _no_handlers_of_others(monkeypatch):
    """The root logger as it is in a new process: importing Kedro's project module gives it handlers of Kedro's own."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
