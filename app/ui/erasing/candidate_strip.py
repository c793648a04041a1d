"""The strip of candidates: an erase's results to choose from, small, over the canvas."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.commands import Actions, native
from app.ui.erasing.chosen import WAYS
from app.ui.erasing.job import Candidate, EraseJob, Hole
from app.ui.support import Background, draw_result, theme

_SIZE = QSize(92, 69)  # px of the design
_SMALLEST = 32
_MARGIN = 16


class CandidateStrip(QFrame):
    """Floats at the canvas's foot while there is a choice; the job knows what is shown."""

    chosen = Signal(int)

    def __init__(self, job: EraseJob, actions: Actions, background: Background, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("candidates")
        self.setAccessibleName("Results to choose from")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._job, self._actions, self._background, self._over = job, actions, background, over
        self._pictures: dict[int, QPixmap] = {}  # by the candidate's identity
        self.label = QLabel()
        self.keep_button, self.none_button = QPushButton("Keep"), QPushButton("Discard")
        self.keep_button.setAccessibleName("Keep the result shown")
        self.none_button.setAccessibleName("Discard all results")
        for button in (self.keep_button, self.none_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.keep_button.clicked.connect(actions.keep.trigger)
        self.none_button.clicked.connect(actions.cancel.trigger)
        self.region_button = QPushButton()
        self.region_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.region_button.clicked.connect(actions.next_region.trigger)
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        foot = QHBoxLayout()
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        foot.addWidget(self.label, 1)
        foot.addWidget(self.region_button)
        foot.addWidget(self.none_button)
        foot.addWidget(self.keep_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(10)
        column.addLayout(self._row)
        column.addLayout(foot)
        self.buttons: list[QToolButton] = []
        self._group = QButtonGroup(self)
        over.installEventFilter(self)
        job.candidatesChanged.connect(self._update)
        for action in (actions.previous, actions.next, actions.keep, actions.cancel, actions.next_region):
            action.changed.connect(self._say_keys)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._update()
        return False

    @Slot()
    def _update(self) -> None:
        if not self._job.choosing:
            self._pictures.clear()
            self.hide()
            return
        while len(self.buttons) != self._job.wanted:
            self._add() if len(self.buttons) < self._job.wanted else self._drop()
        size = self._size()
        for index, button in enumerate(self.buttons):
            ready = index < len(self._job.candidates)
            theme.fix(button, size.width() + 10, size.height() + 10, icon=size.width())
            button.setEnabled(ready)
            button.setText("" if ready else "…")
            way = _way(self._job.candidates[index]) if ready else ""
            button.setToolTip(f"Show result {index + 1}{way and f': {way}'}")
            self._show_picture(button, self._job.candidates[index] if ready else None)
        self._group.setExclusive(False)
        for index, button in enumerate(self.buttons):
            button.setChecked(index == self._job.choice)
        self._group.setExclusive(True)
        self._say_keys()
        self.show()
        self.raise_()
        self._place()

    @Slot()
    def _say_keys(self) -> None:
        done, wanted = len(self._job.candidates), self._job.wanted
        keys = f"Keys “{native(self._actions.previous)}” “{native(self._actions.next)}”"
        self.label.setText(keys if not self._job.running else f"{done} of {wanted} ready")
        count, region = len(self._job.regions), self._job.region
        self.region_button.setVisible(count > 1)
        self.region_button.setText("All places" if region is None else f"Place {region + 1} of {count}")
        self.region_button.setAccessibleName(f"Choose for: {self.region_button.text()}")
        self.region_button.setToolTip(self._actions.next_region.toolTip())
        self.keep_button.setToolTip(self._actions.keep.toolTip())
        self.none_button.setToolTip(f"The picture stays as it was  ({native(self._actions.cancel)})")

    def _size(self) -> QSize:
        """Of a small picture, in px of the design: smaller where the canvas is too narrow for all of them."""
        count = len(self.buttons)
        room = self._over.width() * _SIZE.width() // theme.px(_SIZE.width()) - 2 * _MARGIN
        width = max(_SMALLEST, min(_SIZE.width(), (room - 24 - 8 * (count - 1)) // count - 10))
        return QSize(width, width * 3 // 4)

    def _show_picture(self, button: QToolButton, candidate: Candidate | None) -> None:
        if candidate is None:
            button.setIcon(QIcon())
        elif id(candidate) in self._pictures:
            button.setIcon(QIcon(self._pictures[id(candidate)]))
        elif self._job.hole is not None:
            self._pictures[id(candidate)] = QPixmap()
            self._draw(self._job.hole, candidate)

    def _draw(self, hole: Hole, candidate: Candidate) -> None:
        ratio = self.devicePixelRatioF()
        width, height = round(theme.px(_SIZE.width()) * ratio), round(theme.px(_SIZE.height()) * ratio)

        def drawn(pixmap: QPixmap) -> None:
            if self._job.hole is hole:
                pixmap.setDevicePixelRatio(ratio)
                self._pictures[id(candidate)] = pixmap
                self._update()

        self._background.run(
            lambda: draw_result(hole.rgb, candidate.patches, width, height),
            lambda image: drawn(QPixmap.fromImage(image)),
            lambda _error: None,
        )

    def _add(self) -> None:
        index = len(self.buttons)
        button = QToolButton()
        button.setObjectName("candidate")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(f"Result {index + 1}")
        button.clicked.connect(lambda: self.chosen.emit(index))
        self.buttons.append(button)
        self._group.addButton(button)
        self._row.addWidget(button)

    def _drop(self) -> None:
        button = self.buttons.pop()
        self._group.removeButton(button)
        self._row.removeWidget(button)
        button.hide()
        button.deleteLater()

    def _place(self) -> None:
        self.adjustSize()
        over = self._over
        self.move(max(0, (over.width() - self.width()) // 2), over.height() - self.height() - _MARGIN)


def _way(candidate: Candidate) -> str:
    """How it was filled, where not as usual."""
    return WAYS[(candidate.options.variant or 0) % len(WAYS)]
