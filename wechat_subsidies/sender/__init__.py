"""Claims what is due, sends it, records what came back. With `services` the only writer of state.

A cancellation goes through here in three steps, each in a module of its own:

    claiming    a short transaction makes the row ours for a bounded time
    calling     the call itself, outside of any transaction, within hard deadlines
    recording   a second short transaction: the attempt, and what it means (`settling`)

and, after that commit, `announcing` tells the shop.
"""

from .process import CONCURRENCY, ProcessReport, process_due, send

__all__ = ["CONCURRENCY", "ProcessReport", "process_due", "send"]
