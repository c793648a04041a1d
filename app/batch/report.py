"""The report of a batch: what became of every picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["done", "skipped", "failed", "left"]


@dataclass(frozen=True)
class Outcome:
    """What became of one picture."""

    name: str
    state: State  # skipped: was done before; left: not begun, or dropped
    seconds: float = 0.0
    message: str = ""  # why it failed
    note: str = ""  # what could not be kept


@dataclass
class Report:
    """What became of all of them."""

    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    stopped: str = ""  # why not all were tried; a sentence
    interrupted: bool = False
    machine: dict[str, Any] = field(default_factory=dict)  # model, device, precision, load_seconds

    def count(self, state: State) -> int:
        """How many ended so."""
        return sum(outcome.state == state for outcome in self.outcomes)

    @property
    def failures(self) -> list[Outcome]:
        """Those that failed, in order of their names."""
        return sorted((o for o in self.outcomes if o.state == "failed"), key=lambda o: o.name)

    @property
    def status(self) -> int:
        """The exit status."""
        if self.interrupted:
            return 130
        return 1 if self.stopped or self.count("failed") or self.count("left") else 0

    def as_json(self) -> dict[str, Any]:
        """Everything, for ``--json``."""
        states: tuple[State, ...] = ("done", "skipped", "failed", "left")
        return {
            **{state: self.count(state) for state in states},
            "seconds": round(self.seconds, 3),
            "interrupted": self.interrupted,
            "stopped": self.stopped,
            **self.machine,
            "files": [asdict(outcome) for outcome in sorted(self.outcomes, key=lambda o: o.name)],
        }
