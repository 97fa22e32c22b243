"""When sending happens: chosen by the `DISPATCHER` setting, one module for each way."""

from .base import Dispatcher, Problem

__all__ = ["Dispatcher", "Problem"]
