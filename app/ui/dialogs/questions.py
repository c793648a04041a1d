"""Questions to the user. Each returns the answer; tests replace them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Literal, TypeAlias

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QPushButton, QWidget

from app.document.formats import KINDS, LAYERED, OPEN_FORMATS, SAVE_FORMATS
from app.document.session import SUFFIX

MaskMode: TypeAlias = Literal["replace", "add", "subtract"]


class Unsaved(Enum):
    """What is to become of unsaved work."""

    SAVE = "save"
    SESSION = "session"
    DISCARD = "discard"
    CANCEL = "cancel"


def format_title(name: str) -> str:
    """Pillow's name of a format as people write it."""
    return KINDS[name].title if name in KINDS else name


def _filter(name: str) -> str:
    return f"{format_title(name)} ({' '.join('*' + suffix for suffix in SAVE_FORMATS[name])})"


def ask_open(parent: QWidget, folder: str) -> Path | None:
    """Which picture or session to open."""
    patterns = " ".join(f"*{suffix}" for suffixes in OPEN_FORMATS.values() for suffix in suffixes)
    kinds = f"Pictures and sessions ({patterns} *{SUFFIX});;Sessions (*{SUFFIX});;All files (*)"
    chosen, _ = QFileDialog.getOpenFileName(parent, "Open a picture", folder, kinds)
    return Path(chosen) if chosen else None


def ask_save(parent: QWidget, title: str, suggestion: Path, format_name: str | None = None) -> Path | None:
    """Where to write a picture, in any format or in one."""
    names = [format_name] if format_name else list(SAVE_FORMATS)
    own = next((name for name in names if suggestion.suffix.lower() in SAVE_FORMATS[name]), names[0])
    chosen, used = QFileDialog.getSaveFileName(
        parent, title, str(suggestion), ";;".join(map(_filter, names)), _filter(own)
    )
    if not chosen:
        return None
    path = Path(chosen)
    suffixes = next((SAVE_FORMATS[name] for name in names if _filter(name) == used), SAVE_FORMATS[names[0]])
    known = [suffix for name in names for suffix in SAVE_FORMATS[name]]
    if path.suffix.lower() in known:
        return path
    path = path.with_name(path.name + suffixes[0])
    # The file dialog asked about the name without its ending.
    return path if not path.exists() or _ask_replace(parent, path) else None


def ask_save_layers(parent: QWidget, suggestion: Path, kind: str) -> Path | None:
    """Where to write a file with layers; ``kind`` is one of ``LAYERED``."""
    suffix = LAYERED[kind]
    chosen, _ = QFileDialog.getSaveFileName(parent, "Export", str(suggestion), f"{kind} (*{suffix})")
    path = Path(chosen)
    if not chosen or path.suffix.lower() == suffix:
        return path if chosen else None
    path = path.with_name(path.name + suffix)
    # The file dialog asked about the name without its ending.
    return path if not path.exists() or _ask_replace(parent, path) else None


def _ask_replace(parent: QWidget, path: Path) -> bool:
    answer = QMessageBox.question(parent, "Replace file", f"{path.name} already exists. Replace it?")
    return answer == QMessageBox.StandardButton.Yes


def ask_folder(parent: QWidget, folder: str) -> Path | None:
    """Which folder holds a model."""
    chosen = QFileDialog.getExistingDirectory(parent, "Choose the folder of a model", folder)
    return Path(chosen) if chosen else None


