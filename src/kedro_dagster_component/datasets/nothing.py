"""A dataset that holds nothing and only puts nodes in order."""

from __future__ import annotations

from typing import Any

from kedro.io import AbstractDataset

NOTHING_OUTPUT = "__nothing__"
"""What a node gets that takes such a dataset as an input."""


class DagsterNothingDataset(AbstractDataset[Any, str]):
    """Makes one node run after another without data between them.

    The first node has it as an output, the second as an input. What the first returns for it is thrown away (Kedro
    refuses None there, as for every dataset: return True, say), the second gets `"__nothing__"`.

    ```yaml
    tables_are_loaded:
      type: kedro_dagster_component.datasets.DagsterNothingDataset
    ```
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        """As any dataset's.

        Args:
            metadata: For users and plugins; Kedro does nothing with it.
        """
        self.metadata = metadata

    def load(self) -> str:
        """`NOTHING_OUTPUT`, whether or not something was saved."""
        return NOTHING_OUTPUT

    def save(self, data: Any) -> None:
        """Nothing."""

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {}
