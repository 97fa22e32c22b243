"""Keys out of files, environment variables and callables, each parsed once per process.

What is raised here never carries key material, in its text, its attributes or the local variables
of its traceback: crash reports show all three.
"""

import base64
import binascii
import hashlib
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import CredentialsError
from .secrecy import forget_variables

__all__ = [
    "KeySource",
    "LazyKey",
    "api_v3_key_bytes",
    "key_file",
    "parse_api_v3_key",
    "parse_private_key",
    "parse_public_key",
]

KeyText = Path | str | bytes
KeySource = KeyText | Callable[[], KeyText]
Key = TypeVar("Key", RSAPrivateKey, RSAPublicKey, AESGCM)

_MAX_FILE = 64 * 1024  # bytes; a key is about 2 KiB
_PEM_LABEL = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_API_V3_KEY_LENGTH = 32  # bytes
_DER_SEQUENCE = b"\x30"

_KINDS = {
    "private_key_given": "private key",
    "public_key_given": "public key",
    "certificate_given": "certificate",
}
_WANTED_PRIVATE = "the merchant's private key (apiclient_key.pem) belongs here"
_WANTED_PUBLIC = "WeChat Pay's public key (pub_key.pem) belongs here"


class LazyKey(Generic[Key]):
    """A key that is read when it is first needed, and whose source nobody gets to see.

    ``encoded`` gets the bytes out of the source, ``parse`` the key out of the bytes.
    """

    __slots__ = ("_encoded", "_key", "_parse", "_source")

    def __init__(
        self,
        source: KeySource,
        *,
        parse: Callable[[bytes], Key],
        encoded: Callable[[KeySource], bytes] | None = None,
    ) -> None:
        self._source = source
        self._encoded = encoded or _encoded
        self._parse: Callable[[bytes], Key] = parse
        self._key: Key | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def load(self) -> Key:
        """The key; CredentialsError if it cannot be had."""
        if self._key is None:
            self._key = self._read()
        return self._key

    def _read(self) -> Key:
        hosts_own = sys.exception()
        try:
            return self._parse(self._encoded(self._source))
        except CredentialsError as error:
            refusal = CredentialsError(str(error), code=error.code)
        except BaseException as error:
            forget_variables(error, but_of=hosts_own)
            raise
        # A new one, outside of the handler: the traceback and the context of the first lead to
        # frames whose variables hold the key's text.
        raise refusal


class _ParsedOnce(Generic[Key]):
    """Remembers keys by a digest of their text: checking a private key costs 31 ms of CPU."""

    def __init__(self, read: Callable[[bytes], Key]) -> None:
        self._read: Callable[[bytes], Key] = read
        self._keys: dict[bytes, Key] = {}
        self._lock = threading.Lock()
        if hasattr(os, "register_at_fork"):  # Windows does not fork
            # Another thread may hold the lock at that moment, and is not there afterwards.
            os.register_at_fork(after_in_child=self._renew_lock)

    def __call__(self, data: bytes) -> Key:
        digest = hashlib.sha256(data).digest()
        with self._lock:
            if digest not in self._keys:
                self._keys[digest] = self._read(data)
            return self._keys[digest]

    def _renew_lock(self) -> None:
        self._lock = threading.Lock()