def ask_unsaved(parent: QWidget, name: str, session: bool = False) -> Unsaved:
    """Whether to save before work is lost; ``session`` says that the file is one."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Unsaved changes")
    box.setText(f"Save the changes to {name}?")
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    kept = None
    if session:
        box.setInformativeText("What was done since the last save will be lost otherwise.")
    else:
        box.setInformativeText(
            "What was erased since the last save will be lost otherwise. "
            "A session keeps the mask and every step too, to go on later."
        )
        kept = box.addButton("Save Sess&ion…", QMessageBox.ButtonRole.AcceptRole)
    answer = box.exec()
    if kept is not None and box.clickedButton() is kept:
        return Unsaved.SESSION
    return {buttons.Save: Unsaved.SAVE, buttons.Discard: Unsaved.DISCARD}.get(buttons(answer), Unsaved.CANCEL)


class Losses(Enum):
    """What is to become of a file that would lack something."""

    SAVE = "save"
    OTHER = "other"
    CANCEL = "cancel"


def ask_losses(parent: QWidget, name: str, lost: Sequence[str]) -> Losses:
    """Whether to save though the file called ``name`` will lack what ``lost`` says, a sentence each."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Not everything is kept")
    box.setText(f"Save {name} without all it holds now?")
    box.setInformativeText("\n".join(lost))
    save = box.addButton("&Save", QMessageBox.ButtonRole.AcceptRole)
    other = box.addButton("Save &As…", QMessageBox.ButtonRole.ActionRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return {save: Losses.SAVE, other: Losses.OTHER}.get(box.clickedButton(), Losses.CANCEL)  # type: ignore[call-overload]


def ask_save_session(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to write a session."""
    chosen, _ = QFileDialog.getSaveFileName(parent, "Save Session As", str(suggestion), f"Sessions (*{SUFFIX})")
    if not chosen:
        return None
    path = Path(chosen)
    if path.suffix.lower() == SUFFIX:
        return path
    path = path.with_name(path.name + SUFFIX)
    # The file dialog asked about the name without its ending.
    return path if not path.exists() or _ask_replace(parent, path) else None


def ask_discard(parent: QWidget, count: int) -> bool:
    """Whether unsaved pictures are really not wanted any more."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Discard")
    box.setText("Discard this unsaved picture?" if count == 1 else f"Discard these {count} unsaved pictures?")
    box.setInformativeText("What was done since the last save is gone then, and cannot be brought back.")
    discard = box.addButton("&Discard", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is discard


def ask_mask_file(parent: QWidget, folder: str) -> Path | None:
    """Which picture to read a mask from."""
    patterns = " ".join(f"*{suffix}" for suffixes in OPEN_FORMATS.values() for suffix in suffixes)
    chosen, _ = QFileDialog.getOpenFileName(parent, "Import a mask", folder, f"Pictures ({patterns});;All files (*)")
    return Path(chosen) if chosen else None


def ask_save_mask(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to write the mask."""
    return ask_save(parent, "Export the mask", suggestion, "PNG")


def ask_mask_mode(
    parent: QWidget, name: str, size: tuple[int, int], wanted: tuple[int, int], has_mask: bool
) -> MaskMode | None:
    """How to put an imported mask in; ``size`` is its own (w, h), ``wanted`` the picture's."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Import a mask")
    box.setText(f"How should {name} be put in?" if has_mask else f"Fit {name} to the picture?")
    if size != wanted:
        box.setInformativeText(
            f"It is {size[0]} × {size[1]} px, the picture {wanted[0]} × {wanted[1]} px: it is stretched to fit."
        )
    role = QMessageBox.ButtonRole.AcceptRole
    modes: dict[QPushButton, MaskMode] = {}
    if has_mask:
        modes[box.addButton("Replace", role)] = "replace"
        modes[box.addButton("Add", role)] = "add"
        modes[box.addButton("Take away", role)] = "subtract"
    else:
        modes[box.addButton("Stretch", role)] = "replace"
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(next(iter(modes)))
    box.exec()
    clicked = box.clickedButton()
    return next((mode for button, mode in modes.items() if button is clicked), None)


def ask_pixels(parent: QWidget, title: str, pixels: int, most: int) -> int | None:
    """By how many pixels of the picture."""
    chosen, accepted = QInputDialog.getInt(parent, title, "Pixels of the picture:", pixels, 1, most)
    return chosen if accepted else None
