"""The sandbox as its users see it: a world behind a server, to start and stop."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from wechat_subsidies.sandbox.control.access import is_loopback
from wechat_subsidies.sandbox.control.front import Front
from wechat_subsidies.sandbox.gateway import Gateway
from wechat_subsidies.sandbox.merchants import KeyMode
from wechat_subsidies.sandbox.orders import Repeat
from wechat_subsidies.sandbox.server import Server
from wechat_subsidies.sandbox.world import World


class Sandbox(World):
    """A WeChat Pay gateway of your own; a context manager.

    `port` 0 takes a free one, kept when it is stopped and started again. `keys` is a folder to
    keep keys in, made where missing; None makes new ones. `key_mode` is which of WeChat Pay's keys
    the default merchant has: "public_key" (a new merchant), "certificates" or "both".
    `create_orders` knows every order from the first call for it, as refunded; without it only
    those of `add_order`. `repeat` is how the repeat of a successful cancellation is answered:
    "success" or "invalid_request" (WeChat Pay documents neither). `rate_limits` refuses calls
    that come too often. `ledger_size` is how many requests are kept, None: all. `keep_alive` is
    the seconds that an idle connection is kept; the real gateway's are 8. `tls` is the PEM files
    of a server certificate and its key. `control_token` opens the control API and the status page
    to those who know it; without one they are open on a loopback address only.

    Raises ValueError for keys that do not fit together, OSError if the port is taken.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        keys: Path | str | None = None,
        key_mode: KeyMode = "both",
        create_orders: bool = True,
        repeat: Repeat = "success",
        rate_limits: bool = False,
        ledger_size: int | None = None,
        keep_alive: int = 8,
        tls: tuple[Path, Path] | None = None,
        control_token: str | None = None,
    ) -> None:
        if keep_alive < 1:
            raise ValueError(f"keep_alive is {keep_alive} and must be 1 second or more.")
        if control_token is not None and not (control_token and control_token.isascii()):
            raise ValueError("control_token must be ASCII text that is hard to guess, or None.")
        super().__init__(
            keys_folder=Path(keys) if keys is not None else None,
            key_mode=key_mode,
            create_orders=create_orders,
            repeat=repeat,
            rate_limits=rate_limits,
            ledger_size=ledger_size,
        )
        self._address = (host, port)
        self._keep_alive = keep_alive
        self._tls = tls
        self._server: Server | None = None
        self._lock = threading.Lock()
        self._control_token = control_token

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
            front = Front(
                self,
                gateway=Gateway(self.state),
                base_url=lambda: server.url,
                token=self._control_token,
            )
            server = Server(
                front.serve,
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

    @property
    def is_controllable(self) -> bool:
        """Whether the control API and the status page are open to anybody where it listens."""
        return self._control_token is not None or is_loopback(self._address[0])

    def merchant_settings(
        self, mchid: str | None = None, *, key_mode: KeyMode | None = None
    ) -> dict[str, str]:
        """Return a merchant's entry for WECHAT_SUBSIDIES["MERCHANTS"]; None: the default's.

        `key_mode` is how it is to verify answers: "public_key", with "certificates" (under
        API_V3_KEY) or with "both"; None: the public key if the merchant has it. Raises KeyError
        for an unknown merchant, ValueError if its private key was never given or if it has no
        such key of WeChat Pay's.
        """
        return self.settings_of(mchid, base_url=self.url, key_mode=key_mode)
