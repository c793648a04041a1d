"""The settings of an erase: its numbers, seed and how many results there are to choose from."""

from __future__ import annotations

import random
from collections.abc import Collection

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from app.engine.protocol import EraseChoice, EraseOptions
from app.ui.support import ComboBox, Fold, NumberSlider, SpinBox, check, theme

SEED_MAX = 2**31 - 1  # QSpinBox's range
_SOLVERS = {"ddim": "DDIM", "dpm++": "DPM-Solver++", "unipc": "UniPC"}
_SIZES = {0: "Full", 384: "384 px, faster", 256: "256 px, fastest"}


class EraseSettings(Fold):
    """Steps and how many results; guidance, solver, working size and seed under Advanced."""

    candidatesEdited = Signal(int)
    numbersEdited = Signal()  # one of those that :meth:`choice` answers

    def __init__(self) -> None:
        super().__init__("Erase", unfolded=True)
        self.steps = NumberSlider(
            "Steps",
            1,
            100,
            tip="More steps take longer and may look better. Below full strength only a part of them is done.",
        )
        tip = "An erase makes so many, one after another, each in another way"
        self.candidates = NumberSlider("Results to choose from", 1, 4, tip=tip)
        self.guidance = NumberSlider(
            "Guidance", 0, 10, decimals=1, step=0.5, tip="How strongly the model follows what it has learned"
        )
        self.guided = NumberSlider(
            "Guided steps",
            0,
            100,
            step=5,
            suffix=" %",
            tip="How many of the steps, from the first, follow the guidance; the others take half as long",
        )
        self.strength = NumberSlider(
            "Strength", 1, 100, step=5, suffix=" %", tip="How much of the first draft is painted anew"
        )
        self.seed = SpinBox()
        self.seed.setRange(0, SEED_MAX)
        self.seed.lineEdit().setTextMargins(6, 0, 6, 0)
        self.seed.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.seed.setAccessibleName("Seed")
        self.seed.setToolTip("The same seed gives the same result again")
        self.seed.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        dice = QToolButton()
        theme.set_icon(dice, "dices")
        theme.fix(dice, icon=16)
        dice.setToolTip("Another seed")
        dice.setAccessibleName("Another seed")
        dice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        dice.clicked.connect(self.roll_seed)
        caption = QLabel("Seed")
        caption.setBuddy(self.seed)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(caption)
        row.addWidget(self.seed, 1)
        row.addWidget(dice)
        self.new_seed = check("New seed each time", "Every erase gives another result")
        self.new_seed.setChecked(True)
        self.context = ComboBox()
        self.context.setAccessibleName("Working size")
        self.context.setToolTip("Smaller is faster, and the model sees less around the hole")
        for side, title in _SIZES.items():
            self.context.addItem(title, side)
        self.solver = ComboBox()
        self.solver.setAccessibleName("Solver")
        self.solver.setToolTip("How a step is taken; the latter two need fewer steps than DDIM")
        for name, title in _SOLVERS.items():
            self.solver.addItem(title, name)
        self.traces = check(
            "Cover traces", "What of the thing lies beside the mask, a few pixels of its outline, goes too"
        )
        self.traces.setChecked(True)
        self.edges = check(
            "Continue edges", "Lines that the hole interrupts go on through it, before texture is copied"
        )
        self.edges.setChecked(True)
        self._working, self._solving = _named("Working size", self.context), _named("Solver", self.solver)
        self._precision, self._deep_every = "auto", 1  # go with the preset that was chosen last
        self.advanced = Fold("Advanced", inner=True)
        for widget in (
            self.guidance,
            self.guided,
            self.strength,
            self._solving,
            self._working,
            self.traces,
            self.edges,
        ):
            self.advanced.column.addWidget(widget)
        self.advanced.column.addLayout(row)
        self.advanced.column.addWidget(self.new_seed)
        for part in (self.steps, self.candidates, self.advanced):
            self.column.addWidget(part)
        for number in (self.steps, self.guidance, self.guided, self.strength):
            number.valueChanged.connect(self.numbersEdited)
        for box in (self.solver, self.context):
            box.activated.connect(self.numbersEdited)
        self.candidates.valueChanged.connect(lambda count: self.candidatesEdited.emit(round(count)))

    def hide_unused(self, unused: Collection[str]) -> None:
        """Leave out the options of these names, which change nothing with the model chosen."""
        parts = {
            "steps": self.steps,
            "guidance": self.guidance,
            "guidance_until": self.guided,
            "strength": self.strength,
            "solver": self._solving,
            "context": self._working,
            "continue_edges": self.edges,
        }
        for name, widget in parts.items():
            widget.setVisible(name not in unused)

    def numbers(self) -> tuple[NumberSlider, ...]:
        """The numbers that can be entered."""
        return self.steps, self.candidates, self.guidance, self.guided, self.strength

    def options(self, another: bool = False) -> EraseOptions:
        """How to erase, as chosen; a new seed first where one is wanted each time, or ``another``."""
        if another or self.new_seed.isChecked():
            self.roll_seed()
        self.seed.interpretText()
        choice = self.choice()
        return EraseOptions(
            steps=choice.steps,
            guidance=choice.guidance,
            strength=choice.strength,
            seed=self.seed.value(),
            context=choice.context or None,
            solver=choice.solver,
            guidance_until=choice.guidance_until,
            cover_traces=None if self.traces.isChecked() else False,
            continue_edges=None if self.edges.isChecked() else False,
            deep_every=choice.deep_every,
        )

    def choice(self) -> EraseChoice:
        """The numbers as they are, with what has no control from the choice shown last."""
        return EraseChoice(
            round(self.steps.value),
            self.guidance.value,
            self.strength.value / 100,
            str(self.solver.currentData()),
            self.guided.value / 100,
            self._deep_every,
            int(self.context.currentData()),
            self._precision,
        )

    def show_choice(self, choice: EraseChoice) -> None:
        """Show these numbers without telling anybody."""
        self.steps.set_value(choice.steps)
        self.guidance.set_value(choice.guidance)
        self.guided.set_value(choice.guidance_until * 100)
        self.strength.set_value(choice.strength * 100)
        self.solver.setCurrentIndex(max(0, self.solver.findData(choice.solver)))
        if self.context.findData(choice.context) < 0:  # of a model that works at another size
            self.context.addItem(f"{choice.context} px", choice.context)
        self.context.setCurrentIndex(self.context.findData(choice.context))
        self._precision, self._deep_every = choice.precision, choice.deep_every

    @Slot()
    def roll_seed(self) -> None:
        """Another seed."""
        self.seed.setValue(random.randrange(SEED_MAX))


def _named(text: str, control: QWidget) -> QWidget:
    """``control`` with its name before it."""
    part, caption = QWidget(), QLabel(text)
    caption.setBuddy(control)
    row = QHBoxLayout(part)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(caption)
    row.addWidget(control, 1)
    return part
