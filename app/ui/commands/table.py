"""The table of commands: menus, the list of commands, shortcuts and tooltips all come from here."""

from __future__ import annotations

from dataclasses import dataclass

# Keys the canvas understands by itself, for the list of shortcuts.
CANVAS_KEYS = (
    ("Move the picture", "Space + drag, or the middle button"),
    ("Zoom about the pointer", "Wheel, or pinch"),
    ("Brush size", "Ctrl + wheel"),
    ("Take away instead of add, while held", "Alt"),
    ("Straight line from the last point", "Shift + click"),
    ("Where clone and heal copy from", "Ctrl + click"),
    ("Close a lasso drawn point by point", "Enter, or double click"),
    ("Mask what was found; give it up", "Enter; Esc"),
    ("Show the picture before, while held", "Tab"),
)


@dataclass(frozen=True)
class Command:
    """What can be done: ``text`` carries the underlined letter, ``help`` is one sentence."""

    id: str
    menu: str  # a name of MENUS
    text: str
    help: str
    keys: tuple[str, ...]
    icon: str = ""
    checkable: bool = False
    picture: bool = True  # makes sense only with a picture open
    line: bool = False  # a line above it in the menu

    @property
    def name(self) -> str:
        """The text without marks: ``Save As``."""
        return self.text.replace("&", "").rstrip("…")


MENUS = ("&File", "&Edit", "&Tools", "&Mask", "E&rase", "&View", "&Help")

