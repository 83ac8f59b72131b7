"""Entry point: everything found in the folder `defs`."""

from pathlib import Path

from dagster import Definitions, definitions, load_from_defs_folder


@definitions
def defs() -> Definitions:
    """Load the definitions."""
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
