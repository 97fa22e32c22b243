"""A small shop without an admin of its orders: its own page begins a batch."""
