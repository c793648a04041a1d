"""What goes into the package and what stays out, in one place for the spec, the builder and the tests."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SCRIPTS = {"moebius": "app/__main__.py", "moebius-gui": "app/gui.py"}
"""Executables and where they begin."""

PACKAGES = ("app", "inference")
"""Packages that go in whole: some of their modules are looked up by name."""

DATA = ("icons", "models", "samples", "system_libraries.json", "theme")
"""What of ``resources`` the program reads."""

METADATA = (
    "moebius",
    # Their versions are looked up while diffusers is imported
    "diffusers",
    "filelock",
    "huggingface_hub",
    "numpy",
    "requests",
    "safetensors",
    "torch",
)
"""Distributions whose metadata is read at run time."""

HIDDEN_IMPORTS = (
    # Looked up by name: lazy imports of diffusers, torch and the program's own
    "diffusers.models.autoencoders.autoencoder_kl",
    "diffusers.models.autoencoders.autoencoder_tiny",
    "diffusers.schedulers.scheduling_ddim",
    "diffusers.schedulers.scheduling_dpmsolver_multistep",
    "diffusers.schedulers.scheduling_unipc_multistep",
    "huggingface_hub.constants",
    "huggingface_hub.file_download",
    "huggingface_hub.hf_api",
    "huggingface_hub.utils._headers",
    "pi_heif",
    "psd_tools",
    "psd_tools.compression._rle",
    "qasync",
    "rawpy",
    "resources",
    "torch._dynamo.polyfills.copy",
    "torch._dynamo.polyfills.fx",
    "torch._dynamo.polyfills.tensor",
    "torch.onnx.operators",
    "unittest.mock",  # by torch
)

SOURCES = (
    "torch._dynamo.config",
    "torch._export.config",
    "torch._functorch.config",
    "torch._inductor.config",
    "torch._inductor.config_comms",
    "torch.compiler.config",
    "torch.distributed.config",
    "torch.functional",
    "torch.fx.experimental._config",
    "torch.nn.functional",
    "torch.nn.modules.rnn",
    "torch.utils.serialization.config",
)
"""Modules that read their own source when they are imported, so that it has to lie beside them."""

EXCLUDES = (
    # The project's own, but no part of the program
    "benchmarks",
    "resources.packaging",
    "tests",
    "training",
    # Of extras, of Python itself, or found where the program is developed; what uses them does without
    "IPython",
    "_pytest",
    "_uuid",
    "accelerate",
    "dask",
    "distributed",
    "google",
    "grpc",
    "hf_xet",
    "hypothesis",
    "imageio",
    "jinja2",
    "lib2to3",
    "lpips",
    "matplotlib",
    "mypy",
    "networkx",
    "onnx",
    "pandas",
    "pip",
    "pkg_resources",
    "psutil",
    "py",
    "pydantic",
    "pygments",
    "pytest",
    "readline",
    "regex",
    "rich",
    "scipy",
    "sentencepiece",
    "setuptools",
    "skimage",
    "tensorboard",
    "tkinter",
    "tokenizers",
    "torch_fidelity",
    "torchvision",
    "transformers",
    "typer",
    "wheel",
    # Qt beyond widgets and drawings
    "PySide6.QtDBus",
    "PySide6.QtNetwork",
    "PySide6.QtOpenGL",
    "PySide6.QtQml",
    "PySide6.QtQuick",
    "PySide6.QtTest",
    # Of diffusers: three schedulers and one autoencoder are used, no pipeline
    "diffusers.commands",
    "diffusers.experimental",
    "diffusers.guiders",
    "diffusers.models.controlnets",
    "diffusers.modular_pipelines",
    "diffusers.pipelines",
    "diffusers.training_utils",
    # Of torch: compiling, training on many machines, its own tests
    "torch._inductor.autoheuristic",
    "torch._inductor.codecache",
    "torch._inductor.codegen",
    "torch._inductor.compile_fx",
    "torch._inductor.fx_passes",
    "torch._inductor.ir",
    "torch._inductor.kernel",
    "torch._inductor.lowering",
    "torch._inductor.scheduler",
    "torch._inductor.select_algorithm",
    "torch._inductor.template_heuristics",
    "torch.distributed._tools",
    "torch.distributed.checkpoint",
    "torch.distributed.elastic",
    "torch.distributed.optim",
    "torch.distributed.pipelining",
    "torch.testing._internal.common_cuda",
    "torch.testing._internal.common_device_type",
    "torch.testing._internal.common_distributed",
    "torch.testing._internal.common_methods_invocations",
    "torch.testing._internal.common_nn",
    "torch.testing._internal.common_utils",
    "torch.testing._internal.distributed",
    "torch.testing._internal.opinfo",
    "torch.utils.benchmark",
    "torch.utils.bottleneck",
    "torch.utils.cpp_extension",
    "torch.utils.tensorboard",
    # What comes with torch's builds for graphics cards and nothing here calls: the compiler of kernels, NVIDIA's Python
    "cuda",
    "triton",
    # Of the rest
    "huggingface_hub.cli",
    "huggingface_hub.fastai_utils",
    "numpy.distutils",
    "numpy.f2py",
    "numpy.testing",
    "sympy.categories",
    "sympy.crypto",
    "sympy.diffgeom",
    "sympy.holonomic",
    "sympy.liealgebras",
    "sympy.physics",
    "sympy.stats",
    "sympy.testing",
)
"""Modules left out, each with all below it."""

OPTIONAL = ("dask", "distributed", "transformers")
"""Of those, what is imported where it is there and done without where not: batches on a cluster, FLUX.1 Fill."""

UNWANTED = (
    # Qt's plug-ins and libraries for what the window does not do
    "*/Qt/translations/*",
    "*/Qt/qml/*",
    "*/plugins/egldeviceintegrations/*",
    "*/plugins/generic/*",
    "*/plugins/imageformats/*qgif*",
    "*/plugins/imageformats/*qicns*",
    "*/plugins/imageformats/*qpdf*",
    "*/plugins/imageformats/*qtga*",
    "*/plugins/imageformats/*qtiff*",
    "*/plugins/imageformats/*qwbmp*",
    "*/plugins/networkinformation/*",
    "*/plugins/platforminputcontexts/*qtvirtualkeyboard*",
    "*/plugins/platforms/*eglfs*",
    "*/plugins/platforms/*linuxfb*",
    "*/plugins/platforms/*minimal*",
    "*/plugins/platforms/*vkkhr*",
    "*/plugins/platforms/*vnc*",
    "*/plugins/tls/*",
    "*/plugins/vectorimageformats/*",
    "*/plugins/wayland-graphics-integration-server/*",
    "*libQt6EglF*",
    "*libQt6Network*",
    "*libQt6Pdf*",
    "*libQt6Qml*",
    "*libQt6Quick*",
    "*libQt6VirtualKeyboard*",
    # Headers, tests and programs of torch and numpy
    "torch/include/*",
    "torch/test/*",
    "torch/share/*",
    "torch/bin/test_*",
    "torch/bin/protoc*",
    "torch/lib/libaoti_custom_ops.so",
    "torch/lib/libbackend_with_compiler.so",
    "torch/lib/libjitbackend_test.so",
    "torch/lib/libtorchbind_test.so",
    "torch/lib/*.lib",
    "torch/**/*.pyi",
    # Of NVIDIA's packages: headers, and what is for linking (cuda_libraries.py has the libraries)
    "nvidia/**/include/*",
    "nvidia/**/*.a",
    "nvidia/cuda_nvcc/*",
    "torch/lib/*.a",
    # What else is not read
    "cv2/data/*",
    "*/__init__.pyi",
    "*.pyi",
    "*/py.typed",
    "share/*",
)
"""Files left out, by where they would lie in the package."""

BUNDLED_LIBRARIES = (
    # Of Python's own modules
    "libbz2.so*",
    "libcrypto.so*",
    "libexpat.so*",
    "libffi.so*",
    "liblzma.so*",
    "libpython3*.so*",
    "libsqlite3.so*",
    "libssl.so*",
    # Of Qt, and not on every desktop
    "libxcb-cursor.so*",
    "libxcb-icccm.so*",
    "libxcb-image.so*",
    "libxcb-keysyms.so*",
    "libxcb-render-util.so*",
    "libxcb-util.so*",
    "libzstd.so*",
)
"""Libraries of the system this is made on that go along, on Linux. All others belong to the desktop and its graphics
driver, or come with them: a second copy of one of these breaks the other's."""

