"""What of a module's source is an effect on others, and what only defines."""

import pytest

from kedro_dagster_component.runtime.module_effects import does_more_than_define

DEFINES = """
    '''Text.'''
    import logging
    log: logging.Logger = logging.getLogger(__name__)
    if True:
        LIMITS = {"a": 1}
    class Model:
        size = 3
        log.info("class")
    def work(x):
        x.y = log.info("call")
    if __name__ == "__main__":
        work(1)
"""
EFFECTS = [
    "register('double', lambda x: x)",
    "import os\nos.environ['A'] = 'b'",
    "from demo import shared\nshared.limit = 3",
    "from demo import shared\ntry:\n    shared.limit += 3\nexcept NameError:\n    pass",
    "del shared.limit",
    "with quiet():\n    seed(1)",
    "not Python",
]


@pytest.mark.parametrize("text", ["", DEFINES])
def test_what_defines(tmp_path, text):
    (tmp_path / "module.py").write_text("if 1:\n" + text if text else "")
    assert not does_more_than_define(tmp_path / "module.py")


@pytest.mark.parametrize("text", EFFECTS)
def test_what_has_an_effect(tmp_path, text):
    (tmp_path / "module.py").write_text(text)
    assert does_more_than_define(tmp_path / "module.py")
