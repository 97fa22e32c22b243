"""Users with a UUID as their key."""

from ..life import Life
from .models import Order


class TestOrders(Life):
    model = Order
    name = "lihua@example.com"
