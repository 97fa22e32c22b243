"""Shops with settings that no other shop can have in the same process; each is a project of its own.

A project is a folder with the settings, models, migrations, admin and URLs that its developers would
write, and with tests: the whole life of a cancellation (`life.py`), and what its trait may break
besides. `tests/hosts/test_projects.py` runs each in a process; by hand:

    python -m pytest --confcutdir tests/hosts/projects --ds tests.hosts.projects.members.settings \
      tests/hosts/projects/members
"""