COMMANDS = (
    Command("open", "&File", "&Open…", "Open a picture", ("Ctrl+O",), "folder-open", picture=False),
    Command("save", "&File", "&Save", "Write the picture to its file", ("Ctrl+S",), "save", line=True),
    Command("save_as", "&File", "Save &As…", "Write the picture to another file", ("Ctrl+Shift+S",)),
    Command("export", "&File", "&Export…", "Write a copy in any format", ("Ctrl+Shift+E",), "download"),
    Command(
        *("save_session", "&File", "Save Sess&ion", "Keep picture, mask and every step in one file", ("Ctrl+Alt+S",)),
        line=True,
    ),
    Command(
        *("save_session_as", "&File", "Save Sessio&n As…", "Keep them in another file", ("Ctrl+Alt+Shift+S",)),
    ),
    Command("recover", "&File", "&Unsaved Pictures…", "Restore what was not saved", ("Ctrl+Alt+U",), picture=False),
    Command("quit", "&File", "&Quit", "Close the program", ("Ctrl+Q",), picture=False, line=True),
    Command("undo", "&Edit", "&Undo", "One step back", ("Ctrl+Z",), "undo-2"),
    Command("redo", "&Edit", "&Redo", "One step forward again", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo-2"),
    Command("copy", "&Edit", "Cop&y Picture", "Put the picture on the clipboard", ("Ctrl+C",), "copy", line=True),
    Command(
        *("paste", "&Edit", "&Paste Picture", "Open the picture on the clipboard", ("Ctrl+V",)),
        icon="clipboard-paste",
        picture=False,
    ),
    Command("tool_brush", "&Tools", "&Brush", "Paint over what should go", ("B",), "brush", True),
    Command("tool_eraser", "&Tools", "&Eraser", "Take away from the mask", ("E",), "eraser", True),
    Command("tool_lasso", "&Tools", "&Lasso", "Draw around what should go", ("L",), "lasso", True),
    Command("tool_rectangle", "&Tools", "&Rectangle", "Mask a rectangle", ("R",), "square-dashed", True),
    Command("tool_similar", "&Tools", "Similar &Colour", "Mask what has the colour clicked", ("W",), "wand", True),
    Command("tool_object", "&Tools", "Ob&ject", "Brush roughly over a thing to find it", ("O",), "object", True),
    Command(
        *("tool_sample", "&Tools", "Sa&mple Area", "Mark where a fill may copy from, or never", ("A",)),
        *("pipette", True),
    ),
    Command("tool_clone", "&Tools", "Clo&ne", "Copy pixels from elsewhere in the picture", ("C",), "stamp", True),
    Command("tool_heal", "&Tools", "He&al", "Copy texture, with the colours of its place", ("J",), "bandage", True),
    Command("clone_source", "&Tools", "Set So&urce", "Click where clone and heal copy from", ("Shift+C",), "crosshair"),
    Command("tool_line", "&Tools", "L&ine", "Follow a wire, mast or crack", ("I",), "line-tool", True),
    Command("tool_pan", "&Tools", "&Hand", "Move the picture", ("H",), "hand", True),
    Command("smaller", "&Tools", "&Smaller Brush", "Make the brush smaller", ("[",), line=True),
    Command("larger", "&Tools", "Lar&ger Brush", "Make the brush larger", ("]",)),
    Command("softer", "&Tools", "S&ofter Brush", "Give the brush a softer edge", ("Shift+[", "{")),
    Command("harder", "&Tools", "Har&der Brush", "Give the brush a harder edge", ("Shift+]", "}")),
    Command(
        *("preferences", "&Edit", "Prefere&nces…", "Theme, canvas, pen, erasing and history", ("Ctrl+,",)),
        icon="settings",
        picture=False,
        line=True,
    ),
    Command("fill_mask", "&Mask", "Mas&k Everything", "Mask the whole picture", ("Ctrl+A",), "paint-bucket"),
    Command("clear_mask", "&Mask", "&Clear Mask", "Take the whole mask away", ("Ctrl+D",), "trash-2"),
    Command("invert_mask", "&Mask", "&Invert Mask", "Mask what is not masked", ("Ctrl+I",), "contrast"),
    Command("grow_mask", "&Mask", "&Grow…", "Make the mask larger all around", ("Shift+G",), "expand", line=True),
    Command("grow_towards", "&Mask", "Grow &Towards…", "Drag an arrow: the mask grows that way", ("Shift+T",)),
    Command("shrink_mask", "&Mask", "&Shrink…", "Make the mask smaller all around", ("Shift+S",), "shrink"),
    Command("feather_mask", "&Mask", "&Feather…", "Soften the mask's edge", ("Shift+F",), "blend"),
    Command(
        *("snap_mask", "&Mask", "S&nap to Object", "Fit the mask to the objects it was brushed over", ("Shift+O",)),
        icon="scan",
    ),
    Command("find_wires", "&Mask", "Find &Wires", "Show long thin lines to mask", ("Shift+W",), line=True),
    Command("find_specks", "&Mask", "Find Specks of &Dust", "Show dust and scratches to mask", ("Shift+D",)),
    Command(
        *("sample_masked", "&Mask", "Mask to Sample &Area", "Let fills copy from what is masked", ("Ctrl+Alt+A",)),
        line=True,
    ),
    Command(
        *("never_masked", "&Mask", "Mask to Ne&ver Copied", "Let no fill copy from what is masked", ("Ctrl+Alt+N",)),
    ),
    Command("clear_samples", "&Mask", "C&lear Sample Area", "Let fills copy from anywhere", ("Ctrl+Alt+D",)),
    Command("import_mask", "&Mask", "I&mport…", "Read a mask from a picture", ("Ctrl+Shift+I",), "upload", line=True),
    Command("export_mask", "&Mask", "&Export…", "Write the mask as a grey picture", ("Ctrl+Shift+M",), "image-down"),
    Command("copy_mask", "&Mask", "C&opy Mask", "Put the mask on the clipboard", ("Ctrl+Alt+C",), line=True),
    Command("paste_mask", "&Mask", "&Paste Mask", "Take the picture on the clipboard as a mask", ("Ctrl+Alt+V",)),
    Command("erase", "E&rase", "&Erase", "Erase what is masked", ("Ctrl+Enter", "Ctrl+Return"), "wand-sparkles"),
    Command("cancel", "E&rase", "&Cancel Erase", "Give the erase and its results up", ("Esc",), "x"),
    Command("again", "E&rase", "&Again", "Erase the last hole anew, in another way", ("Ctrl+R",), "refresh-cw"),
    Command(
        *("live", "E&rase", "Erase as You &Paint", "Erase as soon as a stroke is let go", ("Ctrl+L",)),
        *("zap", True),
        picture=False,
        line=True,
    ),
    Command("previous", "E&rase", "P&revious Result", "Show the result before this one", (",",), line=True),
    Command("next", "E&rase", "&Next Result", "Show the result after this one", (".",)),
    Command("next_region", "E&rase", "Next P&lace", "Choose a result for the next place by itself", ("Ctrl+.",)),
    Command("keep", "E&rase", "&Keep This Result", "Keep the result shown", ("Return", "Enter"), "check"),
    Command(
        *("models", "E&rase", "&Models…", "Download, import or remove models", ("Ctrl+M",)),
        icon="sparkles",
        picture=False,
        line=True,
    ),
    Command("zoom_in", "&View", "Zoom &In", "Show the picture larger", ("Ctrl++", "Ctrl+="), "zoom-in"),
    Command("zoom_out", "&View", "Zoom &Out", "Show the picture smaller", ("Ctrl+-",), "zoom-out"),
    Command("fit", "&View", "&Fit to Window", "Show the whole picture", ("Ctrl+0",), "maximize"),
    Command("actual", "&View", "&Actual Size (100%)", "One pixel on one of the screen", ("Ctrl+1",), "scan"),
    Command("before", "&View", "Show &Before", "Show the picture as opened", ("Ctrl+B",), "eye", True, line=True),
    Command(
        *("split", "&View", "&Split Compare", "Show before and after beside a line to drag", ("Ctrl+Shift+B",)),
        *("square-split-horizontal", True),
    ),
    Command(
        *("panel", "&View", "Show &Panel", "Show or hide the panel at the right", ("F7",)),
        *("panel-right", True, False, True),
    ),
    Command(
        "options", "&View", "Op&tions", "Go to brush, model and erase", ("F8",), "sliders-horizontal", False, False
    ),
    Command("history", "&View", "&History", "Go to the steps done so far", ("F9",), "history", picture=False),
    Command("navigator", "&View", "&Navigator", "Fold or unfold the map", ("Ctrl+Shift+N",), "map", True, False),
    Command("focus", "&View", "Go to &Canvas or Panel", "Move the keyboard there", ("F6",), picture=False, line=True),
    Command(
        *("find", "&Help", "&Find a Command…", "Search all commands by name", ("Ctrl+Shift+P",)),
        icon="search",
        picture=False,
    ),
    Command("shortcuts", "&Help", "&Shortcuts…", "See and change the keys", ("F1",), "keyboard", picture=False),
    Command(
        "log", "&Help", "Open the &Log", "See what the program has noted", ("Ctrl+Alt+L",), picture=False, line=True
    ),
    Command(
        "reports",
        "&Help",
        "&Crash Reports…",
        "See, copy or delete them; nothing is sent",
        ("Ctrl+Alt+R",),
        picture=False,
    ),
    Command("about", "&Help", "&About Moebius", "Version and licence", ("Shift+F1",), "info", picture=False, line=True),
)
