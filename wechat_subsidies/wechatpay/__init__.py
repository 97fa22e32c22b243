"""WeChat Pay's API v3, as far as cancelling subsidies needs it. No Django in here.

::

    credentials = MerchantCredentials(
        mchid="1900000001",
        serial_no="5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        private_key=Path("apiclient_key.pem"),
        public_keys={"PUB_KEY_ID_0119000000012024101100397200000006": Path("pub_key.pem")},
    )
    with WeChatPayClient(credentials) as client:
        result = client.cancel_subsidy(
            sub_mchid="1900013401",
            transaction_id="4208450740201411110007820472",
            description="订单退款",
        )

A merchant whose answers are signed with platform certificates gives ``api_v3_key`` instead of
``public_keys``, and both while it switches from one to the other.
"""

from .answers import Answer
from .client import BASE_URL, WeChatPayClient
from .credentials import (
    KeySource,
    MerchantCredentials,
    load_api_v3_key,
    load_private_key,
    load_public_key,
)
from .deadlines import Deadline
from .errors import (
    AnswerError,
    AnswerMismatch,
    APIError,
    BadRequest,
    CertificatesUnavailable,
    ConfigurationError,
    CredentialsError,
    Forbidden,
    InvalidParameter,
    MalformedAnswer,
    NetworkError,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    ServerError,
    SignatureRefused,
    SlotMissed,
    UnexpectedStatus,
    UnverifiedAnswer,
    WeChatPayError,
)
from .refunds import Refund
from .sharing import CertificateStore
from .signing import KeySigner, Signer
from .subsidies import CancelRequest, CancelResult, check_description
from .verification import Verifier

__all__ = [
    "BASE_URL",
    "APIError",
    "Answer",
    "AnswerError",
    "AnswerMismatch",
    "BadRequest",
    "CancelRequest",
    "CancelResult",
    "CertificateStore",
    "CertificatesUnavailable",
    "ConfigurationError",
    "CredentialsError",
    "Deadline",
    "Forbidden",
    "InvalidParameter",
    "KeySigner",
    "KeySource",
    "MalformedAnswer",
    "MerchantCredentials",
    "NetworkError",
    "NotFound",
    "NotSent",
    "OutcomeUnknown",
    "RateLimited",
    "Refund",
    "ServerError",
    "SignatureRefused",
    "Signer",
    "SlotMissed",
    "UnexpectedStatus",
    "UnverifiedAnswer",
    "Verifier",
    "WeChatPayClient",
    "WeChatPayError",
    "check_description",
    "load_api_v3_key",
    "load_private_key",
    "load_public_key",
]
