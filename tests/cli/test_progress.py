"""What is said of the time left."""

from __future__ import annotations

import io

from app.batch.report import Outcome
from app.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_time_left_does_not_count_loading_the_model() -> None:
    now = 0.0
    stream = io.StringIO()
    progress = Progress(4, stream, lambda: now)
    assert progress.seconds_left() is None
    progress.ended(Outcome("z.png", "skipped"))
    progress.began("a.png")
    now = 60.0  # 50 of which the model took
    progress.ended(Outcome("a.png", "done", 10.0))
    assert progress.seconds_left() == 20.0
    progress.began("b.png")
    now = 65.0
    progress.step(1, 2)
    assert progress.seconds_left() == 15.0
    now = 70.0
    progress.ended(Outcome("b.png", "failed", 10.0, "It is damaged."))
    assert stream.getvalue().splitlines() == [
        "[1/4] z.png: done before",
        "[2/4] a.png: done in 10.0 s, 20 s left",
        "[3/4] b.png: It is damaged.",
    ]


def test_a_terminal_has_one_line_that_changes() -> None:
    stream = Terminal()
    now = 0.0
    progress = Progress(2, stream, lambda: now)
    progress.began("a.png")
    now = 1.0
    progress.step(3, 19)
    progress.ended(Outcome("a.png", "failed", 1.0, "It is damaged."))
    progress.close()
    shown = stream.getvalue().replace("\r", "\n").splitlines()
    assert "[0/2] step 3 of 19: a.png" in [line.strip() for line in shown]
    assert "[1/2] a.png: It is damaged." in shown
