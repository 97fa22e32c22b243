"""Claims what is due, sends it, records what came back. With `services` the only writer of state.

A cancellation goes through here in three steps, each in a module of its own:

    claiming    a short transaction makes the row ours for a bounded time
    calling     the call itself, outside of any transaction, within hard deadlines
    recording   a second short transaction: the attempt, and what it means (`settling`)

and, after that commit, `announcing` tells the shop, on a thread of its own (`announcer`), and
`pausing` looks at what it means for the calls to come. `sending` runs these steps over and over, in
one of the `lanes` for each platform merchant.
"""

from .clients import CONCURRENCY
from .process import beat, count_due, process_due, send
from .sending import ProcessReport

__all__ = ["CONCURRENCY", "ProcessReport", "beat", "count_due", "process_due", "send"]
