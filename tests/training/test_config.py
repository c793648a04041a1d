"""Settings are declared once, and what does not fit is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.config import ConfigError, DistillConfig, PrepareConfig, TrainConfig, make_config, read_config

CONFIGS = Path(__file__).parents[2] / "training" / "configs"


def test_an_unknown_setting_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"no setting 'lerning_rat'"):
        make_config(TrainConfig, {"out": "x", "autoencoder": "y", "lerning_rat": 1.0})
    with pytest.raises(ConfigError, match="Perhaps 'timesteps' is meant"):
        make_config(TrainConfig, {"out": "x", "autoencoder": "y", "timestep": "uniform"})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("steps", "many", "steps must be int, not 'many'"),
        ("steps", True, "steps must be int, not True"),
        ("rate", "fast", "rate must be float"),
        ("rate", -1, "rate must be at least 0"),
        ("precision", "fp8", "precision must be one of fp32, bf16, fp16"),
        ("resume", 1, "resume must be bool"),
        ("unet", [1], "unet must be dict"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_config(TrainConfig, {"out": "x", "autoencoder": "y", name: value})


def test_what_is_needed_is_said() -> None:
    with pytest.raises(ConfigError, match="out is needed: folder of shards"):
        make_config(PrepareConfig, {})


def test_options_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('out = "from-file"\nshards = 3\nsize = 64\n', encoding="utf-8")
    config = read_config(PrepareConfig, file, {"shards": 5})
    assert (config.out, config.shards, config.size) == (Path("from-file"), 5, 64)
    file.write_text("out = ", encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid TOML"):
        read_config(PrepareConfig, file, {})
    with pytest.raises(ConfigError, match="can't be read"):
        read_config(PrepareConfig, tmp_path / "none.toml", {})


def test_the_files_that_ship_are_valid() -> None:
    released = read_config(DistillConfig, CONFIGS / "moebius_distill.toml", {})
    assert (released.batch, released.rate, released.precision, released.steps) == (512, 1e-4, "bf16", 200_000)
    assert (released.timesteps, released.noise_offset, released.optimizer) == ("lognorm", 0.0357, "muon")
    assert (released.coarse_weight, released.task_weight, released.perceptual_weight) == (0.01, 0.5, 0.5)
    assert (released.model, released.teacher, released.perceptual) == ("moebius", "pixelhacker", "elatentlpips")
    small = read_config(TrainConfig, CONFIGS / "nano_structure.toml", {})
    assert (small.objective, small.model) == ("layout", "moebius-nano")


def test_every_file_is_for_one_of_the_commands() -> None:
    from training.__main__ import COMMANDS

    for file in sorted(CONFIGS.glob("*.toml")):
        fitting = []
        for name, (kind, _) in COMMANDS.items():
            try:
                read_config(kind, file, {})
            except ConfigError:
                continue
            fitting.append(name)
        assert fitting, f"{file.name} fits no command"
