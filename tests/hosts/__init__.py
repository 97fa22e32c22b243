"""Small third-party shops of different shapes, as their own developers would write them."""
