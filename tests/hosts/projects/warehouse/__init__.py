"""A shop with two databases, in three ways: what is where is said by its routers and its settings."""
