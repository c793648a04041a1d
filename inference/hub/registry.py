"""The registry of models known by name: what they are good at, size, licence and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

MEGABYTE = 1_000_000
GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Part:
    """Files of one repository on the hub that belong to a model."""

    repo: str
    patterns: tuple[str, ...]
    revision: str | None = None  # a commit; None: the newest one's is recorded at the first download
    sha256: Mapping[str, str] = field(default_factory=dict)  # of files whose contents are known ahead

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

    @property
    def source(self) -> str:
        """The repository it comes from, and the folder in it."""
        return "/".join(p for p in (self.parts[0].repo, self.folder) if p) if self.parts else "Comes with the program"

    @property
    def pinned(self) -> bool:
        """Whether the commit it is fetched at is fixed ahead."""
        return bool(self.parts) and all(part.revision is not None for part in self.parts)


VAE = Part("hustvl/PixelHacker", ("vae/config.json", "vae/diffusion_pytorch_model.*"))
_APACHE = ("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")
_MIT = ("MIT", "https://opensource.org/license/mit")
_FOLDERS = {
    "pretrained": ("general", "All kinds of pictures, as first trained."),
    "ft_places2": ("Places2", "Landscapes, streets, rooms: the one to begin with."),
    "ft_celebahq": ("CelebA-HQ", "Portraits, close up."),
    "ft_ffhq": ("FFHQ", "Faces of all ages, with hats, glasses and backgrounds."),
}
# Contents known ahead; all others are checked against what the hub states of them.
_KNOWN = {"ft_ffhq/diffusion_pytorch_model.bin": "a13cc4f7aa55c3ae98d414a42aa3e17df95a0cd21bdbf6511bc0aae051de7a16"}


def _published(family: str, repo: str, size: int, licence: tuple[str, str], pace: str) -> tuple[KnownModel, ...]:
    known = _KNOWN if repo == VAE.repo else {}
    return tuple(
        KnownModel(
            name=f"{family.lower()}-{folder}",
            title=f"{family} {title}",
            note=f"{note} {pace}",
            size=size,
            licence=licence[0],
            licence_url=licence[1],
            parts=(
                Part(
                    repo,
                    (f"{folder}/diffusion_pytorch_model.*",),
                    sha256={k: v for k, v in known.items() if k.startswith(f"{folder}/")},
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
    *_published("Moebius", "hustvl/Moebius", 1072 * MEGABYTE, _APACHE, "0.2 billion parameters."),
    *_published(
        "PixelHacker",
        "hustvl/PixelHacker",
        3617 * MEGABYTE,
        _MIT,
        "0.9 billion parameters: several times slower than Moebius.",
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
)


def known_model(name: str) -> KnownModel | None:
    """The catalogue's entry of that name."""
    return next((model for model in CATALOGUE if model.name == name), None)
