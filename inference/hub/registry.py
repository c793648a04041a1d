"""The registry of models known by name: what they are good at, size, licence and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from inference.models import PREVIEW_DECODER

MEGABYTE = 1_000_000
GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Pin:
    """What a file on the hub must be; whatever else it is, it is not fetched."""

    sha256: str
    size: int | None = None  # bytes, where they are known too


@dataclass(frozen=True)
class Part:
    """Files of one repository on the hub that belong to a model."""

    repo: str
    patterns: tuple[str, ...]
    revision: str | None = None  # a commit; None: the newest one's is recorded at the first download
    known: Mapping[str, Pin] = field(default_factory=dict)  # by path: files whose contents are known ahead
    shared: bool = False  # the autoencoder, of which one copy serves all published models

    def takes(self, path: str) -> bool:
        """Whether the file of that path belongs to the part."""
        return any(fnmatchcase(path, pattern) for pattern in self.patterns)


@dataclass(frozen=True)
class KnownModel:
    """A model that can be downloaded, or comes with the program (no parts)."""

    name: str  # of its folder, and its key in the program
    title: str
    note: str  # one sentence on what it is good at
    size: int  # bytes to fetch, about; the hub tells the exact figure
    licence: str
    licence_url: str
    parts: tuple[Part, ...] = ()
    folder: str = ""  # where in the repository its checkpoint lies; empty: the repository is the model
    gated: bool = False  # its licence must be accepted on the hub, and a token shown
    limits: str = ""  # what the user should know before fetching it
    previews: bool = False  # no model: a decoder that draws the published models' previews

    @property
    def source(self) -> str:
        """The repository it comes from, and the folder in it."""
        return "/".join(p for p in (self.parts[0].repo, self.folder) if p) if self.parts else "Comes with the program"

    @property
    def pinned(self) -> bool:
        """Whether the commit it is fetched at is fixed ahead."""
        return bool(self.parts) and all(part.revision is not None for part in self.parts)


# Commits of the repositories with the weights, not of those with the code.
_MOEBIUS, _PIXELHACKER = "cd01f47fb648219d3fa605806c5ce00b713faa5e", "012fd343158936a265b8a0ee38a791a7a2841f45"
# Contents known ahead; all others are checked against what the hub states of them.
_PINS = {
    "hustvl/Moebius": {
        "ft_places2/diffusion_pytorch_model.bin": Pin(
            "6525afb888e55f9b5c74fa0a5d19ca0762d720d6c716fb0f8422fbeb6868a09a", 905_298_356
        ),
    },
    "hustvl/PixelHacker": {
        "ft_ffhq/diffusion_pytorch_model.bin": Pin("a13cc4f7aa55c3ae98d414a42aa3e17df95a0cd21bdbf6511bc0aae051de7a16"),
    },
}
VAE = Part(
    "hustvl/PixelHacker",
    ("vae/config.json", "vae/diffusion_pytorch_model.*"),
    revision=_PIXELHACKER,
    known={
        "vae/config.json": Pin("caeb94d8607dbd24acd13719c6823e2525509de8a21eb6b56cf93d5267c04694", 788),
        "vae/diffusion_pytorch_model.bin": Pin(
            "a59d7ea697f2942d22002dc3469e8c53db807a6b78f7f5ec03bd4c1f70f98efe", 167_394_306
        ),
    },
    shared=True,
)
_APACHE = ("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")
_MIT = ("MIT", "https://opensource.org/license/mit")
_FOLDERS = {
    "pretrained": ("general", "All kinds of pictures, as first trained."),
    "ft_places2": ("Places2", "Landscapes, streets, rooms: the one to begin with."),
    "ft_celebahq": ("CelebA-HQ", "Portraits, close up."),
    "ft_ffhq": ("FFHQ", "Faces of all ages, with hats, glasses and backgrounds."),
}


def _published(family: str, revision: str, size: int, pace: str) -> tuple[KnownModel, ...]:
    repo = f"hustvl/{family}"
    return tuple(
        KnownModel(
            name=f"{family.lower()}-{folder}",
            title=f"{family} {title}",
            note=f"{note} {pace}",
            size=size,
            # The two places where the authors publish it differ, so that both are named.
            licence=f"Apache-2.0 (github.com/{repo}), MIT (huggingface.co/{repo})",
            licence_url=f"https://huggingface.co/{repo}",
            parts=(
                Part(
                    repo,
                    (f"{folder}/diffusion_pytorch_model.*",),
                    revision=revision,
                    known={k: v for k, v in _PINS[repo].items() if k.startswith(f"{folder}/")},
                ),
                VAE,
            ),
            folder=folder,
        )
        for folder, (title, note) in _FOLDERS.items()
    )


CATALOGUE: tuple[KnownModel, ...] = (
    KnownModel(
        name="moebius-nano",
        title="Moebius nano",
        note="Small and quick; improves a first patch fill. Works on any computer.",
        size=0,
        licence=_APACHE[0],
        licence_url=_APACHE[1],
    ),
    *_published("Moebius", _MOEBIUS, 1072 * MEGABYTE, "0.2 billion parameters."),
    *_published(
        "PixelHacker", _PIXELHACKER, 3617 * MEGABYTE, "0.9 billion parameters: several times slower than Moebius."
    ),
    KnownModel(
        name=PREVIEW_DECODER,
        title="TAESDXL",
        note="No model: draws the steps of Moebius and PixelHacker in full detail, at little cost.",
        size=10 * MEGABYTE,
        licence=_MIT[0],
        licence_url=_MIT[1],
        parts=(Part("madebyollin/taesdxl", ("config.json", "diffusion_pytorch_model.*")),),
        previews=True,
    ),
    KnownModel(
        name="flux-1-fill-dev",
        title="FLUX.1 Fill [dev]",
        note="Large objects and invented detail. 12 billion parameters: needs a graphics card with 24 GB or more.",
        size=34 * GIGABYTE,
        licence="FLUX.1 [dev] Non-Commercial License",
        licence_url="https://huggingface.co/black-forest-labs/FLUX.1-Fill-dev/blob/main/LICENSE.md",
        parts=(
            Part(
                "black-forest-labs/FLUX.1-Fill-dev",
                (
                    "LICENSE.md",
                    "model_index.json",
                    *(f"{name}/*" for name in ("scheduler", "text_encoder", "text_encoder_2", "tokenizer")),
                    *(f"{name}/*" for name in ("tokenizer_2", "transformer", "vae")),
                ),
            ),
        ),
        gated=True,
        limits=(
            "Its licence forbids commercial use of the model. Accept it on the model's page with an account of the "
            "hub, and give a token of that account (under Network, or in HF_TOKEN). It needs the program's extra "
            "packages: flux."
        ),
    ),
    KnownModel(
        name="sam2.1-hiera-tiny",
        title="SAM 2.1 tiny",
        note="Selects, does not erase: with the Object tool a click or a box is answered by this model.",
        size=156 * MEGABYTE,
        licence=_APACHE[0],
        licence_url=_APACHE[1],
        parts=(Part("facebook/sam2.1-hiera-tiny", ("config.json", "model.safetensors")),),
        limits="It needs the program's extra package: sam.",
    ),
)


def known_model(name: str) -> KnownModel | None:
    """The catalogue's entry of that name."""
    return next((model for model in CATALOGUE if model.name == name), None)
