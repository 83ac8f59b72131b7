"""`python -m kedro_dagster_component explain`; see `command`."""

import sys

from kedro_dagster_component.command import main

if __name__ == "__main__":
    sys.exit(main())
