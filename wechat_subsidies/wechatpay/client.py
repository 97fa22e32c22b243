"""The calls that a merchant makes: sign, send, verify, and only then read."""

import json
import platform
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import requests

from .. import __version__
from .answers import Answer
from .bodies import api_error
from .credentials import MerchantCredentials
from .deadlines import Deadline
from .refunds import Refund, refund_in, refund_path
from .signing import KeySigner, Signer
from .subsidies import CANCEL_PATH, CancelRequest, CancelResult, result_in, target_of
from .transport import Transport, check_base_url
from .verification import Verifier

__all__ = ["BASE_URL", "USER_AGENT", "WeChatPayClient"]

BASE_URL = "https://api.mch.weixin.qq.com"
ECHO_PATH = "/v3/security/echo"
USER_AGENT = (
    f"django-wechat-subsidies/{__version__} requests/{requests.__version__} "
    f"Python/{platform.python_version()}"
)


class WeChatPayClient:
    """WeChat Pay for one merchant: to be kept, and shared by the threads of a process.

    ``base_url`` is https, or http on loopback (elsewhere with ``allow_http``); ``backup_url`` is
    checked and kept, and not used yet. ``timeout`` is (connect, read) in seconds; ``pool_size`` is
    how many connections are kept; ``ca_bundle`` is a file of authorities to trust instead of the
    default ones. ``signer`` stands in for the credentials' private key, ``clock`` gives unix
    seconds.

    Every call takes a ``deadline``, and raises what ``wechatpay.errors`` draws: look at
    ``outcome_known`` before anything else. A call is never repeated in here. Keys are read at the
    first call, all of them before it is sent: an answer must not come back to a client that cannot
    verify it.
    """

    def __init__(
        self,
        credentials: MerchantCredentials,
        *,
        base_url: str = BASE_URL,
        backup_url: str | None = None,
        timeout: tuple[float, float] = (5, 10),
        pool_size: int = 10,
        user_agent: str = USER_AGENT,
        allow_http: bool = False,
        ca_bundle: str | None = None,
        signer: Signer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.credentials = credentials
        self.backup_url = backup_url and check_base_url(backup_url, allow_http=allow_http)
        self._user_agent = user_agent
        self._clock = clock
        self._signer = signer or KeySigner(credentials=credentials, clock=clock)
        self._transport = Transport(
            base_url=base_url,
            timeout=timeout,
            pool_size=pool_size,
            allow_http=allow_http,
            ca_bundle=ca_bundle,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.credentials!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept. A later call opens new ones."""
        self._transport.close()

    def cancel_subsidy(
        self,
        *,
        sub_mchid: str,
        transaction_id: str,
        description: str,
        refund_id: str | None = None,
        deadline: Deadline | None = None,
    ) -> CancelResult:
        """Cancel the subsidy of an order that was refunded, and not profit-shared yet.

        To be treated as irreversible. The parameters are CancelRequest's; what is wrong with them
        raises InvalidParameter and is not sent. After an error whose ``outcome_known`` is False
        the same call, no sooner than a second later, is the only way to learn the outcome.
        Source: pay.weixin.qq.com/doc/v3/partner/4012477639.
        """
        request = CancelRequest(
            sub_mchid=sub_mchid,
            transaction_id=transaction_id,
            description=description,
            refund_id=refund_id,
        )
        return self.send_cancellation(request.to_body(), deadline=deadline)

    def send_cancellation(self, body: bytes, *, deadline: Deadline | None = None) -> CancelResult:
        """Send a cancellation's stored bytes as they are.

        The answer has to name the order that the body names. Raises InvalidParameter for a body
        that names none.
        """
        target = target_of(body)
        answer = self._call(method="POST", path=CANCEL_PATH, body=body, deadline=deadline)
        return result_in(answer, target=target)

    def query_refund(
        self, *, refund_id: str, sub_mchid: str, deadline: Deadline | None = None
    ) -> Refund:
        """Ask how a refund stands, by WeChat Pay's number of it. Moves no money."""
        path = refund_path(refund_id=refund_id, sub_mchid=sub_mchid)
        answer = self._call(method="GET", path=path, deadline=deadline)
        return refund_in(answer, refund_id=refund_id)

    def echo(self, *, message: str = "echo", deadline: Deadline | None = None) -> Answer:
        """Have WeChat Pay verify a signature of ours and give one of its own. Moves no money.

        An error other than SignatureRefused proves our signature as well: the call is not open
        for every merchant. Source: pay.weixin.qq.com/doc/v3/partner/4015139289.
        """
        body = json.dumps({"echo_message": message}, ensure_ascii=False).encode()
        return self._call(method="POST", path=ECHO_PATH, body=body, deadline=deadline)

    def _call(
        self, *, method: str, path: str, body: bytes = b"", deadline: Deadline | None
    ) -> Answer:
        """The verified 200 to a request; anything else is raised."""
        verifier = Verifier(self.credentials.wechatpay_keys(), clock=self._clock)
        answer = verifier.verify(
            self._transport.send(
                method=method,
                path=path,
                headers=self._headers(method=method, path=path, body=body),
                body=body,
                deadline=deadline,
            )
        )
        if answer.http_status != 200:
            raise api_error(answer)
        return answer

    def _headers(self, *, method: str, path: str, body: bytes) -> dict[str, str]:
        return {
            "Authorization": self._signer.authorization(method=method, path=path, body=body),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": self._user_agent,
            "Wechatpay-Serial": self.credentials.public_key_ids[0],
        }
