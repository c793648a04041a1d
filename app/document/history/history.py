"""The history: steps back and forth, within a budget of memory and one of disk."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from app.document.history.edits import Edit, Editable, EditPart
from app.document.history.spill import SpillFolder
from app.document.pixels import Box, Stored

MEMORY_BUDGET = 1000 * 1000**2
DISK_BUDGET = 4 * 1000**3

Listener: TypeAlias = Callable[[], None]


class Run(Protocol):
    """Does work, now or on another thread, and answers where it was asked."""

    def __call__(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Exception], None], /
    ) -> None: ...


def run_now(work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Exception], None]) -> None:
    """Do the work and answer at once."""
    try:
        result = work()
    except Exception as error:
        failed(error)
    else:
        done(result)


_numbers = itertools.count(1)


class Step:
    """An edit in the history. Two steps are never equal."""

    def __init__(self, edit: Edit, version: int) -> None:
        self.number = next(_numbers)  # no other step has it
        self.edit = edit
        self.version = version  # of the pixels with it done
        self.name = edit.name
        self.box: Box = edit.box
        self.changes_pixels = edit.changes_pixels
        self.time = time.time()  # seconds since 1970
        self.nbytes = edit.nbytes  # of memory
        self.disk_nbytes = 0
        self.path: Path | None = None  # of its file, once it is on disk
        self.kept = False  # it lies in a file that others look after
        self.busy = False  # being compressed or written

    @property
    def on_disk(self) -> bool:
        """Whether undoing it reads a file."""
        return self.kept or self.path is not None


class Journey:
    """Steps to take on the way to another place of a history, all of them back or all forward."""

    def __init__(self, edits: list[Edit], back: bool) -> None:
        self.edits, self.back = edits, back
        self.taken = 0
        self.parts: list[EditPart] = []  # that have changed; of a step that failed, those that may have

    @property
    def boxes(self) -> list[Box]:
        """What has changed, as boxes of the picture."""
        return [part.box for part in self.parts]

    @property
    def cost(self) -> float:
        """About how many bytes are to be unpacked and written; infinite where a file must be read."""
        total = 0.0
        for edit in self.edits:
            total += edit.cost(back=self.back)
        return total

    def take(self, document: Editable) -> None:
        """Take every step, on any thread, while nobody else edits the document.

        Raises ``OSError`` when a step cannot be read back from disk, ``MemoryError``, and ``RuntimeError``
        during a stroke: the steps before that one are taken. A step that ran out of memory may be taken in
        part, and can be taken again.
        """
        for edit in self.edits:
            before = len(self.parts)
            self.parts += edit.parts
            try:
                edit.undo(document) if self.back else edit.redo(document)
            except (OSError, RuntimeError):  # nothing of it has changed
                del self.parts[before:]
                raise
            self.taken += 1


class History:
    """A list of edits and how many of them are done.

    New steps are compressed by ``run``. When the memory budget is exceeded the oldest steps
    are written to a temporary file each, and read from there when they are undone, which the
    caller waits for (as long as reading the file takes). When the disk budget is exceeded, or
    the disk is full, the oldest are forgotten: undo ends there. The newest step and the one
    undone next stay in memory whatever the budget. One thread calls; ``run`` may use another
    one for the work it is given, one piece after the other, and answers on the first.
    """

    def __init__(
        self,
        run: Run = run_now,
        *,
        budget: int = MEMORY_BUDGET,
        disk_budget: int = DISK_BUDGET,
        folder: Path | None = None,
    ) -> None:
        """Budgets are in bytes; ``folder`` is where temporary files go (the system's place by default)."""
        self.steps: list[Step] = []  # read it, do not write to it
        self.index = 0  # of steps done
        # Forgotten for want of room since somebody has emptied this, the oldest first; None: nobody asks.
        self.dropped: list[Step] | None = None
        self.forgotten = 0  # how many were in all
        self.saved_version = 0
        # Called when something changed by itself: steps were forgotten, or hold less memory than before.
        self.listeners: list[Listener] = []
        self._run, self._parent, self._folder = run, folder, SpillFolder(folder)
        self._budget, self._disk_budget = budget, disk_budget
        self._disk_full = self._trimming = self._away = self._put_off = False
        self._first_version = self._newest_version = 0
        self._floor = 0  # the step before the first one there is

    # -- what there is ---------------------------------------------------------------------

    @property
    def nbytes(self) -> int:
        """Memory held by all steps, in bytes."""
        return sum(step.nbytes for step in self.steps)

    @property
    def disk_nbytes(self) -> int:
        """Disk held by all steps, in bytes."""
        return sum(step.disk_nbytes for step in self.steps)

    @property
    def pixel_version(self) -> int:
        """A number for the picture's pixels as they are now; equal numbers are equal pixels."""
        return self.steps[self.index - 1].version if self.index else self._first_version

    @property
    def place(self) -> int:
        """A number for pixels and mask as the steps done have made them; equal numbers are equal ones."""
        return self.steps[self.index - 1].number if self.index else self._floor

    @property
    def unsaved(self) -> bool:
        """Whether the pixels are others than those saved; the mask is not part of what is saved."""
        return self.pixel_version != self.saved_version

    @property
    def budget(self) -> int:
        """Memory the steps may hold, in bytes; may be set at any time."""
        return self._budget

    @budget.setter
    def budget(self, nbytes: int) -> None:
        self._budget = nbytes
        self._trim()

    @property
    def disk_budget(self) -> int:
        """Disk the steps may hold, in bytes; may be set at any time."""
        return self._disk_budget

    @disk_budget.setter
    def disk_budget(self, nbytes: int) -> None:
        self._disk_budget = nbytes
        self._trim()

    # -- going back and forth --------------------------------------------------------------

    def push(self, edit: Edit) -> Step:
        """Add an edit that has been applied; what was undone before it is forgotten."""
        self._forget(self.steps[self.index :])
        if edit.changes_pixels:
            self._newest_version += 1
            step = Step(edit, self._newest_version)
        else:
            step = Step(edit, self.pixel_version)
        del self.steps[self.index :]
        self.steps.append(step)
        self.index += 1
        self._pack(step)
        return step

    def undo(self, document: Editable) -> list[Box]:
        """Take the last step back; answers the boxes that changed.

        Raises ``IndexError`` when nothing is left, ``OSError`` when a step cannot be read back from
        disk and ``RuntimeError`` during a stroke; nothing has changed then.
        """
        return self.go_to(document, self.index - 1)

    def redo(self, document: Editable) -> list[Box]:
        """Do the next step again; answers the boxes that changed. Raises as ``undo`` does."""
        return self.go_to(document, self.index + 1)

    def go_to(self, document: Editable, index: int) -> list[Box]:
        """Undo or redo until ``index`` steps are done; answers the boxes that changed. Raises as ``undo`` does."""
        journey = self.set_out(index)
        try:
            journey.take(document)
        finally:
            self.arrive(journey)
        return journey.boxes

    def set_out(self, index: int) -> Journey:
        """The way until ``index`` steps are done, to be taken and handed to ``arrive``; nothing is pushed meanwhile.

        Raises ``IndexError`` where there are no such steps.
        """
        if not 0 <= index <= len(self.steps):
            raise IndexError(f"there is no step {index}")
        self._away = True
        back = index < self.index
        steps = reversed(self.steps[index : self.index]) if back else iter(self.steps[self.index : index])
        return Journey([step.edit for step in steps], back)

    def arrive(self, journey: Journey) -> None:
        """Be where a journey got to."""
        self._away = False
        self.index += -journey.taken if journey.back else journey.taken
        if self._put_off:
            self._trim()

    def restore(self, edits: list[tuple[Edit, float]], index: int) -> None:
        """Begin with steps made earlier, each with its time; ``index`` of them are done in the document that is there.

        They stay in the files they are in, of which nothing is removed. The pixels are as saved.
        """
        self.clear()
        for edit, when in edits:
            self._newest_version += edit.changes_pixels
            step = Step(edit, self._newest_version)
            step.time, step.kept = when, True
            self.steps.append(step)
        self.index = index
        self.saved_version = self.pixel_version

    def clear(self) -> None:
        """Forget all steps and remove their files: the pixels are as saved, and nothing can be undone."""
        steps, self.steps, self.index = self.steps, [], 0
        self.dropped = None if self.dropped is None else []
        self.saved_version = self._first_version = self._newest_version = self._floor = 0
        self._disk_full = self._away = False
        # What is being written goes to the old folder, and is removed with it.
        old, self._folder = self._folder, SpillFolder(self._parent)

        def let_go() -> None:
            steps.clear()  # hundreds of megabytes are not freed in no time
            old.close()

        self._run(let_go, _ignore, _ignore)

    def close(self) -> None:
        """Remove all files now: nothing on disk can be undone any more. Not while ``run`` is at work."""
        self._folder.close()

    # -- budgets ---------------------------------------------------------------------------

    def _pack(self, step: Step) -> None:
        step.busy = True
        # Without memory to compress in, it stays as it is.
        self._run(step.edit.pack, partial(self._settled, step), partial(self._settled, step))

    def _settled(self, step: Step, _: object) -> None:
        step.busy = False
        step.nbytes = step.edit.nbytes
        if step in self.steps:
            self._trim()
            self._tell()

    def _trim(self) -> None:
        """Write out or forget what is over budget, one step after the other."""
        self._put_off = self._away  # on a journey the steps stay what they are
        if self._trimming or self._away:  # trimming: work that was done at once, and the loop below goes on
            return
        self._trimming = True
        while self.nbytes > self._budget and not any(step.busy for step in self.steps):
            oldest = self._oldest_in_memory()
            if oldest is None or (self._disk_full and not self._drop()):
                break
            if not self._disk_full:
                self._spill(oldest)
        while self.disk_nbytes > self._disk_budget and self._drop():
            pass
        self._trimming = False

    def _oldest_in_memory(self) -> Step | None:
        """The step to write out next: never the newest, nor the one undone next."""
        kept = (self.steps[-1], self.steps[max(self.index - 1, 0)]) if self.steps else ()
        return next((step for step in self.steps if step not in kept and not step.on_disk), None)

    def _spill(self, step: Step) -> None:
        folder = self._folder

        def save() -> tuple[Path, int, list[tuple[Stored, Stored]]]:
            path = folder.unused()
            places = step.edit.save(path)
            return path, path.stat().st_size, places

        def done(answer: tuple[Path, int, list[tuple[Stored, Stored]]]) -> None:
            path, nbytes, places = answer
            step.edit.move_to(places)
            step.path, step.disk_nbytes = path, nbytes
            if step not in self.steps:
                self._forget([step])
            self._settled(step, None)

        def failed(_: Exception) -> None:
            self._disk_full = self._disk_full or step in self.steps
            self._settled(step, None)

        step.busy = True
        self._run(save, done, failed)

    def _drop(self) -> bool:
        """Forget the oldest step, if it is done and another one is."""
        if self.index < 2:
            return False
        step = self.steps.pop(0)
        self.forgotten += 1
        if self.dropped is not None:
            self.dropped.append(step)
        self._first_version, self._floor = step.version, step.number
        self.index -= 1
        if step.on_disk:
            self._disk_full = False  # there is room again
        self._forget([step])
        self._tell()
        return True

    def _forget(self, steps: list[Step]) -> None:
        paths = [step.path for step in steps if step.path is not None]
        if paths:
            self._run(partial(_remove, paths), _ignore, _ignore)

    def _tell(self) -> None:
        for listener in tuple(self.listeners):
            listener()


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _ignore(_: object) -> None:
    """What is left over on disk goes with the folder."""
