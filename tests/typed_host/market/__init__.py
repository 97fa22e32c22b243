"""A shop as its developers write it, with types: checked by mypy, strictly and without an ignore.

`make types` checks it beside this project, `make package` beside the wheel, where it runs, too.
"""
