"""What a node's loads and saves were like, seen through Kedro's own dataset hooks: the data is in hand there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Any

from kedro.framework.hooks import hook_impl

from kedro_dagster_component.manifest import dataset_name as without_suffix
from kedro_dagster_component.masking import mask_text
from kedro_dagster_component.plan import MetadataChoice
from kedro_dagster_component.runtime.messages import PlainMetadata
from kedro_dagster_component.runtime.metrics import metrics_of
from kedro_dagster_component.runtime.pictures import joined, picture_of
from kedro_dagster_component.runtime.tables import columns_of, count_rows, first_rows, is_table, schema_of

_logger = logging.getLogger(__name__)

_MAX_LOOKED_AT = 20
"""Values of a mapping that are looked at to tell whether they are tables, and of the same columns."""
_MAX_PICTURES = 4


@dataclass
class SaveRecord:
    """Saves of one dataset by one node.

    Attributes:
        seconds: Wall time of all its saves, later hooks excluded.
        row_count: Rows of all chunks, or of all partitions, together; None where the data is no table in memory.
        is_empty: Whether the last save was one of no partition at all.
        keys: Of the last save, where it was a mapping; so the partitions of a partitioned dataset.
        metadata: What else is told of it, by metadata key.
    """

    seconds: float = 0.0
    row_count: int | None = None
    is_empty: bool = False
    keys: tuple[str, ...] = ()
    metadata: dict[str, PlainMetadata] = field(default_factory=dict)


@dataclass
class Records:
    """Loads and saves of one node.

    Attributes:
        saves: By dataset name as the node spells it.
        load_seconds: Wall time of each load, by dataset name as the node spells it.
    """

    saves: dict[str, SaveRecord] = field(default_factory=dict)
    load_seconds: dict[str, float] = field(default_factory=dict)


class Recorder:
    """Hook object that times loads and saves, and looks at what is saved."""

    def __init__(self) -> None:
        self._records = Records()
        self._started: dict[str, float] = {}
        self._choices: Mapping[str, MetadataChoice] = {}

    def begin(self, choices: Mapping[str, MetadataChoice]) -> None:
        """Forget everything before the next node.

        Args:
            choices: What to tell of its outputs, by name of the dataset.
        """
        self._records, self._started, self._choices = Records(), {}, choices

    def take(self) -> Records:
        """Records since `begin`."""
        return self._records

    @hook_impl(trylast=True)
    def before_dataset_loaded(self, dataset_name: str) -> None:
        """Start the clock once all other hooks have run."""
        self._started[dataset_name] = perf_counter()

    @hook_impl(tryfirst=True)
    def after_dataset_loaded(self, dataset_name: str) -> None:
        """Stop the clock before any other hook runs."""
        self._records.load_seconds[dataset_name] = self._elapsed(dataset_name)

    @hook_impl(trylast=True)
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Start the clock once all other hooks have run."""
        self._started[dataset_name] = perf_counter()

    @hook_impl(tryfirst=True)
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Stop the clock before any other hook runs, and look at the data."""
        record = self._records.saves.setdefault(dataset_name, SaveRecord())
        record.seconds += self._elapsed(dataset_name)
        parts = _parts(data)
        record.is_empty = isinstance(data, Mapping) and not data
        record.keys = tuple(map(str, data)) if isinstance(data, Mapping) and len(parts) == len(data) else ()
        choice = self._choices.get(without_suffix(dataset_name), MetadataChoice())
        for part in choice.parts & _TOLD.keys():
            tell(part, dataset_name, partial(_TOLD[part], record, data, parts, choice))

    def _elapsed(self, dataset_name: str) -> float:
        now = perf_counter()
        return now - self._started.pop(dataset_name, now)


def _parts(data: Any) -> list[Any]:
    """The object itself; the values of a mapping, all of them where they are tables, else the first ones.

    What a mapping holds is either partitions or data of its own, which may be a million values.
    """
    if not isinstance(data, Mapping):
        return [data]
    first = list(islice(data.values(), _MAX_LOOKED_AT))
    return list(data.values()) if any(map(is_table, first)) else first


def tell(part: str, subject: str, find: Callable[[], Any]) -> Any:
    """What a function finds out, None where it fails: a node that succeeded does not fail for that.

    Args:
        part: What is to be told, for the warning.
        subject: Of what.
        find: The function.
    """
    try:
        return find()
    except Exception as error:  # noqa: BLE001  (code of data libraries, filesystems and the project)
        reason = mask_text(" ".join(str(error).split())) or type(error).__name__
        _logger.warning("No %s in the metadata of '%s': %s", part, subject, reason)
        return None


def _tell_columns(record: SaveRecord, data: Any, parts: list[Any], choice: MetadataChoice) -> None:
    found = [columns for part in parts[:_MAX_LOOKED_AT] if (columns := columns_of(part)) is not None]
    if found and all(columns == found[0] for columns in found):
        record.metadata.setdefault("dagster/column_schema", PlainMetadata("schema", schema_of(found[0])))


def _tell_rows(record: SaveRecord, data: Any, parts: list[Any], choice: MetadataChoice) -> None:
    counts = [count for part in parts if (count := count_rows(part, even_lazy=choice.counts_lazy)) is not None]
    if counts:
        record.row_count = (record.row_count or 0) + sum(counts)


def _tell_first_rows(record: SaveRecord, data: Any, parts: list[Any], choice: MetadataChoice) -> None:
    table = next((part for part in parts[:_MAX_LOOKED_AT] if is_table(part)), None)
    if table is not None and _PREVIEW not in record.metadata:
        record.metadata[_PREVIEW] = PlainMetadata("table", first_rows(table, choice.preview_rows))


def _tell_pictures(record: SaveRecord, data: Any, parts: list[Any], choice: MetadataChoice) -> None:
    drawn = list(data[:_MAX_PICTURES]) if isinstance(data, list | tuple) else parts[:_MAX_PICTURES]
    pictures = [picture for part in drawn if (picture := picture_of(part)) is not None]
    if pictures:
        record.metadata["kedro/figure"] = joined(pictures)


def _tell_metrics(record: SaveRecord, data: Any, parts: list[Any], choice: MetadataChoice) -> None:
    for name, fact in metrics_of(data).items():
        record.metadata[f"{_METRICS}/{name}" if name else _METRICS] = fact


_PREVIEW, _METRICS = "kedro/preview", "kedro/metrics"
_TOLD: Mapping[str, Callable[[SaveRecord, Any, list[Any], MetadataChoice], None]] = {
    "column_metadata": _tell_columns,
    "row_count": _tell_rows,
    "preview": _tell_first_rows,
    "figures": _tell_pictures,
    "metrics": _tell_metrics,
}
"""By name of the part in `include_metadata`: what looks at the data of a save, of a mapping also at its values."""
