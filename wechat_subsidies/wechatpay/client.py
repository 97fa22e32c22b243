"""The calls that a merchant makes: sign, send, verify, and only then read."""

import hashlib
import json
import platform
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

import requests

from .. import __version__
from .addresses import check_base_url
from .answers import Answer
from .bodies import api_error
from .certificates import CERTIFICATES_PATH
from .credentials import MerchantCredentials
from .deadlines import Deadline
from .failover import Failover
from .keyring import Keyring
from .refunds import Refund, refund_in, refund_path
from .secrecy import SecretText
from .sharing import CertificateStore, SharedAnswer
from .signing import KeySigner, Signer
from .subsidies import CANCEL_PATH, CancelRequest, CancelResult, Target, result_in, target_of
from .transport import Transport

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
    another host, for calls of which nothing could be sent to the first. ``timeout`` is (connect,
    read) in seconds; ``pool_size`` is how many connections are kept to a host; ``ca_bundle`` is a
    file of authorities to trust instead of the default ones. ``signer`` stands in for the
    credentials' private key, ``clock`` gives unix seconds. ``certificate_store`` (one of Django's
    caches, for instance) shares WeChat Pay's certificates between processes.

    Every call takes a ``deadline`` that bounds all it does, and raises what ``wechatpay.errors``
    draws: look at ``outcome_known`` before anything else. A call is never repeated in here once a
    byte of it was written. Keys are read at the first call, all of them before it is sent, and
    certificates fetched where there is no public key: an answer must not come back to a client
    that cannot verify it.
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
        certificate_store: CertificateStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.credentials = credentials
        self.backup_url = backup_url and check_base_url(backup_url, allow_http=allow_http)
        self._user_agent = user_agent
        self._signer = signer or KeySigner(credentials=credentials, clock=clock)
        transport_to = partial(
            Transport,
            timeout=timeout,
            pool_size=pool_size,
            allow_http=allow_http,
            ca_bundle=ca_bundle,
        )
        self._hosts = Failover(
            transport_to(base_url=base_url),
            transport_to(base_url=self.backup_url) if self.backup_url else None,
        )
        self._keyring = Keyring(
            credentials,
            fetch=self._certificates,
            shared=SharedAnswer(certificate_store, name=_name_in_store(credentials, base_url)),
            clock=clock,
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
        self._hosts.close()

    def prepare(self, *, deadline: Deadline | None = None) -> None:
        """Have all keys loaded, certificates that are fresh enough, and a connection open.

        Every call does this by itself. Doing it before, while there is time, keeps a call that has
        to begin at a certain moment from waiting. Raises CredentialsError; NotSent where time may
        help.
        """
        bounds = deadline or self._hosts.default_deadline()
        self._keyring.make_ready(deadline=bounds)
        # Loading our own key takes longer than a slot waits; this is sent to nobody.
        self._signer.authorization(method="GET", path="/", body=b"")
        self._hosts.connect(deadline=bounds)

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
        target = Target(sub_mchid=request.sub_mchid, transaction_id=request.transaction_id)
        return self._cancel(request.to_body(), target=target, deadline=deadline)

    def send_cancellation(self, body: bytes, *, deadline: Deadline | None = None) -> CancelResult:
        """Send a cancellation's stored bytes as they are.

        The answer has to name the order that the body names. Raises InvalidParameter for a body
        that names none.
        """
        return self._cancel(body, target=target_of(body), deadline=deadline)

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

    def _cancel(self, body: bytes, *, target: Target, deadline: Deadline | None) -> CancelResult:
        answer = self._call(method="POST", path=CANCEL_PATH, body=body, deadline=deadline)
        return result_in(answer, target=target)

    def _call(
        self, *, method: str, path: str, body: bytes = b"", deadline: Deadline | None
    ) -> Answer:
        """The verified 200 to a request; anything else is raised."""
        bounds = deadline or self._hosts.default_deadline()
        self._keyring.make_ready(deadline=bounds)
        answer = self._send(method=method, path=path, body=body, deadline=bounds)
        answer = self._keyring.verify(answer, deadline=bounds)
        if answer.http_status != 200:
            raise api_error(answer)
        return answer

    def _certificates(self, deadline: Deadline) -> Answer:
        return self._send(method="GET", path=CERTIFICATES_PATH, deadline=deadline)

    def _send(self, *, method: str, path: str, body: bytes = b"", deadline: Deadline) -> Answer:
        """Whatever is answered, unproven."""
        headers = self._headers(method=method, path=path, body=body)
        return self._hosts.send(
            method=method, path=path, headers=headers, body=body, deadline=deadline
        )

    def _headers(self, *, method: str, path: str, body: bytes) -> dict[str, str]:
        key_id = self._keyring.preferred_id()
        authorization = SecretText(self._signer.authorization(method=method, path=path, body=body))
        return {
            "Authorization": authorization,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": self._user_agent,
            **({"Wechatpay-Serial": key_id} if key_id else {}),
        }


def _name_in_store(credentials: MerchantCredentials, base_url: str) -> str:
    """A name that every cache takes, and that tells a sandbox's certificates from real ones."""
    whose = hashlib.sha256(f"{credentials.mchid} {base_url}".encode()).hexdigest()
    return f"wechatpay-certificates-{whose[:32]}"
