"""The sandbox as its users see it: start, stop, prepare orders and faults, ask what happened."""

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from wechat_subsidies.sandbox.gateway import Gateway, State
from wechat_subsidies.sandbox.keys import (
    Merchant,
    key_ring,
    new_merchant,
    parse_public_key,
)
from wechat_subsidies.sandbox.ledger import Ledger, LedgerEntry, most_in_flight
from wechat_subsidies.sandbox.orders import Order, Orders, Refund, Repeat
from wechat_subsidies.sandbox.plan import FaultPlan
from wechat_subsidies.sandbox.server import Server


class Sandbox:
    """A WeChat Pay gateway of your own; a context manager.

    `port` 0 takes a free one, kept when it is stopped and started again. `keys` is a folder to
    keep keys in, made where missing; None makes new ones. `create_orders` knows every order from
    the first call for it, as refunded; without it only those of `add_order`. `repeat` is how the
    repeat of a successful cancellation is answered: "success" or "invalid_request" (WeChat Pay
    documents neither). `keep_alive` is the seconds that an idle connection is kept; the real
    gateway's are 8. `tls` is the PEM files of a server certificate and its key.

    Raises ValueError for keys that do not fit together, OSError if the port is taken.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        keys: Path | str | None = None,
        create_orders: bool = True,
        repeat: Repeat = "success",
        keep_alive: int = 8,
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        if keep_alive < 1:
            raise ValueError(f"keep_alive is {keep_alive} and must be 1 second or more.")
        self._address = (host, port)
        self._keep_alive = keep_alive
        self._tls = tls
        self._server: Server | None = None
        self._lock = threading.Lock()
        ring = key_ring(Path(keys) if keys is not None else None)
        self._default = ring.merchant
        self._merchants = {ring.merchant.mchid: ring.merchant}
        self._begin_with = (create_orders, repeat)
        self._orders = Orders(create=create_orders, repeat=repeat)
        self._ledger = Ledger()
        self.faults = FaultPlan()
        self._state = State(
            platform=ring.platform,
            merchants=self._merchants,
            orders=self._orders,
            faults=self.faults,
            ledger=self._ledger,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen. Raises RuntimeError if it does already."""
        with self._lock:
            if self._server:
                raise RuntimeError(f"The sandbox is running already at {self._server.url}.")
            server = Server(
                Gateway(self._state).serve,
                address=self._address,
                keep_alive=self._keep_alive,
                tls=self._tls,
            )
            server.start()
            self._address = server.bind_addr
            self._server = server

    def stop(self) -> None:
        """Stop listening and drop all connections, promptly even if requests hang."""
        with self._lock:
            if self._server:
                self._server.stop()
                self._server = None

    @property
    def url(self) -> str:
        """The address to put where https://api.mch.weixin.qq.com belongs."""
        if not self._server:
            raise RuntimeError("The sandbox has no address before it is started.")
        return self._server.url

    def reset(self) -> None:
        """Forget orders, ledger, faults and added merchants, as if it had just been made."""
        self.faults.clear()
        self._orders.clear()
        self._orders.create, self._orders.repeat = self._begin_with
        self._ledger.clear()
        self._merchants[self._default.mchid] = self._default
        for mchid in set(self._merchants) - {self._default.mchid}:
            del self._merchants[mchid]

    # Merchants

    def add_merchant(
        self, *, mchid: str, serial_no: str | None = None, public_key_pem: str | None = None
    ) -> None:
        """Admit another merchant, with a key of its own or, if none is given, with a new one.

        `serial_no` is the hex serial of its certificate. Raises ValueError for a bad key.
        """
        if public_key_pem and serial_no:
            key = parse_public_key(public_key_pem)
            merchant = Merchant(mchid=mchid, serial_no=serial_no.upper(), public_key=key)
        elif public_key_pem or serial_no:
            raise ValueError(f"Merchant {mchid}: give serial_no and public_key_pem, or neither.")
        else:
            merchant = new_merchant(mchid)
        self._merchants[mchid] = merchant

    def merchant_settings(self, mchid: str | None = None) -> dict[str, str]:
        """Return a merchant's entry for WECHAT_SUBSIDIES["MERCHANTS"]; None: the default's.

        Raises KeyError for an unknown merchant, ValueError if its private key was never given.
        """
        merchant = self._merchants[mchid] if mchid else self._default
        if merchant.private_key_pem is None:
            raise ValueError(f"The private key of merchant {mchid} is its own: only it has it.")
        return {
            "MCHID": merchant.mchid,
            "MERCHANT_SERIAL_NO": merchant.serial_no,
            "PRIVATE_KEY": merchant.private_key_pem,
            "WECHATPAY_PUBLIC_KEY_ID": self._state.platform.key_id,
            "WECHATPAY_PUBLIC_KEY": self._state.platform.public_key_pem,
            "BASE_URL": self.url,
        }

    # Orders

    def add_order(
        self,
        *,
        sub_mchid: str,
        transaction_id: str,
        refunded: bool | None = None,
        refunds: Sequence[str | Refund] = (),
        profit_shared: bool = False,
        subsidy_mark: bool = True,
        cancelled: bool = False,
        mchid: str | None = None,
    ) -> None:
        """Make an order known, in place of an earlier one with the same transaction_id.

        `refunds` are refund ids, or Refunds to give them a status and an amount. Without them
        `refunded` (default: False) is a refund whose id the first call to name one decides.
        `mchid` None lets any merchant call for it.
        """
        self._orders.add(
            Order(
                sub_mchid=sub_mchid,
                transaction_id=transaction_id,
                mchid=mchid,
                refunded=bool(refunds) if refunded is None else refunded,
                refunds=[_refund(refund) for refund in refunds],
                profit_shared=profit_shared,
                subsidy_mark=subsidy_mark,
                cancelled=cancelled,
            )
        )

    @property
    def repeat(self) -> Repeat:
        """How the repeat of a successful cancellation is answered; may be set at any time."""
        return self._orders.repeat

    @repeat.setter
    def repeat(self, value: Repeat) -> None:
        self._orders.repeat = value

    @property
    def create_orders(self) -> bool:
        """Whether an unknown order is made on first sight; may be set at any time."""
        return self._orders.create

    @create_orders.setter
    def create_orders(self, value: bool) -> None:
        self._orders.create = value

    def is_cancelled(self, *, sub_mchid: str, transaction_id: str) -> bool:
        """Say whether the order's subsidy is cancelled."""
        return self._orders.is_cancelled(sub_mchid=sub_mchid, transaction_id=transaction_id)

    # What happened

    @property
    def ledger(self) -> list[LedgerEntry]:
        """All requests so far, in the order of arrival."""
        return self._ledger.entries()

    def calls(
        self, transaction_id: str | None = None, *, path: str | None = None
    ) -> list[LedgerEntry]:
        """Return the requests so far of one order and/or one path."""
        return self._ledger.entries(transaction_id=transaction_id, path=path)

    def wait_for_calls(
        self,
        count: int,
        *,
        transaction_id: str | None = None,
        path: str | None = None,
        ended: bool = False,
        timeout: float = 10.0,
    ) -> list[LedgerEntry]:
        """Return the requests as soon as `count` were worked on (with `ended`: are over).

        Worked on means that what was to be done is done, and what is to hang hangs. Raises
        TimeoutError after `timeout` seconds.
        """
        return self._ledger.wait_for(
            count, transaction_id=transaction_id, path=path, ended=ended, timeout=timeout
        )

    def most_in_flight(self, transaction_id: str | None = None) -> int:
        """Return how many requests (of one order) were under way at the same time at most."""
        return most_in_flight(self._ledger.entries(transaction_id=transaction_id))


def _refund(given: str | Refund) -> Refund:
    return given if isinstance(given, Refund) else Refund(refund_id=given)
