"""The proof that sending stays correct: real workers, killed at random, against a gateway at fault.

    python -m torture           everything, a thousand orders and a hundred kills a round
    python -m torture --short   as much as a change can wait for

For each database a private server is started in a temporary folder, the sandbox in a process of
its own, and four workers as a supervisor would run them. While these send, a `scenario` kills and
troubles them. At the end the gateway's ledger is held against the database (`verdict`), and the
figures are printed as a table. Needs a checkout, the drivers of the databases and their binaries.
"""
