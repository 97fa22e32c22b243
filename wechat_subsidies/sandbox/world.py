"""All that a sandbox knows and can be asked: merchants, keys, orders, faults, limits, the ledger."""

from collections.abc import Sequence
from pathlib import Path

from wechat_subsidies.sandbox.certificates import new_certificate
from wechat_subsidies.sandbox.gateway import State
from wechat_subsidies.sandbox.key_folder import key_ring
from wechat_subsidies.sandbox.keys import parse_private_key, platform_key_of
from wechat_subsidies.sandbox.ledger import Ledger, LedgerEntry, Totals, most_in_flight
from wechat_subsidies.sandbox.limits import RateLimits
from wechat_subsidies.sandbox.merchants import (
    KeyMode,
    Merchant,
    Merchants,
    admitted,
    check_key_mode,
    new_api_v3_key,
)
from wechat_subsidies.sandbox.orders import Order, Orders, Refund, Repeat
from wechat_subsidies.sandbox.plan import FaultPlan
from wechat_subsidies.sandbox.platform_keys import PlatformKeys, SignWith


class World:
    """What the gateway works on, to be prepared and asked; safe to use from several threads.

    `faults` plans what goes wrong, `rate_limits` what is too often. The other parameters are those
    of Sandbox.
    """

    def __init__(
        self,
        *,
        keys_folder: Path | None,
        key_mode: KeyMode,
        create_orders: bool,
        repeat: Repeat,
        rate_limits: bool,
        ledger_size: int | None,
    ) -> None:
        ring = key_ring(keys_folder, key_mode=key_mode)
        self._merchants = Merchants(
            {merchant.mchid: merchant for merchant in (ring.merchant, *ring.others)}
        )
        self._platform = PlatformKeys(public_key=ring.platform, certificate=ring.certificate)
        self._begin_with = (create_orders, repeat)
        self._orders = Orders(create=create_orders, repeat=repeat)
        self._ledger = Ledger(size=ledger_size)
        self.faults = FaultPlan()
        self.rate_limits = RateLimits(enabled=rate_limits)
        self.state = State(
            platform=self._platform,
            merchants=self._merchants,
            limits=self.rate_limits,
            orders=self._orders,
            faults=self.faults,
            ledger=self._ledger,
        )

    def reset(self) -> None:
        """Forget orders, ledger, faults, added merchants and keys, as if it had just been made."""
        self.faults.clear()
        self._orders.clear()
        self._orders.create, self._orders.repeat = self._begin_with
        self._ledger.clear()
        self.rate_limits.reset()
        self._merchants.reset()
        self._platform.reset()

    # Merchants

    def add_merchant(
        self,
        *,
        mchid: str,
        serial_no: str | None = None,
        public_key_pem: str | None = None,
        certificate_pem: str | None = None,
        api_v3_key: str | None = None,
        key_mode: KeyMode = "both",
    ) -> None:
        """Admit another merchant, with a key of its own or, if none is given, with a new one.

        Its key is given by its certificate, or by `public_key_pem` and the hex serial of its
        certificate. `api_v3_key` is 32 bytes of text; None: a new one. `key_mode` is which of
        WeChat Pay's keys it has: "public_key", "certificates" or "both". Raises ValueError for
        a bad key.
        """
        merchant = admitted(
            mchid=mchid,
            serial_no=serial_no,
            public_key_pem=public_key_pem,
            certificate_pem=certificate_pem,
            api_v3_key=new_api_v3_key() if api_v3_key is None else api_v3_key,
            key_mode=key_mode,
        )
        self._merchants.add(merchant)

    @property
    def merchants(self) -> list[Merchant]:
        """Those who may call, the default one first."""
        return self._merchants.all()

    def settings_of(
        self, mchid: str | None, *, base_url: str, key_mode: str | None
    ) -> dict[str, str]:
        """Return a merchant's settings as Sandbox.merchant_settings does."""
        merchant = self._merchants[mchid] if mchid else self._merchants.default
        if merchant.private_key_pem is None:
            raise ValueError(f"The private key of merchant {mchid} is its own: only it has it.")
        return {
            "MCHID": merchant.mchid,
            "MERCHANT_SERIAL_NO": merchant.serial_no,
            "PRIVATE_KEY": merchant.private_key_pem,
            **self._trust_of(merchant, key_mode=key_mode),
            "BASE_URL": base_url,
        }

    def _trust_of(self, merchant: Merchant, *, key_mode: str | None) -> dict[str, str]:
        mode = key_mode or ("public_key" if merchant.has_public_key else "certificates")
        check_key_mode(mode)
        if merchant.key_mode not in ("both", mode):
            raise ValueError(
                f"Merchant {merchant.mchid} has {merchant.key_mode} of WeChat Pay's keys, "
                f"not {mode}."
            )
        trust = {}
        if mode != "certificates":
            trust["WECHATPAY_PUBLIC_KEY_ID"] = self._platform.public_key.key_id
            trust["WECHATPAY_PUBLIC_KEY"] = self._platform.public_key.public_key_pem
        if mode != "public_key":
            trust["API_V3_KEY"] = merchant.api_v3_key
        return trust

    # WeChat Pay's keys

    @property
    def public_key_id(self) -> str:
        """The id of the WeChat Pay public key."""
        return self._platform.public_key.key_id

    @property
    def public_key_pem(self) -> str:
        """The WeChat Pay public key as PEM text."""
        return self._platform.public_key.public_key_pem

    def use_public_key(self, *, private_key_pem: str, key_id: str | None = None) -> None:
        """Make another key the WeChat Pay public key's private half, under an id (None: a new one).

        Raises ValueError for a text that holds no RSA key.
        """
        try:
            key = parse_private_key(private_key_pem)
        except ValueError as problem:
            raise ValueError(f"private_key_pem {problem}") from problem
        mchid = self._merchants.default.mchid
        self._platform.public_key = platform_key_of(mchid=mchid, key=key, key_id=key_id)

    @property
    def certificates(self) -> dict[str, str]:
        """The valid platform certificates, serial to PEM text, the newest last."""
        return {found.serial_no: found.pem for found in self._platform.certificates()}

    def rotate_certificates(
        self, *, private_key_pem: str | None = None, certificate_pem: str | None = None
    ) -> str:
        """Begin a rotation and return the serial of the new platform certificate.

        Both are valid until the old one is retired: a request that names the old one is answered
        with the old one, others with the new one. The new one is made, unless a key (and its
        certificate) is given. Raises ValueError for texts that do not fit.
        """
        *_, newest = self._platform.certificates()
        new = new_certificate(
            private_key_pem=private_key_pem, certificate_pem=certificate_pem, after=newest
        )
        self._platform.rotate(new)
        return new.serial_no

    def retire_certificate(self, serial_no: str | None = None) -> None:
        """End a rotation: take back a platform certificate (None: all but the newest).

        Whoever still asks for it is answered with the newest. Raises ValueError for the newest
        and for one that is not valid.
        """
        self._platform.retire(serial_no)

    def sign_with(self, kind: SignWith) -> None:
        """Sign answers with the key "asked" for by Wechatpay-Serial, or always with one kind.

        "public_key" and "certificate" sign so whatever was asked for, as WeChat Pay may while a
        merchant switches; a merchant who has no such key gets what it has. Asked for nothing, the
        public key signs, and a certificate signs for those who have no public key.
        """
        self._platform.sign_with = kind

    @property
    def signing_with(self) -> SignWith:
        """What `sign_with` was told."""
        return self._platform.sign_with

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
    def orders(self) -> list[Order]:
        """Copies of all orders, as they were first seen."""
        return self._orders.all()

    def order(self, transaction_id: str) -> Order | None:
        """Return a copy of an order, None if it is not known."""
        return self._orders.get(transaction_id)

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
        """The requests so far, in the order of arrival; the last `ledger_size` of them."""
        return self._ledger.entries()

    @property
    def totals(self) -> Totals:
        """What was counted, also of requests that the ledger holds no more."""
        return self._ledger.totals()

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
