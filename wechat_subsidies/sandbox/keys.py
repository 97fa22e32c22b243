"""RSA keys and certificates that are thrown away, and the texts that they are kept as."""

import datetime
import hashlib
import secrets
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

_VALID_FOR = datetime.timedelta(days=5 * 365)
_SECOND = datetime.timedelta(seconds=1)
_FAR_AWAY = datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformKey:
    """A key that WeChat Pay signs answers with; `key_id` is what `Wechatpay-Serial` names."""

    key_id: str
    private_key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def public_key_pem(self) -> str:
        """The public half as PEM text, which a merchant downloads as pub_key.pem."""
        return public_pem(self.private_key.public_key())


def generate_key() -> rsa.RSAPrivateKey:
    """Return a new RSA key of 2048 bits, as WeChat Pay uses."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_platform_key(mchid: str) -> PlatformKey:
    """Return a new key of WeChat Pay's with an id of the usual shape."""
    return platform_key_of(mchid=mchid, key=generate_key())


def platform_key_of(
    *, mchid: str, key: rsa.RSAPrivateKey, key_id: str | None = None
) -> PlatformKey:
    """Return WeChat Pay's key under `key_id`; None: an id of the usual shape, of the key's own."""
    return PlatformKey(key_id=key_id or _key_id(mchid=mchid, key=key), private_key=key)


def self_signed(
    *, name: str, key: rsa.RSAPrivateKey, after: x509.Certificate | None = None
) -> x509.Certificate:
    """Return a certificate for `name` with a serial of 40 hex digits, as real ones have.

    It becomes valid, and expires, later than the one that it comes `after`.
    """
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin, end = _validity(after)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(5 << 156 | secrets.randbits(156))
        .not_valid_before(begin)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )


def private_pem(key: rsa.RSAPrivateKey) -> str:
    """Return an unencrypted PKCS#8 PEM text, the form of apiclient_key.pem."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key: rsa.RSAPublicKey) -> str:
    """Return the PEM text of a public key."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def certificate_pem(certificate: x509.Certificate) -> str:
    """Return the PEM text of a certificate."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


# What the parsers raise is written to follow the name of the file or the field.


def parse_public_key(pem: str) -> rsa.RSAPublicKey:
    """Return the RSA key of a PEM text. Raises ValueError if it holds anything else."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError as problem:
        raise ValueError("holds no public key in PEM form.") from problem
    return _rsa_public(key)


def parse_private_key(pem: str) -> rsa.RSAPrivateKey:
    """Return the RSA key of an unencrypted PEM text. Raises ValueError for anything else."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as problem:
        raise ValueError("holds no unencrypted private key in PEM form.") from problem
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    raise ValueError("holds a key that is not RSA; WeChat Pay uses RSA of 2048 bits.")


def parse_certificate(pem: str) -> x509.Certificate:
    """Return the certificate of a PEM text. Raises ValueError unless it is one of an RSA key."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError as problem:
        raise ValueError("holds no certificate in PEM form.") from problem
    certificate_key(certificate)
    return certificate


def certificate_key(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    """Return the RSA key that a certificate is for. Raises ValueError if it is for another kind."""
    return _rsa_public(certificate.public_key())


def serial_of(certificate: x509.Certificate) -> str:
    """Return the serial in hex, upper case, an even number of digits."""
    digits = f"{certificate.serial_number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


def normalised(serial_no: str) -> str:
    """Return a hex serial as it is compared: upper case, without zeros in front."""
    return serial_no.upper().lstrip("0")


def _rsa_public(key: object) -> rsa.RSAPublicKey:
    if isinstance(key, rsa.RSAPublicKey):
        return key
    raise ValueError("holds a key that is not an RSA key; WeChat Pay uses RSA of 2048 bits.")


def _key_id(*, mchid: str, key: rsa.RSAPrivateKey) -> str:
    # Taken from the key, so that settings kept from an earlier sandbox fail with "unknown key"
    # and not with a signature that mysteriously does not hold.
    digest = hashlib.sha256(public_pem(key.public_key()).encode()).hexdigest()
    return f"PUB_KEY_ID_01{mchid}{int(digest, 16) % 10**22:022d}"


def _validity(after: x509.Certificate | None) -> tuple[datetime.datetime, datetime.datetime]:
    now = datetime.datetime.now(datetime.UTC)
    begin, end = now - datetime.timedelta(days=1), now + _VALID_FOR
    if after:
        # Clients take the latest to begin, or the last to expire, for the newest one. A
        # certificate counts in seconds: without this, two made within one would be a toss-up.
        begin = max(begin, min(after.not_valid_before_utc + _SECOND, now))
        end = max(end, min(after.not_valid_after_utc, _FAR_AWAY) + _SECOND)
    return begin, end