def _read_private_key(data: bytes) -> RSAPrivateKey:
    pem, der = serialization.load_pem_private_key, serialization.load_der_private_key
    try:
        key = pem(data, password=None) if _is_pem(data) else der(data, password=None)
    except TypeError:
        text = "The private key is encrypted; give it decrypted (openssl pkey -in KEY -out KEY)"
        raise CredentialsError(text, code="encrypted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _misplaced(data, wanted="private_key_given") from None
    if not isinstance(key, RSAPrivateKey):
        raise _not_rsa(_WANTED_PRIVATE)
    return key


def _read_public_key(data: bytes) -> RSAPublicKey:
    pem, der = serialization.load_pem_public_key, serialization.load_der_public_key
    try:
        key = pem(data) if _is_pem(data) else der(data)
    except (ValueError, UnsupportedAlgorithm):
        raise _misplaced(data, wanted="public_key_given") from None
    if not isinstance(key, RSAPublicKey):
        raise _not_rsa(_WANTED_PUBLIC)
    return key


def parse_api_v3_key(data: bytes) -> AESGCM:
    """The APIv3 key's cipher, which shows nobody the key; CredentialsError if it has not 32 bytes.

    Source: pay.weixin.qq.com/docs/merchant/development/interface-rules/.
    """
    if len(data) != _API_V3_KEY_LENGTH:
        raise CredentialsError(
            f"The APIv3 key should have {_API_V3_KEY_LENGTH} bytes, and has {len(data)}; give the "
            "one that was set in the merchant platform, or the path of a file that holds it",
            code="invalid_api_v3_key",
        )
    return AESGCM(data)


def api_v3_key_bytes(source: KeySource) -> bytes:
    """What a source of the APIv3 key holds: itself, base64 of it, or a file with one of these."""
    text = _called(source) if callable(source) else source
    if text is None or text in ("", b""):
        raise CredentialsError("No APIv3 key is given", code="missing")
    if isinstance(text, Path):
        return _unwrapped(_file(text, shown=str(text)))
    if not isinstance(text, str | bytes):
        found = f"An APIv3 key is a path, text, bytes or a callable, not {type(text).__name__}"
        raise CredentialsError(found, code="wrong_type")
    data = _unwrapped(text.encode(errors="replace") if isinstance(text, str) else text)
    if len(data) != _API_V3_KEY_LENGTH and isinstance(text, str) and _is_file(text):
        return _unwrapped(_file(Path(text), shown="the file that the APIv3 key names"))
    return data


def _unwrapped(data: bytes) -> bytes:
    if len(data) == _API_V3_KEY_LENGTH:
        return data
    decoded = _base64(data.decode("latin-1"))
    return decoded if len(decoded) == _API_V3_KEY_LENGTH else data.strip()


def key_file(source: KeySource) -> Path | None:
    """The file that a source is read from; None where it holds the key itself, or cannot be had."""
    hosts_own = sys.exception()
    try:
        return _file_named_by(source)
    except CredentialsError:
        return None
    except BaseException as error:
        forget_variables(error, but_of=hosts_own)
        raise


def _file_named_by(source: KeySource) -> Path | None:
    text = _called(source) if callable(source) else source
    name = text.decode("latin-1") if isinstance(text, bytes) else text
    return Path(name) if isinstance(name, str | Path) and _is_file(name) else None


def _is_file(name: str | Path) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


parse_private_key = _ParsedOnce(_read_private_key)
parse_public_key = _ParsedOnce(_read_public_key)


def _encoded(source: KeySource) -> bytes:
    """The source's PEM or DER bytes, with anything around them."""
    text = _called(source) if callable(source) else source
    if text is None or text in ("", b""):
        raise CredentialsError("No key is given", code="missing")
    if isinstance(text, Path):
        return _file(text, shown=str(text))
    if isinstance(text, bytes):
        return text if _is_key(text) else _from_text(text.decode("latin-1"))
    if isinstance(text, str):
        return _from_text(text)
    kind = type(text).__name__
    found = f"A key is a path, text, bytes or a callable that returns one, not {kind}"
    raise CredentialsError(found, code="wrong_type")


def _called(source: Callable[[], KeyText]) -> KeyText:
    try:
        return source()
    except Exception as error:
        text = f"The callable that should give the key raised {type(error).__name__}"
        raise CredentialsError(text, code="unreadable") from error


def _from_text(text: str) -> bytes:
    unescaped = text.replace("\\r", "").replace("\\n", "\n")
    if "-----BEGIN" in unescaped:
        return unescaped.encode(errors="replace")
    decoded = _base64(unescaped)
    if _is_key(decoded):
        return decoded
    return _file(Path(text), shown=_shown(text))


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_key(data: bytes) -> bool:
    is_der = data.startswith(_DER_SEQUENCE) and not data.isascii()
    return is_der or _is_pem(data)


def _file(path: Path, *, shown: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not the name of a file"
        text = f"The key cannot be read from {shown}: {reason}"
        raise CredentialsError(text, code="unreadable") from None


def _shown(text: str) -> str:
    # What was meant as a path may be a key that lost its first line. Base64 has no dots.
    if "." in text and len(text) <= 200 and text.isprintable():
        return text
    return f"the {len(text)} characters given, which are neither PEM text nor base64 of a key"


def _is_pem(data: bytes) -> bool:
    return b"-----BEGIN" in data


def _misplaced(data: bytes, *, wanted: str) -> CredentialsError:
    """What to say of data that is not the wanted kind of key."""
    belongs = _WANTED_PRIVATE if wanted == "private_key_given" else _WANTED_PUBLIC
    code = _kind(data)
    if code in (None, wanted):
        text = f"This is no key in PEM or DER form, or a damaged one; {belongs}"
        return CredentialsError(text, code="not_pem")
    return CredentialsError(f"This is a {_KINDS[code]}; {belongs}", code=code)


def _kind(data: bytes) -> str | None:
    label = _PEM_LABEL.search(data)
    if label is None:
        return _kind_of_der(data)
    return next(
        (code for code, name in _KINDS.items() if label[1].endswith(name.upper().encode())), None
    )


def _kind_of_der(data: bytes) -> str | None:
    readers: dict[str, Callable[[bytes], object]] = {
        "private_key_given": lambda der: serialization.load_der_private_key(der, password=None),
        "public_key_given": serialization.load_der_public_key,
        "certificate_given": x509.load_der_x509_certificate,
    }
    return next((code for code, read in readers.items() if _can(read, data)), None)


def _can(read: Callable[[bytes], object], data: bytes) -> bool:
    try:
        read(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _not_rsa(belongs: str) -> CredentialsError:
    return CredentialsError(f"This is no RSA key; {belongs}", code="not_rsa")
