"""An in-memory dataset whose data is in another process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kedro.io import MemoryDataset


class HandedOverDataset(MemoryDataset):
    """An in-memory dataset that fetches its data when it is first loaded."""

    def __init__(self, fetch: Callable[[], Any]) -> None:
        """Keep what fetches the data; nothing is fetched."""
        super().__init__()
        self._fetch: Callable[[], Any] | None = fetch

    def load(self) -> Any:
        """The data, a copy as of any in-memory dataset."""
        if self._fetch is not None:
            data, self._fetch = self._fetch(), None
            super().save(data)
        return super().load()

    def save(self, data: Any) -> None:
        """Put other data in its place."""
        self._fetch = None
        super().save(data)

    def _exists(self) -> bool:
        return self._fetch is not None or super()._exists()
