"""An old shop: AutoField, no time zones, a transaction around each view, and an admin site of its own."""
