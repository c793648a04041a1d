"""How to come by packages that only some uses need."""

from __future__ import annotations

import sys

import pytest

from inference.runtime.optional_packages import how_to_add


@pytest.mark.parametrize(("packaged", "said"), [(False, "in the program's folder"), (True, "from its source code")])
def test_the_advice_fits_how_the_program_is_installed(
    monkeypatch: pytest.MonkeyPatch, packaged: bool, said: str
) -> None:
    monkeypatch.setattr(sys, "frozen", packaged, raising=False)
    assert said in how_to_add("flux")
    assert 'pip install ".[flux]"' in how_to_add("flux")
