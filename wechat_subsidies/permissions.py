"""Who may do what: Django's permissions of this app, under the names used everywhere else."""

from typing import Any

CANCEL_SUBSIDY = "wechat_subsidies.cancel_subsidy"
RESOLVE_CANCELLATION = "wechat_subsidies.resolve_cancellation"
PAUSE_SENDING = "wechat_subsidies.pause_sending"
VIEW_ALL_BATCHES = "wechat_subsidies.view_all_batches"
VIEW_PAUSE = "wechat_subsidies.view_sendingpause"
VIEW_CANCELLATION = "wechat_subsidies.view_subsidycancellation"


def holds(user: Any, permission: str) -> bool:
    """Whether this user is active and has the permission.

    An account of the host's own kind may have no `is_active`: then its permissions alone count.
    """
    return bool(getattr(user, "is_active", True) and user.has_perm(permission))


def may_cancel(user: Any) -> bool:
    """Whether this user may ask for cancellations, retry and withdraw them."""
    return holds(user, CANCEL_SUBSIDY)


def may_resolve(user: Any) -> bool:
    """Whether this user may state what became of a cancellation that needs review."""
    return holds(user, RESOLVE_CANCELLATION)


def may_see_cancellations(user: Any) -> bool:
    """Whether this user may see cancellations: by permission, or since they act on them."""
    is_permitted = holds(user, VIEW_CANCELLATION)
    return is_permitted or may_cancel(user) or may_resolve(user)


def may_see_all_batches(user: Any) -> bool:
    """Whether this user may see and work on the batches of others."""
    return may_cancel(user) and holds(user, VIEW_ALL_BATCHES)


def may_see_batch(user: Any, batch: Any) -> bool:
    """Whether this user may see and work on this batch: their own, or anybody's by permission."""
    return may_cancel(user) and (batch.requested_by_id == user.pk or may_see_all_batches(user))


def may_pause(user: Any) -> bool:
    """Whether this user may pause the sending and resume it."""
    return holds(user, PAUSE_SENDING)


def may_see_pauses(user: Any) -> bool:
    """Whether this user may see what is paused and why."""
    return may_pause(user) or holds(user, VIEW_PAUSE)
