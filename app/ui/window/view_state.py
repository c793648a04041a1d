"""The tool, the brush and the canvas's look: kept the same in canvas, panel, actions and settings."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from app.canvas.tools import RetouchOptions, Tool
from app.canvas.view import CanvasView
from app.document.mask import MIN_SIZE, Brush, default_brush_size, largest_brush_size
from app.ui.commands import Actions
from app.ui.editing import History
from app.ui.panels import OptionsPanel
from app.ui.support import Settings, settings

_HARDNESS_STEP = 0.1


class ViewState(QObject):
    """What an artist expects to find as it was left."""

    def __init__(
        self,
        view: CanvasView,
        panel: OptionsPanel,
        actions: Actions,
        store: Settings,
        history: History,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view, self._panel, self._actions, self._settings = view, panel, actions, store
        self._history = history
        self._default = 40.0  # px, the brush to begin with on the picture that is open
        for tool, action in actions.tools.items():
            action.triggered.connect(lambda _checked=False, tool=tool: self.choose_tool(tool))
        actions.smaller.triggered.connect(lambda: view.change_brush_size(-1))
        actions.larger.triggered.connect(lambda: view.change_brush_size(1))
        actions.softer.triggered.connect(lambda: self._change_hardness(-_HARDNESS_STEP))
        actions.harder.triggered.connect(lambda: self._change_hardness(_HARDNESS_STEP))
        actions.split.toggled.connect(lambda on: store.set(settings.SPLIT, on))
        actions.live.toggled.connect(lambda on: store.set(settings.LIVE, on))
        view.splitChanged.connect(actions.split.setChecked)
        view.brushChanged.connect(self._on_brush)
        panel.tool.brushEdited.connect(view.set_brush)
        panel.tool.similarEdited.connect(self._on_similar)
        panel.tool.retouchEdited.connect(self._on_retouch)
        panel.tool.markEdited.connect(view.set_mark)
        panel.tool.sourceAsked.connect(self._pick_source)
        actions.clone_source.triggered.connect(self._pick_source)
        panel.overlay.opacityEdited.connect(lambda opacity: store.set(settings.OVERLAY_OPACITY, opacity))
        panel.overlay.colour.picked.connect(lambda colour: store.set(settings.OVERLAY_COLOUR, colour))
        panel.erase.candidatesEdited.connect(lambda count: store.set(settings.CANDIDATES, count))
        panel.erase.new_seed.toggled.connect(lambda on: store.set(settings.NEW_SEED, on))
        store.changed.connect(self._on_setting)
        self._restore()

    def begin(self, height: int, width: int) -> None:
        """A picture of that size was opened: the brush's size goes with it."""
        self._default, self._largest = default_brush_size(height, width), largest_brush_size(height, width)
        self._panel.tool.brush_size.set_highest(self._largest)
        self._view.set_brush(self._remembered())

    def choose_tool(self, tool: Tool) -> None:
        """Take another tool into the hand."""
        self._view.set_tool(tool)
        self._actions.tools[tool].setChecked(True)
        self._panel.tool.show_tool(tool)
        self._settings.set(settings.TOOL, tool.name)

    def _restore(self) -> None:
        name = self._settings.get(settings.TOOL)
        self.choose_tool(Tool[name] if name in Tool.__members__ else Tool.BRUSH)
        self._default, self._largest = default_brush_size(512, 512), largest_brush_size(512, 512)
        self._panel.tool.brush_size.set_highest(self._largest)
        self._view.set_brush(self._remembered())
        self._panel.tool.set_brush(self._view.brush)
        for key in _APPLIED:
            self._on_setting(key)

    def _remembered(self) -> Brush:
        get = self._settings.get
        size = self._default * get(settings.BRUSH_SCALE)
        return replace(
            self._view.brush,
            size=float(round(min(max(size, MIN_SIZE), self._largest))),
            hardness=get(settings.BRUSH_HARDNESS),
            spacing=get(settings.BRUSH_SPACING),
            smoothing=get(settings.BRUSH_SMOOTHING),
            pressure_size=get(settings.PRESSURE_SIZE),
            pressure_hardness=get(settings.PRESSURE_HARDNESS),
        )

    def _change_hardness(self, by: float) -> None:
        hardness = round(min(max(self._view.brush.hardness + by, 0.0), 1.0), 3)
        self._view.set_brush(replace(self._view.brush, hardness=hardness))

    @Slot(object)
    def _on_brush(self, brush: Brush) -> None:
        self._panel.tool.set_brush(brush)
        put = self._settings.set
        put(settings.BRUSH_SCALE, brush.size / self._default)
        put(settings.BRUSH_HARDNESS, brush.hardness)
        put(settings.BRUSH_SPACING, brush.spacing)
        put(settings.BRUSH_SMOOTHING, brush.smoothing)
        put(settings.PRESSURE_SIZE, brush.pressure_size)
        put(settings.PRESSURE_HARDNESS, brush.pressure_hardness)

    @Slot(int, bool)
    def _on_similar(self, tolerance: int, contiguous: bool) -> None:
        self._settings.set(settings.TOLERANCE, tolerance)
        self._settings.set(settings.CONTIGUOUS, contiguous)

    @Slot(object)
    def _on_retouch(self, options: RetouchOptions) -> None:
        self._settings.set(settings.RETOUCH_OPACITY, options.opacity)
        self._settings.set(settings.RETOUCH_PRESSURE, options.pressure_opacity)
        self._settings.set(settings.RETOUCH_ALIGNED, options.aligned)

    @Slot()
    def _pick_source(self) -> None:
        if not self._view.tool.retouches:
            self.choose_tool(Tool.CLONE)
        self._view.pick_source()
        self._view.setFocus()

    @Slot(str)
    def _on_setting(self, key: str) -> None:
        get, view, panel = self._settings.get, self._view, self._panel
        if key == settings.OVERLAY_OPACITY.key:
            view.set_overlay_opacity(get(settings.OVERLAY_OPACITY))
            panel.overlay.opacity.set_value(get(settings.OVERLAY_OPACITY) * 100)
        elif key == settings.OVERLAY_COLOUR.key:
            view.set_overlay_colour(get(settings.OVERLAY_COLOUR))
            panel.overlay.colour.set_colour(get(settings.OVERLAY_COLOUR))
        elif key in (settings.TOLERANCE.key, settings.CONTIGUOUS.key):
            view.set_similar(get(settings.TOLERANCE), get(settings.CONTIGUOUS))
            panel.tool.set_similar(get(settings.TOLERANCE), get(settings.CONTIGUOUS))
        elif key in (settings.RETOUCH_OPACITY.key, settings.RETOUCH_PRESSURE.key, settings.RETOUCH_ALIGNED.key):
            options = RetouchOptions(
                get(settings.RETOUCH_OPACITY), get(settings.RETOUCH_PRESSURE), get(settings.RETOUCH_ALIGNED)
            )
            view.set_retouch(options)
            panel.tool.set_retouch(options)
        elif key in (settings.PRESSURE_SIZE.key, settings.PRESSURE_HARDNESS.key):
            brush = replace(
                view.brush,
                pressure_size=get(settings.PRESSURE_SIZE),
                pressure_hardness=get(settings.PRESSURE_HARDNESS),
            )
            view.set_brush(brush)
        elif key == settings.PRESSURE_SOFTNESS.key:
            view.set_pressure_softness(get(settings.PRESSURE_SOFTNESS))
        elif key == settings.SPLIT.key:
            self._actions.split.setChecked(get(settings.SPLIT))
            view.set_split(get(settings.SPLIT))
        elif key == settings.LIVE.key:
            self._actions.live.setChecked(get(settings.LIVE))
        elif key == settings.CANDIDATES.key:
            panel.erase.candidates.set_value(get(settings.CANDIDATES))
        elif key == settings.HISTORY_BUDGET.key:
            self._history.budget = get(settings.HISTORY_BUDGET) * 10**6
        elif key == settings.NEW_SEED.key:
            panel.erase.new_seed.setChecked(get(settings.NEW_SEED))


_APPLIED = tuple(
    setting.key
    for setting in (
        settings.OVERLAY_OPACITY,
        settings.OVERLAY_COLOUR,
        settings.TOLERANCE,
        settings.RETOUCH_OPACITY,
        settings.PRESSURE_SOFTNESS,
        settings.SPLIT,
        settings.LIVE,
        settings.CANDIDATES,
        settings.NEW_SEED,
        settings.HISTORY_BUDGET,
    )
)
