"""A small model of how sending stays correct, searched to its end.

One order, two workers, the gateway and people who press buttons, in discrete time: every order in
which a claim, a call, an answer, a kill, the end of a lease and a decision can follow each other
is tried, and what always holds (`invariants`) is looked at after each step. Every rule (`rules`)
can be taken out; a rule that can go without a violation would be none.

    rules        what can be taken out
    invariants   what always holds
    world        the state: the row, the workers, what is at work in the gateway
    decisions    what a call means for its row: asked of the package itself, not written down again
    sending      what workers do, step by step
    gateway      what WeChat Pay may do with a request
    people       the buttons
    kills        rule 3, in a world of its own: many orders, and a pace
    search       breadth first, so that a violation comes with the shortest way to it

Left out, as in the rules themselves: a process frozen for longer than the lease's margin between
its last look at the clock and its first byte. People say what they see at the gateway.
"""
