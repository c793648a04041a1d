"""The models dialog: which there are, which the user has, and how to get others."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.engine.downloads import CATALOGUE, KnownModel, known_model, models_folder
from app.engine.formatting import size_text
from app.ui.models.library import ModelLibrary, Stage
from app.ui.models.row import ModelRow
from app.ui.support import Fold, Settings, settings, theme


def ask_model_file(parent: QWidget, folder: str) -> Path | None:
    """Which checkpoint to take in."""
    kinds = "Models (*.safetensors *.bin *.pt *.pth *.ckpt);;All files (*)"
    chosen, _ = QFileDialog.getOpenFileName(parent, "Import a model", folder, kinds)
    return Path(chosen) if chosen else None


def ask_model_folder(parent: QWidget, folder: str) -> Path | None:
    """Which folder to take in."""
    chosen = QFileDialog.getExistingDirectory(parent, "Import the folder of a model", folder)
    return Path(chosen) if chosen else None


def ask_licence(parent: QWidget, model: KnownModel) -> bool:
    """Whether the user knows what a licence forbids."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Information)
    box.setWindowTitle(model.title)
    box.setText(f"{model.title} comes under the {model.licence}.")
    box.setInformativeText(f'{model.limits}<br><br><a href="{model.licence_url}">Read the licence</a>')
    go = box.addButton("&Download", QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    return box.clickedButton() is go


def ask_remove(parent: QWidget, title: str) -> bool:
    """Whether an installed model may go."""
    text = f"Remove {title} from this computer? It can be downloaded or imported again."
    return QMessageBox.question(parent, "Remove model", text) == QMessageBox.StandardButton.Yes


class ModelsDialog(QDialog):
    """A list of models with what can be done; the library does it, and goes on when this is closed."""

    def __init__(self, window: QWidget, library: ModelLibrary, store: Settings) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Models")
        self._library, self._settings = library, store
        self.rows: dict[str, ModelRow] = {}
        self._column = QVBoxLayout()
        self._column.setContentsMargins(0, 0, 6, 0)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        self.where = QLabel()
        self.where.setObjectName("faint")
        self.where.setWordWrap(True)
        self.told = QLabel()
        self.told.setObjectName("modelStatus")
        self.told.setWordWrap(True)
        self.told.hide()
        self._build()
        library.changed.connect(self._on_changed)
        library.told.connect(self._on_told)
        self._fill()
        library.look()

    def _build(self) -> None:
        head = QLabel("Nothing is fetched unless you press Download. Models are kept on this computer.")
        head.setObjectName("faint")
        head.setWordWrap(True)
        self.take_in = QPushButton(" Import from Disk")
        theme.set_icon(self.take_in, "folder-open")
        self.take_in.setAutoDefault(False)
        self.take_in.setToolTip("Take in a model that was brought here by other means")
        menu = QMenu(self.take_in)
        menu.addAction("A &File…").triggered.connect(self._import_file)
        menu.addAction("A F&older…").triggered.connect(self._import_folder)
        self.take_in.setMenu(menu)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(head, 1)
        top.addWidget(self.take_in)
        inside = QWidget()
        inside.setObjectName("models")
        inside.setLayout(self._column)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(self.told)
        column.addWidget(scroll, 1)
        column.addWidget(self._network())
        bottom = QHBoxLayout()
        bottom.addWidget(self.where, 1)
        bottom.addWidget(buttons)
        column.addLayout(bottom)
        self.resize(theme.px(880), theme.px(700))

    def _network(self) -> Fold:
        fold = Fold("Network")
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        self.mirror = _line("Mirror", "https://huggingface.co, or what HF_ENDPOINT says")
        self.mirror.setText(self._settings.get(settings.HUB_ENDPOINT))
        self.mirror.editingFinished.connect(
            lambda: self._settings.set(settings.HUB_ENDPOINT, self.mirror.text().strip())
        )
        self.proxy = _line("Proxy", "As the system says")
        self.proxy.setText(self._settings.get(settings.HUB_PROXY))
        self.proxy.editingFinished.connect(lambda: self._settings.set(settings.HUB_PROXY, self.proxy.text().strip()))
        self.token = _line("Token", "hf_…, only for models whose licence must be accepted; not written down")
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setText(self._library.token)
        self.token.textChanged.connect(self._on_token)
        for label, line in (("&Mirror", self.mirror), ("&Proxy", self.proxy), ("&Token", self.token)):
            caption = QLabel(label)
            caption.setBuddy(line)
            theme.fix(caption, width=64)
            form.addRow(caption, line)
        fold.column.addLayout(form)
        self.network = fold
        return fold

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            QTimer.singleShot(0, self, self._renew_links)  # when the labels have it too

    @Slot()
    def _renew_links(self) -> None:
        for row in self.rows.values():
            row.renew_links()

    # -- rows ------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Rows for the catalogue and for what else is installed, in this order."""
        known = [model.name for model in CATALOGUE]
        others = [model.name for model in self._library.survey.installed if model.name not in known]
        wanted = [*known, *others]
        for name in [name for name in self.rows if name not in wanted]:
            self.rows.pop(name).deleteLater()
        for index, name in enumerate(wanted):
            if name not in self.rows:
                row = self.rows[name] = ModelRow(name)
                row.main.clicked.connect(lambda _on=False, name=name: self._act(name))
                row.use.clicked.connect(lambda _on=False, name=name: self._library.chosen.emit(name))
                row.discard.clicked.connect(lambda _on=False, name=name: self._library.discard(name))
                self._column.insertWidget(index, row)
            self._show(name)
        folder, free = models_folder(), self._library.survey.free
        self.where.setText(f"{folder}" + (f" · {size_text(free)} free" if free else ""))

    def _show(self, name: str) -> None:
        state, installed = self._library.state(name), self._library.installed(name)
        self.rows[name].show_model(known_model(name), installed, state)
        usable = state.stage is Stage.INSTALLED and installed is not None and installed.erases and not installed.fault
        self.rows[name].show_choice(usable, name == self._library.in_use)

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        if name in self.rows:
            self._show(name)
        else:
            self._fill()
        if name and self._library.state(name).needs_token:
            self.network.set_unfolded(True)
            self.token.setFocus()

    @Slot(str, bool)
    def _on_told(self, text: str, failed: bool) -> None:
        self.told.setText(text)
        self.told.setProperty("failed", failed)
        self.told.style().polish(self.told)
        self.told.show()

    # -- what is asked for -----------------------------------------------------------------

    def _act(self, name: str) -> None:
        stage, known = self._library.state(name).stage, known_model(name)
        if stage is Stage.INSTALLED:
            if ask_remove(self, self.rows[name].title.text()):
                self._library.remove(name)
        elif stage in (Stage.WAITING, Stage.DOWNLOADING):
            self._library.pause(name)
        elif known is not None and (stage is not Stage.ABSENT or not known.gated or ask_licence(self, known)):
            self._library.download(name)

    @Slot(str)
    def _on_token(self, text: str) -> None:
        self._library.token = text.strip()

    @Slot()
    def _import_file(self) -> None:
        self._take_in(ask_model_file(self, self._last_folder()))

    @Slot()
    def _import_folder(self) -> None:
        self._take_in(ask_model_folder(self, self._last_folder()))

    def _last_folder(self) -> str:
        return self._settings.get(settings.LAST_FOLDER) or str(Path.home())

    def _take_in(self, source: Path | None) -> None:
        if source is not None:
            self._settings.set(settings.LAST_FOLDER, str(source.parent))
            self._library.take_in(source)


def _line(name: str, hint: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(name)
    line.setPlaceholderText(hint)
    return line
