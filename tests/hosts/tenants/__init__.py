"""A platform whose tenants must not know of each other; what an order is comes of SQL."""
