"""The protocol between window and engine: frozen requests and answers, nothing else.

Every request carries an id; every answer repeats it, so that an answer to an
older request can be told apart and dropped. Arrays in a request are private
copies: the sender never writes to them again. Boxes are (x0, y0, x1, y1) in
picture pixels, half open.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True)
class EraseOptions:
    """How to erase; ``None`` means the model's own default."""

    steps: int | None = None
    guidance: float | None = None
    strength: float | None = None
    seed: int = 0
    context: int | None = None  # side in pixels at which the model works; smaller is faster
    colour: str | None = None  # how colours are matched around the hole
    solver: str | None = None  # "ddim", "dpm++" or "unipc"
    guidance_until: float | None = None  # share of the steps that are guided
    deep_every: int | None = None  # deep features are computed at one of so many steps
    start: str | None = None  # of models that offer it: "noise" or "published"
    cover_traces: bool | None = None  # whether what of a thing lies beside its mask goes too
    continue_edges: bool | None = None  # whether a patch fill first continues the edges that a hole interrupts
    previews: str | None = None  # how steps are drawn: "exact", "fast" or "fitted"
    variant: int | None = None  # which way to fill a hole, 0 the model's own; None: the model does not fill
    sixteen_bit: bool = False  # patches come with their values at 16 bits, not yet laid into the picture


@dataclass(frozen=True)
class EraseChoice:
    """The numbers that are chosen of an erase, together, as a preset of speed sets them."""

    steps: int
    guidance: float
    strength: float
    solver: str = "ddim"  # or "dpm++", "unipc"
    guidance_until: float = 1.0  # share of the steps that are guided
    deep_every: int = 1  # deep features are computed at one of so many steps
    context: int = 0  # side in pixels at which the model works; 0: its own
    precision: str = "auto"  # of the network's arithmetic, as of :class:`LoadRequest`


@dataclass(frozen=True)
class ModelInfo:
    """A model that can be chosen: its key for requests and what to show of it."""

    key: str  # a bundled model's name, or a folder
    title: str
    steps: int
    guidance: float
    strength: float
    note: str = ""  # one sentence on what it is good for
    starts: bool = False  # whether ``EraseOptions.start`` can be chosen
    unused: frozenset[str] = frozenset()  # names of :class:`EraseOptions` that change nothing with it
    speeds: tuple[tuple[str, EraseChoice], ...] = ()  # presets, "fast" to "best"; none where nothing is to be chosen
    choice: EraseChoice | None = None  # its own settings, where they are not the three above alone

    @property
    def own(self) -> EraseChoice:
        """Its own settings."""
        return self.choice or EraseChoice(self.steps, self.guidance, self.strength)

    def speed_of(self, choice: EraseChoice) -> str:
        """The name of the preset that ``choice`` is; empty where it is none."""
        return next((name for name, preset in self.speeds if preset == choice), "")


@dataclass(frozen=True)
class LoadRequest:
    id: int
    model: str
    device: str = "auto"
    precision: str = "auto"  # of the network's arithmetic: "auto", "quick", "fp32", "bf16", "fp16" or "int8"


@dataclass(frozen=True)
class SurveyRequest:
    """Look at the models there are: those that come with the program, the user's own, and these folders."""

    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelsFound:
    """What there is; damaged models and folders that hold none are left out."""

    bundled: tuple[ModelInfo, ...]
    installed: tuple[ModelInfo, ...]
    added: tuple[ModelInfo, ...]


@dataclass(frozen=True)
class AddRequest:
    """A folder to be looked at for a model."""

    folder: str


@dataclass(frozen=True)
class ModelAdded:
    folder: str
    info: ModelInfo


@dataclass(frozen=True)
class ModelRefused:
    folder: str
    message: str  # why it can't be used


@dataclass(frozen=True)
class IdleRequest:
    """After how many minutes without an erase the model is unloaded; 0: never."""

    minutes: float


@dataclass(frozen=True)
class EraseRequest:
    id: int
    rgb: NDArray[np.uint8]  # (H, W, 3)
    mask: NDArray[np.uint8]  # (H, W), 0 keep .. 255 erase
    model: str
    device: str
    options: EraseOptions
    precision: str = "auto"
    source: NDArray[np.uint8] | None = None  # (H, W), above 127: the fill may copy from there; None: everywhere


@dataclass(frozen=True)
class TimesRequest:
    """How long an erase of one hole takes with each of these choices, as far as that was measured here."""

    model: str
    device: str
    choices: tuple[EraseChoice, ...]


@dataclass(frozen=True)
class TimesFound:
    model: str
    times: tuple[float | None, ...]  # seconds with each choice, the sum of measured parts; None: not measured


