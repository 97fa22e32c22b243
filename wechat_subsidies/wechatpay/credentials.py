"""A merchant's identity and keys, in whatever form a setting holds them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import CredentialsError
from .keys import (
    KeySource,
    LazyKey,
    api_v3_key_bytes,
    parse_api_v3_key,
    parse_private_key,
    parse_public_key,
)

__all__ = [
    "KeySource",
    "MerchantCredentials",
    "load_api_v3_key",
    "load_private_key",
    "load_public_key",
]

_MCHID = re.compile(r"[A-Za-z0-9_\-|*@]{1,32}", re.ASCII)
_SERIAL_NO = re.compile(r"[0-9A-F]{1,64}", re.ASCII)
_KEY_ID = re.compile(r"[!-~]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True, init=False)
class MerchantCredentials:
    """Who signs the calls, and whose answers are believed.

    ``mchid`` is the platform's merchant id, never the sub-merchant's; ``serial_no`` the serial
    number of the merchant's own API certificate in hexadecimal, kept in upper case and without
    colons. ``private_key`` belongs to that certificate. ``public_keys`` are WeChat Pay's by their
    ids (``PUB_KEY_ID_...``), the first being the one that answers are asked to be signed with.
    ``api_v3_key`` is for merchants whose answers are signed with platform certificates: 32 bytes,
    by which those are fetched. Either is enough; both are for the time of a switch.

    Keys are read at the first use, not here. No key is shown in the repr or compared. Raises
    CredentialsError with code ``invalid_mchid``, ``invalid_serial_no``, ``invalid_key_id`` or
    ``missing``.
    """

    mchid: str
    serial_no: str
    _private: LazyKey[RSAPrivateKey] = field(repr=False, compare=False)
    _public: dict[str, LazyKey[RSAPublicKey]] = field(repr=False, compare=False)
    _api_v3: LazyKey[AESGCM] | None = field(repr=False, compare=False)

    def __init__(
        self,
        *,
        mchid: str,
        serial_no: str,
        private_key: KeySource,
        public_keys: Mapping[str, KeySource] | None = None,
        api_v3_key: KeySource | None = None,
    ) -> None:
        private = LazyKey(private_key, parse=parse_private_key)
        public = {
            key_id: LazyKey(source, parse=parse_public_key)
            for key_id, source in (public_keys or {}).items()
        }
        api_v3 = None if api_v3_key is None else _lazy_api_v3_key(api_v3_key)
        # Out of this frame's variables, which crash reports show, before anything is refused.
        del private_key, public_keys, api_v3_key
        _check_mchid(mchid)
        _check_key_ids(public, has_other=api_v3 is not None)
        object.__setattr__(self, "mchid", mchid)
        object.__setattr__(self, "serial_no", _normalised_serial_no(serial_no))
        object.__setattr__(self, "_private", private)
        object.__setattr__(self, "_public", public)
        object.__setattr__(self, "_api_v3", api_v3)

    @property
    def public_key_ids(self) -> tuple[str, ...]:
        """The ids of WeChat Pay's public keys, the preferred one first; none without any."""
        return tuple(self._public)

    @property
    def uses_certificates(self) -> bool:
        """Whether there is an APIv3 key, so that platform certificates are believed too."""
        return self._api_v3 is not None

    def signing_key(self) -> RSAPrivateKey:
        """The merchant's private key; CredentialsError if it cannot be read."""
        return self._private.load()

    def wechatpay_keys(self) -> dict[str, RSAPublicKey]:
        """WeChat Pay's public keys by id; CredentialsError if one cannot be read."""
        return {key_id: key.load() for key_id, key in self._public.items()}

    def cipher(self) -> AESGCM:
        """What opens the certificates: AES-256-GCM under the APIv3 key.

        CredentialsError if that cannot be read (``invalid_api_v3_key``) or is not there
        (``missing``).
        """
        if self._api_v3 is None:
            raise CredentialsError("No APIv3 key is given", code="missing")
        return self._api_v3.load()

    def check(self) -> None:
        """Read all keys now; CredentialsError for the first that is not what it should be.

        Finds the commonest mistake too: the merchant's own public key given as WeChat Pay's
        (``own_key_given``).
        """
        if self.uses_certificates:
            self.cipher()
        own = self.signing_key().public_key()
        for key_id, key in self.wechatpay_keys().items():
            if key == own:
                raise CredentialsError(
                    f"The key given as WeChat Pay's {key_id} is the merchant's own; download "
                    "WeChat Pay's (pub_key.pem) from the merchant platform",
                    code="own_key_given",
                )


def load_private_key(source: KeySource) -> RSAPrivateKey:
    r"""The merchant's private key (``apiclient_key.pem``) out of any form that a setting may have.

    A path (Path, or text naming a file), PEM text, also with literal ``\n``, base64 of PEM or DER,
    the bytes themselves, or a callable that returns one of these. Parsed once per process and key.
    Raises CredentialsError, whose ``code`` says what was found instead.
    """
    key = LazyKey(source, parse=parse_private_key)
    del source  # out of this frame's variables, which crash reports show
    return key.load()


def load_public_key(source: KeySource) -> RSAPublicKey:
    """WeChat Pay's public key (``pub_key.pem``); in all else like ``load_private_key``."""
    key = LazyKey(source, parse=parse_public_key)
    del source
    return key.load()


def load_api_v3_key(source: KeySource) -> AESGCM:
    """The cipher of an APIv3 key, which shows nobody the key.

    ``source`` is the 32 bytes as text or bytes, base64 of them, a path (Path, or text naming a
    file) or a callable that returns one of these. CredentialsError ``invalid_api_v3_key`` for any
    other length.
    """
    key = _lazy_api_v3_key(source)
    del source
    return key.load()


def _lazy_api_v3_key(source: KeySource) -> LazyKey[AESGCM]:
    return LazyKey(source, parse=parse_api_v3_key, encoded=api_v3_key_bytes)


def _check_mchid(mchid: str) -> None:
    if not isinstance(mchid, str) or not _MCHID.fullmatch(mchid):
        raise CredentialsError(
            "The merchant id should be what WeChat Pay assigned, ten digits as a rule, as text",
            code="invalid_mchid",
        )


def _normalised_serial_no(serial_no: str) -> str:
    compact = re.sub(r"[\s:]", "", serial_no).upper() if isinstance(serial_no, str) else ""
    if not _SERIAL_NO.fullmatch(compact):
        raise CredentialsError(
            "The serial number should be that of the merchant's API certificate in hexadecimal "
            "(openssl x509 -in apiclient_cert.pem -noout -serial)",
            code="invalid_serial_no",
        )
    return compact


def _check_key_ids(key_ids: Collection[str], *, has_other: bool) -> None:
    if not key_ids and not has_other:
        text = "No public key of WeChat Pay's is given, and no APIv3 key to fetch certificates by"
        raise CredentialsError(text, code="missing")
    for key_id in key_ids:
        if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
            raise CredentialsError(
                "The id of WeChat Pay's public key should look like PUB_KEY_ID_0119...",
                code="invalid_key_id",
            )
