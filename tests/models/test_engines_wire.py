"""Messages arrive whole however the pipe cuts them; energy and time are split so that the shares add up."""

import os
import pickle
import struct
from pathlib import Path

import pytest

from gulliver.models.engines.energy import EnergyMeter, Shares
from gulliver.models.engines.wire import Inbox, send


def test_messages_cut_anywhere_arrive_whole_and_in_order() -> None:
    read, write = os.pipe()
    inbox = Inbox(read)
    raw = b"".join(struct.pack("<Q", len(data)) + data for data in (pickle.dumps(n) for n in ("a", "b" * 500, "c")))
    got = []
    for start in range(0, len(raw), 7):
        os.write(write, raw[start : start + 7])
        got += inbox.take(wait=False)
    assert got == ["a", "b" * 500, "c"]
    assert inbox.take(wait=False) == []
    os.close(write)
    with pytest.raises(EOFError):
        inbox.take(wait=True)
    os.close(read)


def test_one_takes_no_more_than_one() -> None:
    read, write = os.pipe()
    inbox = Inbox(read)
    for message in ("first", "second", "third"):
        send(write, message)
    assert inbox.one() == "first"
    assert inbox.take(wait=True) == ["second", "third"]
    os.close(read)
    os.close(write)


def zone(root: Path, name: str, label: str, energy: int) -> Path:
    folder = root / name
    folder.mkdir()
    (folder / "name").write_text(label)
    (folder / "energy_uj").write_text(str(energy))
    (folder / "max_energy_range_uj").write_text("1000000")
    return folder / "energy_uj"


def test_energy_counts_packages_only_and_mends_a_counter_that_wrapped(tmp_path: Path) -> None:
    first = zone(tmp_path, "intel-rapl:0", "package-0", 900_000)
    second = zone(tmp_path, "intel-rapl:1", "package-1", 100_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 5)
    zone(tmp_path, "intel-rapl:2", "psys", 5)
    meter = EnergyMeter(tmp_path)
    first.write_text("150000")
    second.write_text("350000")
    assert meter.since() == pytest.approx(0.25 + 0.25)
    assert meter.since() == 0.0


def test_without_counters_energy_is_unknown(tmp_path: Path) -> None:
    assert EnergyMeter(tmp_path).since() is None


def test_shares_add_up_to_the_steps() -> None:
    shares = Shares()
    shares.charge({1: 120, 2: 1}, 1.21, 12.1)
    shares.charge({2: 0, 3: 0}, 0.5, 1.0)
    taken = [shares.take(key) for key in (1, 2, 3)]
    assert [seconds for seconds, _ in taken] == pytest.approx([1.2, 0.26, 0.25])
    assert sum(joules or 0 for _, joules in taken) == pytest.approx(13.1)
    assert shares.take(1) == (0.0, None)