@dataclass(frozen=True)
class MeasureRequest:
    """A short erase for each way that these choices run the model, to know how long they take."""

    id: int
    model: str
    device: str
    choices: tuple[EraseChoice, ...]


@dataclass(frozen=True)
class MeasureProgress:
    id: int
    done: int  # of the short erases
    total: int


@dataclass(frozen=True)
class MeasureEnded:
    id: int
    message: str = ""  # why it could not go on; empty where it did, or was cancelled
    details: str = ""


@dataclass(frozen=True)
class EmbedRequest:
    """The embedding of a picture to be made, for the model that selects, in place of the one before."""

    key: int  # the caller's own, for prompts
    rgb: NDArray[np.uint8]  # (h, w, 3), may be reduced
    device: str = "auto"


@dataclass(frozen=True)
class EmbedDone:
    key: int
    available: bool  # prompts are answered now
    message: str = ""  # why not, a sentence; empty where no such model is installed
    details: str = ""


@dataclass(frozen=True)
class SegmentRequest:
    """What is at a position or in a box, of the picture with that embedding."""

    key: int
    points: tuple[tuple[float, float], ...]  # shares of width and height: a position, or two opposite corners
    box: bool
    logits: Future[NDArray[np.float32] | None]  # (h, w) over the whole picture, above 0 inside; None: not known


@dataclass(frozen=True)
class ImportRequest:
    """A model to be read, checked and kept among the user's own."""

    id: int
    source: str  # a file or folder, which is left as it is
    known: str = ""  # name of the catalogue's model that was downloaded to ``source``, which is used up


@dataclass(frozen=True)
class ImportDone:
    id: int
    name: str  # key of the model; empty where it was the autoencoder the published ones share
    title: str


@dataclass(frozen=True)
class ImportFailed:
    id: int
    message: str  # why it does not fit; nothing was kept
    details: str = ""
    whole: bool = False  # nothing is known to be wrong with the files: room or memory was missing


class EngineState(Enum):
    EMPTY = "no model"
    LOADING = "loading"
    READY = "ready"
    IDLE = "unloaded"  # not used for a while; the next erase loads it again
    FAILED = "failed"


@dataclass(frozen=True)
class EngineStatus:
    """The engine's model as the window shows it."""

    state: EngineState
    model: str = ""
    title: str = ""
    device: str = ""  # "cpu", "cuda", "mps", once known
    message: str = ""  # a sentence for the user where state is FAILED
    details: str = ""  # for behind a button
    precision: str = ""  # "fp32", "bf16", "fp16", "int8", once known
    devices: tuple[str, ...] = ()  # what a model could be run on here, the fastest first, once known
    unused_card: str = ""  # the name of a graphics card that is here and can't be used
    why_unused: str = ""  # "build", "driver" or "age": what it is that can't


@dataclass(frozen=True)
class EraseProgress:
    id: int
    step: int  # 0 while the first draft is made, then 1 .. total
    total: int
    seconds_left: float | None  # None while unknown
    stage: str = ""  # what begins within a step: "encoding", "denoising", "decoding"


@dataclass(frozen=True)
class ErasePreview:
    """The picture forming: pixels to show at ``box`` over the picture."""

    id: int
    step: int
    total: int
    box: Box
    rgb: NDArray[np.uint8] = field(repr=False)  # (y1 - y0, x1 - x0, 3)


@dataclass(frozen=True)
class EngineNote:
    """Something the user should know of an erase that goes on."""

    id: int
    message: str


@dataclass(frozen=True)
class SixteenBitPatch:
    """A patch before it is laid into the picture."""

    colours: NDArray[np.uint16] = field(repr=False)  # (y1 - y0, x1 - x0, 3) sRGB
    share: NDArray[np.float32] = field(repr=False)  # (y1 - y0, x1 - x0), 0: the picture's own pixel .. 1: the patch's


@dataclass(frozen=True)
class Patch:
    """New pixels for one box of the picture."""

    box: Box
    rgb: NDArray[np.uint8] = field(repr=False)  # (y1 - y0, x1 - x0, 3)
    sixteen_bit: SixteenBitPatch | None = field(default=None, repr=False)  # where it was asked for


@dataclass(frozen=True)
class EraseDone:
    id: int
    patches: tuple[Patch, ...]
    seconds: float
    sampled: bool = False  # the fill copied from the request's ``source`` only


@dataclass(frozen=True)
class EraseCancelled:
    id: int


@dataclass(frozen=True)
class EraseFailed:
    id: int
    message: str  # a sentence the user can act on
    details: str = ""  # a traceback, for behind a button


EraseAnswer: TypeAlias = EraseDone | EraseCancelled | EraseFailed
ImportAnswer: TypeAlias = ImportDone | ImportFailed
