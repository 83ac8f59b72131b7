"""A process that is killed in a save of one partition leaves what was there."""

import multiprocessing
import os
import pickle
import signal
import stat
from pathlib import Path

import pytest
from kedro.io import DatasetError
from kedro_datasets.json import JSONDataset
from kedro_datasets.partitions import PartitionedDataset
from kedro_datasets.pickle import PickleDataset
from kedro_datasets.text import TextDataset

from kedro_dagster_component.compat.kedro_partitions import limited_to
from kedro_dagster_component.compat.kedro_saves import saving_whole

FORK = multiprocessing.get_context("fork")


class Killer:
    """Ends its process while it is written, behind what a buffer holds."""

    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGKILL)
        return (int, ())


class CutOff(dict):
    """Fails while it is written."""

    def items(self):
        raise RuntimeError("cut off")


def killed(save, data):
    child = FORK.Process(target=save, args=(data,))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL


def partitions(folder, **options):
    dataset = PartitionedDataset(path=str(folder), dataset=PickleDataset, filename_suffix=".pkl", **options)
    return limited_to(dataset, ("eu",), own="eu")


@pytest.mark.parametrize("make", ["partitions", "overwrite", "entry"])
def test_a_killed_save_leaves_the_earlier_content(tmp_path, make):
    file = tmp_path / "data/eu.pkl"
    datasets = {
        "partitions": lambda: partitions(tmp_path / "data"),
        "overwrite": lambda: partitions(tmp_path / "data", overwrite=True),
        "entry": lambda: saving_whole(PickleDataset(filepath=str(file))),
    }
    dataset = datasets[make]()
    keyed = (lambda data: data) if make == "entry" else lambda data: {"eu": data}
    dataset.save(keyed("earlier"))
    killed(dataset.save, keyed([b"x" * 2_000_000, Killer()]))
    assert pickle.loads(file.read_bytes()) == "earlier"
    assert [path.name for path in (tmp_path / "data").rglob("*")] == ["eu.pkl"]
    dataset.save(keyed("later"))
    assert pickle.loads(file.read_bytes()) == "later"


def test_a_later_process_clears_what_a_killed_save_left(tmp_path):
    data, others = tmp_path / "data", tmp_path / ".data-saving-elsewhere-1-x"
    others.mkdir()  # of another machine: nobody here knows whether its process still saves
    killed(partitions(data).save, {"eu": [b"x" * 2_000_000, Killer()]})
    [left] = [path for path in tmp_path.glob(".data-saving-*") if path != others]
    assert (left / "eu.pkl").stat().st_size > 0
    partitions(data).save({"eu": "later"})
    assert {path.name for path in tmp_path.iterdir()} == {"data", others.name}


def test_a_plain_save_leaves_half_a_file(tmp_path):
    plain = PickleDataset(filepath=str(tmp_path / "x.pkl"))
    plain.save("earlier")
    killed(plain.save, [b"x" * 2_000_000, Killer()])
    with pytest.raises((pickle.UnpicklingError, EOFError)):
        pickle.loads((tmp_path / "x.pkl").read_bytes())


def test_a_failed_save_leaves_the_earlier_content_and_names_the_file(tmp_path):
    file = tmp_path / "data/x.json"
    dataset = saving_whole(JSONDataset(filepath=str(file)))
    dataset.save({"a": 1})
    with pytest.raises(DatasetError) as raised:
        dataset.save({"a": object()})
    assert (str(file) in str(raised.value), "-saving-" in str(raised.value)) == (True, False)
    assert dataset.load() == {"a": 1}
    assert [path.name for path in tmp_path.rglob("*")] == ["data", "x.json"]


def test_a_file_keeps_its_mode_and_a_link_its_target(tmp_path):
    file, other = tmp_path / "data/x.txt", tmp_path / "other.txt"
    dataset = saving_whole(TextDataset(filepath=str(file)))
    dataset.save("one")
    file.chmod(0o640)
    dataset.save("two")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("two", 0o640)
    file.unlink()
    file.symlink_to(other)
    dataset.save("three")
    assert (file.is_symlink(), other.read_text()) == (True, "three")


def test_what_adds_to_a_file_still_does(tmp_path):
    file = tmp_path / "x.txt"
    dataset = saving_whole(TextDataset(filepath=str(file), fs_args={"open_args_save": {"mode": "a"}}))
    dataset.save("one ")
    dataset.save("two")
    assert file.read_text() == "one two"


def test_a_dataset_of_another_package_is_left_alone(tmp_path):
    class Own(TextDataset):
        pass

    Own.__module__ = "my_project.datasets"
    dataset = saving_whole(Own(filepath=str(tmp_path / "x.txt")))
    assert "save" not in vars(dataset)


def test_where_nothing_can_be_written_beside_it_the_file_is_written_in_place(tmp_path):
    folder = tmp_path / "locked/data"
    folder.mkdir(parents=True)
    dataset = saving_whole(TextDataset(filepath=str(folder / "x.txt")))
    (tmp_path / "locked").chmod(0o555)
    try:
        dataset.save("written")
    finally:
        (tmp_path / "locked").chmod(0o755)
    assert Path(folder / "x.txt").read_text() == "written"
