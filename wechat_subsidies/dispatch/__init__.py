"""When sending happens: chosen by the `DISPATCHER` setting, one module for each way."""

from .base import Dispatcher

__all__ = ["Dispatcher"]
