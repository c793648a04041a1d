"""A row of the models dialog: what a model is, how far it has come, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QToolButton, QVBoxLayout

from app.engine.downloads import Installed, KnownModel
from app.engine.formatting import progress_text, size_text
from app.ui.models.library import ModelState, Stage
from app.ui.support import theme


class ModelRow(QFrame):
    """Shows a model of the catalogue, an installed one, or both in one."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("modelRow")
        self.name = name
        self.title = QLabel()
        self.title.setObjectName("modelTitle")
        self.badge = QLabel("Installed")
        self.badge.setObjectName("modelBadge")
        self.note = _small()
        self.facts = _small("modelFacts")
        self.facts.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.facts.setOpenExternalLinks(True)  # the user's own click, in the user's own browser
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        theme.fix(self.bar, height=6)
        self.status = _small("modelStatus")
        self.use = QPushButton("Use")
        self.use.setAutoDefault(False)
        self.main = QPushButton()
        self.main.setAutoDefault(False)
        self.discard = QToolButton()
        theme.set_icon(self.discard, "trash-2")
        theme.fix(self.discard, icon=16)
        self._lay_out()

    def _lay_out(self) -> None:
        heading = QHBoxLayout()
        heading.setSpacing(8)
        heading.addWidget(self.title)
        heading.addWidget(self.badge)
        heading.addStretch(1)
        text = QVBoxLayout()
        text.setSpacing(3)
        text.addLayout(heading)
        for widget in (self.note, self.facts, self.bar, self.status):
            text.addWidget(widget)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.use)
        buttons.addWidget(self.main)
        buttons.addWidget(self.discard)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 12, 10)
        row.setSpacing(16)
        row.addLayout(text, 1)
        row.addLayout(buttons)
        row.setAlignment(buttons, Qt.AlignmentFlag.AlignTop)

    def show_model(self, known: KnownModel | None, installed: Installed | None, state: ModelState) -> None:
        """Show everything anew."""
        title = known.title if known is not None else installed.title if installed is not None else self.name
        self.title.setText(title)
        self.setAccessibleName(title)
        self.note.setText(known.note if known is not None else installed.note if installed is not None else "")
        self.note.setVisible(bool(self.note.text()))
        self.facts.setText(_facts(known, installed))
        self.badge.setVisible(state.stage is Stage.INSTALLED)
        self._show_progress(known, installed, state)
        self._show_buttons(title, installed, state)

    def show_choice(self, usable: bool, chosen: bool) -> None:
        """Whether it can be chosen to erase with, and whether it is."""
        self.use.setVisible(usable)
        self.use.setEnabled(not chosen)
        self.use.setText("In Use" if chosen else "Use")
        self.use.setAccessibleName(f"Use {self.title.text()}")
        self.use.setToolTip("Holes are filled with it" if chosen else "Fill holes with it from now on")

    def renew_links(self) -> None:
        """Give links the colour of the theme that is on; a label keeps the one its text came in with."""
        text = self.facts.text()
        self.facts.clear()
        self.facts.setText(text)

    def _show_progress(self, known: KnownModel | None, installed: Installed | None, state: ModelState) -> None:
        progress = state.progress
        moving = state.stage in (Stage.DOWNLOADING, Stage.PAUSED, Stage.STOPPING)
        moving |= state.stage is Stage.FAILED and progress is not None and progress.arrived > 0
        endless = state.stage in (Stage.WAITING, Stage.CHECKING, Stage.REMOVING)
        self.bar.setVisible(endless or (moving and progress is not None))
        self.bar.setRange(0, 0 if state.stage is Stage.CHECKING else 1000)
        if state.stage is not Stage.CHECKING:
            share = progress.arrived / progress.total if progress is not None and progress.total else 0.0
            self.bar.setValue(round(share * 1000))
        said = {
            Stage.WAITING: "Waiting…",
            Stage.STOPPING: "Pausing…",
            Stage.CHECKING: "Arrived. Reading and checking it; this may take a minute…",
            Stage.REMOVING: "Removing…",
            Stage.FAILED: state.message,
        }.get(state.stage, "")
        if progress is not None and state.stage is Stage.DOWNLOADING:
            said = progress_text(progress)
        elif progress is not None and state.stage is Stage.PAUSED:
            said = f"Paused · {size_text(progress.arrived)} of {size_text(progress.total)}"
        elif installed is not None and installed.fault:
            said = f"It can't be used: {installed.fault}"
        elif known is not None and state.stage is Stage.ABSENT:
            said = known.limits
        self.status.setText(said)
        self.status.setVisible(bool(said))
        self.status.setProperty("failed", state.stage is Stage.FAILED)
        self.status.style().polish(self.status)

    def _show_buttons(self, title: str, installed: Installed | None, state: ModelState) -> None:
        text, tip = {
            Stage.ABSENT: ("Download", "Fetch it from the internet"),
            Stage.WAITING: ("Pause", "Stop; what has arrived is kept"),
            Stage.DOWNLOADING: ("Pause", "Stop; what has arrived is kept"),
            Stage.STOPPING: ("Pause", "It stops as soon as it can"),
            Stage.PAUSED: ("Resume", "Go on where it stopped"),
            Stage.FAILED: ("Try Again", "Go on with what has arrived"),
        }.get(state.stage, ("Remove", "Delete it from this computer"))
        if state.stage is Stage.FAILED and (state.progress is None or not state.progress.arrived):
            tip = "Fetch it from the beginning"
        self.main.setText(text)
        self.main.setToolTip(tip)
        self.main.setAccessibleName(f"{text} {title}")
        removable = installed is not None and installed.removable
        self.main.setVisible(state.stage not in (Stage.CHECKING, Stage.REMOVING, Stage.INSTALLED) or removable)
        self.main.setEnabled(state.stage not in (Stage.STOPPING, Stage.CHECKING, Stage.REMOVING))
        begun = state.stage in (Stage.DOWNLOADING, Stage.WAITING, Stage.PAUSED, Stage.FAILED)
        self.discard.setVisible(begun)
        self.discard.setToolTip("Give it up and delete what has arrived")
        self.discard.setAccessibleName(f"Give up {title}")


def _small(name: str = "faint") -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    return label


def _facts(known: KnownModel | None, installed: Installed | None) -> str:
    parts = []
    if installed is not None:
        parts.append(size_text(installed.size))
    elif known is not None:
        parts.append(f"about {size_text(known.size)} to fetch")
    if known is not None:
        parts.append(f'<a href="{known.licence_url}">{known.licence}</a>')
        parts.append(known.source)
        if known.parts and installed is None:
            pinned = (
                f"commit {known.parts[0].revision or ''}"[:14] if known.pinned else "commit noted at first download"
            )
            parts.append(pinned)
    elif installed is not None:
        parts += [part for part in (installed.licence, installed.source) if part]
    return " · ".join(parts)
