"""What always holds (section 4 of the design), as far as one order can tell."""

from enum import StrEnum

from wechat_subsidies.models import SubsidyCancellation

from .world import Row, World

Status = SubsidyCancellation.Status
Proof = SubsidyCancellation.Proof


class Invariant(StrEnum):
    """Broken in one state, or by one step."""

    RECORDED = "1: what is sent is recorded as being sent, in doubt, before its first byte"
    ONE_IN_FLIGHT = "3: at most one request is in flight for an order"
    ONE_A_SECOND = "3: at most one request for an order begins per second"
    ONE_SECOND_IN_DOUBT = "3: a kill puts no more in doubt than can be started in one second"
    PROOF = "4: SUCCEEDED by WeChat Pay's word only if it was carried out"
    NOTHING_LEAVES = "4: nothing leaves SUCCEEDED by WeChat Pay's word"
    TAKEN = "4: a verified SUCCESS is taken in whatever state the row is"
    DOUBT = "5: what may have been carried out is in doubt"
    NOT_FAILED = "5: what was or may still be carried out is not FAILED"
    NOT_WITHDRAWN = "5: what was or may still be carried out is not WITHDRAWN"
    NOT_STUCK = "7: what waits or is being sent has a time at which it is due, all else has none"
    BOUNDED = "7: no more calls with unknown outcome than MAX_ATTEMPTS"
    ATTEMPT = "every call leaves an attempt"
    ATTEMPT_OF_OVERTAKEN = "every call leaves an attempt, also one that a late SUCCESS overtook"


# Not held: what a late SUCCESS of an earlier call settles is not due any more, so that nobody comes
# by to write `lost` for the call under way, should its worker be killed. If it is not, its attempt
# is there. The row is right and final either way.
KNOWN = frozenset({Invariant.ATTEMPT_OF_OVERTAKEN})


def broken_in(world: World) -> Invariant | None:
    """The first invariant that this state breaks."""
    row = world.row
    if is_proven(row) and not world.done:
        return Invariant.PROOF
    if (row.status in {Status.PENDING, Status.SENDING}) != (row.due is not None):
        return Invariant.NOT_STUCK
    if (world.done or world.at_work) and row.status != Status.SUCCEEDED:
        if row.status == Status.FAILED:
            return Invariant.NOT_FAILED
        if row.status == Status.WITHDRAWN:
            return Invariant.NOT_WITHDRAWN
        if not row.in_doubt:
            return Invariant.DOUBT
    return is_owed_for_ever(world)


def broken_by_change(before: World, after: World) -> Invariant | None:
    """The invariant that the step from one state to the other breaks."""
    left = is_proven(before.row) and not is_proven(after.row)
    return Invariant.NOTHING_LEAVES if left else None


def broken_by_first_byte(world: World, *, is_held: bool, max_attempts: int) -> Invariant | None:
    """The invariant that a request breaks whose first byte is written now."""
    row = world.row
    is_recorded = is_held and row.status == Status.SENDING and row.in_doubt
    # Its claim stood; a proven success of an earlier call was taken since, and stays.
    is_recorded |= is_proven(row)
    if world.at_work:
        return Invariant.ONE_IN_FLIGHT
    if world.began_now:
        return Invariant.ONE_A_SECOND
    if not is_recorded:
        return Invariant.RECORDED
    if world.unsettled >= max_attempts:
        return Invariant.BOUNDED
    return None


def is_owed_for_ever(world: World) -> Invariant | None:
    """Whether a worker is gone with its call, and nobody will write down that it was lost."""
    is_held_by_the_dead = world.row.status == Status.SENDING and not any(
        worker.holds for worker in world.workers
    )
    if not world.owed or is_held_by_the_dead:
        return None
    return Invariant.ATTEMPT_OF_OVERTAKEN if is_proven(world.row) else Invariant.ATTEMPT


def is_proven(row: Row) -> bool:
    """Whether it is SUCCEEDED by WeChat Pay's word."""
    return row.status == Status.SUCCEEDED and row.proof == Proof.WECHAT
