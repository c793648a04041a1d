"""The slot keeps the newest only and tells of it once."""

from app.engine.latest_value import LatestSlot


def test_only_the_first_put_into_an_empty_slot_needs_telling() -> None:
    slot: LatestSlot[int] = LatestSlot()
    assert slot.take() is None
    assert slot.put(1) is True
    assert slot.put(2) is False
    assert slot.take() == 2
    assert slot.take() is None
    assert slot.put(3) is True
