"""Who used what of an engine's busy time and energy: a step's seconds and joules, split over the requests in it."""

from collections.abc import Mapping
from pathlib import Path


class EnergyMeter:
    """Joules of the processor packages, by RAPL, where this process may read it (usually root only)."""

    def __init__(self, root: Path = Path("/sys/class/powercap")) -> None:
        self._counters: list[tuple[Path, int]] = []
        # `intel-rapl:0` is a package (AMD's too); `intel-rapl:0:0` lies within it and would count twice.
        for zone in sorted(root.glob("intel-rapl:[0-9]*")):
            try:
                if zone.name.count(":") > 1 or not (zone / "name").read_text().startswith("package"):
                    continue
                int((zone / "energy_uj").read_text())
                self._counters.append((zone / "energy_uj", int((zone / "max_energy_range_uj").read_text())))
            except (OSError, ValueError):
                continue
        self._before = self._read()

    def since(self) -> float | None:
        """Joules since the last call; None when the machine does not tell. A counter that wrapped once is mended."""
        before, self._before = self._before, self._read()
        if not before or not self._before:
            return None
        spent = 0
        for old, new, (_, top) in zip(before, self._before, self._counters, strict=True):
            spent += new - old if new >= old else new - old + top
        return spent / 1e6

    def _read(self) -> list[int]:
        try:
            return [int(path.read_text()) for path, _ in self._counters]
        except (OSError, ValueError):
            return []


class Shares:
    """Seconds and joules by request; the shares of a step add up to the step."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self._joules: dict[int, float] = {}

    def charge(self, weights: Mapping[int, float], seconds: float, joules: float | None) -> None:
        """Split one step by weight; equally when no weight is above zero."""
        total = sum(weights.values())
        for key, weight in weights.items():
            part = weight / total if total else 1 / len(weights)
            self._seconds[key] = self._seconds.get(key, 0.0) + seconds * part
            if joules is not None:
                self._joules[key] = self._joules.get(key, 0.0) + joules * part

    def take(self, key: int) -> tuple[float, float | None]:
        """A request's seconds and joules so far; they are forgotten here."""
        return self._seconds.pop(key, 0.0), self._joules.pop(key, None)