OPENCV_FUNCTIONS = frozenset(
    {
        "GaussianBlur",
        "LUT",
        "Sobel",
        "absdiff",
        "add",
        "addWeighted",
        "approxPolyDP",
        "bitwise_and",
        "bitwise_not",
        "blur",
        "boundingRect",
        "getGaussianKernel",
        "polylines",
        "boxFilter",
        "circle",
        "compare",
        "connectedComponents",
        "connectedComponentsWithStats",
        "convertScaleAbs",
        "copyMakeBorder",
        "copyTo",
        "countNonZero",
        "cvtColor",
        "dilate",
        "distanceTransform",
        "distanceTransformWithLabels",
        "drawContours",
        "erode",
        "filter2D",
        "findContours",
        "floodFill",
        "getStructuringElement",
        "grabCut",
        "imdecode",
        "inRange",
        "inpaint",
        "medianBlur",
        "merge",
        "morphologyEx",
        "multiply",
        "remap",
        "resize",
        "setRNGSeed",
        "subtract",
        "threshold",
        "transform",
        "warpAffine",
    }
)
"""Functions of OpenCV the program calls. None reaches linear algebra or video: the libraries for these are left out
of the package on Linux (:mod:`resources.packaging.stand_ins`)."""


def data(root: Path = ROOT) -> list[tuple[str, str]]:
    """Files and folders of ``resources`` to take along, as PyInstaller's pairs of source and folder."""
    pairs = []
    for name in DATA:
        source = root / "resources" / name
        pairs.append((str(source), f"resources/{name}" if source.is_dir() else "resources"))
    return pairs


def hidden_imports(root: Path = ROOT) -> list[str]:
    """Every module of the program, and what others look up by name."""
    own = [
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
    ]
    return [*(name for name in own if not name.endswith(".__main__")), *HIDDEN_IMPORTS]


def is_excluded(module: str) -> bool:
    """Whether a module stays out."""
    return any(module == name or module.startswith(f"{name}.") for name in EXCLUDES)


def is_unwanted(target: str) -> bool:
    """Whether a file stays out, by where it would lie in the package (forward slashes)."""
    return any(fnmatchcase(target, pattern) for pattern in UNWANTED)


def is_of_system(target: str) -> bool:
    """Whether a library that lies beside the program's modules, taken from the system, is left to it (on Linux)."""
    is_library = "/" not in target and fnmatchcase(target, "lib*.so*")
    return is_library and not any(fnmatchcase(target, pattern) for pattern in BUNDLED_LIBRARIES)
