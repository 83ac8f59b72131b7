"""The example with partitions, in Kedro and in Dagster."""

import json
import subprocess
import sys


def test_a_partition_is_what_kedro_makes_of_its_parameters(dg_airports, examples):
    folder = examples / "airports"
    names = ["02_departures/JFK|2013-01-05.csv", "03_delays/JFK|2013-01-05.csv"]
    params = 'partition_airport=JFK,partition_day="2013-01-05"'
    nodes = "--nodes=select_departures,measure_delays"
    kedro = [sys.executable, "-m", "kedro", "run", nodes, "--params", params]
    subprocess.run(kedro, cwd=folder, env=dg_airports.environment, check=True, timeout=120)
    made = {name: (folder / "data" / name).read_bytes() for name in names}
    for name in names:
        (folder / "data" / name).unlink()
    done = dg_airports.run("launch", "--job", "airports", "--partition", "JFK|2013-01-05", timeout=180)
    assert "RUN_SUCCESS" in done.stderr + done.stdout, done.stderr[-4000:]
    assert {path.relative_to(folder / "data").as_posix() for path in folder.glob("data/0[23]*/*")} == set(names)
    assert {name: (folder / "data" / name).read_bytes() for name in names} == made


def test_partitions_are_shown(dg_airports):
    defs = json.loads(dg_airports.succeed("list", "defs", "--json"))
    assert {job["name"] for job in defs["jobs"]} == {"all_days", "airports", "statements"}
    assert {schedule["name"] for schedule in defs["schedules"]} == {"statements_schedule"}
    assert "airlines" in {sensor["name"] for sensor in defs["sensors"]}
