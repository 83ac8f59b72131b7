"""Print what the last run on this Dagster instance materialised: `make demo` ends with it.

Reads the instance that DAGSTER_HOME names. Exits with 1 when there is no run, or the last one did not succeed.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROW_COUNT = "dagster/row_count"
SIZE = "kedro/size_bytes"
SECONDS = "kedro/seconds"
ABSENT = "-"
HEADER = ("asset", "rows or size", "seconds")
UNIT = 1024

NEXT = """\
Where to look next
  make dev                        this run and the asset graph, in the Dagster UI
  scaffolds/flights               the Kedro project; `kedro run` works on it as ever
  scaffolds/orchestration         the Dagster project: one component.yaml
  docs/index.md                   the documentation"""


def main() -> int:
    """Print the table and what to try next; the exit code."""
    with dg.DagsterInstance.get() as instance:
        runs = instance.get_runs(limit=1)
        if not runs:
            print("This Dagster instance has no run.", file=sys.stderr)
            return 1
        run = runs[0]
        rows = [row_of(event) for event in materializations(instance, run.run_id)]
    print(f"\nJob {run.job_name}, run {run.run_id}: {run.status.value}, {len(rows)} materialisations\n")
    print(table_of(rows))
    print(f"\n{NEXT}")
    return 0 if run.status is dg.DagsterRunStatus.SUCCESS and rows else 1


def materializations(instance: dg.DagsterInstance, run_id: str) -> list[dg.AssetMaterialization]:
    """The materialisations of a run, oldest first."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
    return [event for record in records if (event := record.asset_materialization)]


def row_of(event: dg.AssetMaterialization) -> tuple[str, str, str]:
    """Asset, rows or size, seconds; a partition is shown behind its asset."""
    name = event.asset_key.to_user_string()
    seconds = number(event.metadata, SECONDS)
    return (
        f"{name} [{event.partition}]" if event.partition else name,
        amount(event.metadata),
        ABSENT if seconds is None else f"{seconds:.2f}",
    )


def amount(metadata: Mapping[str, dg.MetadataValue]) -> str:
    """Rows where they are known, else the size, else `-`."""
    rows = number(metadata, ROW_COUNT)
    if rows is not None:
        return f"{rows:,.0f} rows"
    size_bytes = number(metadata, SIZE)
    return ABSENT if size_bytes is None else readable_size(size_bytes)


def number(metadata: Mapping[str, dg.MetadataValue], key: str) -> float | None:
    """The number under `key`; None where there is none."""
    value = metadata[key].value if key in metadata else None
    return float(value) if isinstance(value, (int, float)) else None


def readable_size(size_bytes: float) -> str:
    """`size_bytes` in the largest unit in which it is at least one, base 1024."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size_bytes < UNIT:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= UNIT
    return f"{size_bytes:.1f} TiB"


def table_of(rows: Sequence[tuple[str, str, str]]) -> str:
    """The rows under their header: the first column to the left, the others to the right."""
    lines = [HEADER, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    rule = "  ".join("-" * width for width in widths)
    text = [f"  {a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in lines]
    return "\n".join([text[0], f"  {rule}", *text[1:]])


if __name__ == "__main__":
    sys.exit(main())
