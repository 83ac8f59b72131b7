"""Translation needs no Kedro: definitions are made of a golden manifest where importing it fails."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys


class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"kedro", "kedro_datasets", "pandas", "mlflow"}:
            raise ImportError(f"{name} is not to be imported")


sys.meta_path.insert(0, Blocked())
sys.path.insert(0, sys.argv[1])
import dagster as dg
from golden import definitions, golden

for name in ("flights", "odd_names"):
    defs = definitions(golden(name))
    dg.Definitions.validate_loadable(defs)
    print(len(defs.assets), len(defs.jobs), len(defs.schedules))
"""


def test_definitions_are_made_without_kedro():
    folder = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "14 4 2"
