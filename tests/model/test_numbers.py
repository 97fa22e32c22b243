"""The model's numbers are small; what they stand for holds of the real ones, too."""

from wechat_subsidies.sender import settling, timing

from .decisions import TIMING, small_numbers


def test_no_resend_comes_before_the_order_may_be_called_again() -> None:
    assert settling.FIRST_DELAY >= timing.ORDER_INTERVAL


def test_the_small_numbers_are_whole_seconds_and_none_is_nothing() -> None:
    with small_numbers():
        numbers = [TIMING.start_by, TIMING.end_by, TIMING.lease, TIMING.grace]
        assert numbers == [2, 3, 4, 2]
    assert (timing.LEASE_MARGIN, timing.SMALLEST_GRACE) == (5, 10)
