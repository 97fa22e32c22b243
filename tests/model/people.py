"""The buttons. What they change stands in `services`; test_buttons.py holds the two together."""

from collections.abc import Iterator

from wechat_subsidies.models import SubsidyCancellation

from .rules import Rule
from .search import Step
from .world import Row, World

Status = SubsidyCancellation.Status
Proof = SubsidyCancellation.Proof


def steps(world: World, rules: frozenset[Rule]) -> Iterator[Step]:
    """What people may do now. Who resolves says what there is to be seen at the gateway."""
    row = world.row
    if (asked := ask(row)) is not None:
        yield Step("somebody asks", world._replace(row=asked, unsettled=0))
    if (withdrawn := withdraw(row)) is not None:
        yield Step("somebody withdraws it", world._replace(row=withdrawn))
    if (retried := retry(row)) is not None:
        if Rule.END_OF_CALL not in rules:
            retried = retried._replace(due=0)
        yield Step("somebody retries it", world._replace(row=retried, unsettled=0))
    is_early = Rule.SEEN_LATER not in rules
    if (resolved := resolve(row, succeeded=world.done, is_early=is_early)) is not None:
        seen = "cancelled" if world.done else "not cancelled"
        yield Step(f"somebody resolves it as {seen}", world._replace(row=resolved))
    if (reopened := reopen(row)) is not None:
        yield Step("somebody reopens it", world._replace(row=reopened))


def ask(row: Row) -> Row | None:
    """The row once it is asked for, or asked for again; None if that changes nothing."""
    if row.status and (row.status != Status.WITHDRAWN or row.in_doubt):
        return None
    return row._replace(status=Status.PENDING, proof="", unknown_count=0, due=row.not_before)


def withdraw(row: Row) -> Row | None:
    """The row once it is withdrawn; None if it cannot be."""
    if row.status != Status.PENDING or row.in_doubt:
        return None
    return row._replace(status=Status.WITHDRAWN, due=None)


def retry(row: Row) -> Row | None:
    """The row once it is retried; None if it cannot be."""
    if row.status not in {Status.FAILED, Status.NEEDS_REVIEW}:
        return None
    return row._replace(status=Status.PENDING, proof="", unknown_count=0, due=row.not_before)


def resolve(row: Row, *, succeeded: bool, is_early: bool = False) -> Row | None:
    """The row once a person has said what became of it; None if nobody can.

    `is_early`: said while the gateway may still be at work on it.
    """
    if row.status != Status.NEEDS_REVIEW or (row.not_before and not succeeded and not is_early):
        return None
    status = Status.SUCCEEDED if succeeded else Status.FAILED
    return row._replace(status=status, proof=Proof.PERSON, in_doubt=False)


def reopen(row: Row) -> Row | None:
    """The row once a person's word is taken back; None if there is none."""
    if row.proof != Proof.PERSON or row.status not in {Status.SUCCEEDED, Status.FAILED}:
        return None
    return row._replace(status=Status.NEEDS_REVIEW, proof="", in_doubt=True)
