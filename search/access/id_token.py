"""What an OpenID provider says of a person, once it is certain that it says so, to us and now.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

import json
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

import jwt

# Signatures that only the provider can make: "none" is none, and HS256 anyone's who has the public
# key, where it is taken for the secret.
ALGORITHMS = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)]
ALGORITHMS += ["EdDSA"]
# Seconds that the clocks of provider and site may differ.
LEEWAY = 60
# Maximum length of a subject: the specification allows 255, allauth stores these.
LONGEST_SUBJECT = 191
# Claims of the exchange itself, which say nothing of the person.
OF_EXCHANGE = ("nonce", "at_hash", "c_hash", "s_hash", "iat", "exp", "nbf", "jti", "auth_time")

Claims = dict[str, Any]


class Untrue(Exception):
    """This is no answer of the provider's to this site and this sign-in; the text says why."""


def verify(token: Any, keys: Any, *, issuer: str, client_id: str, nonce: str) -> Claims:
    """The claims of an ID token. Raises Untrue.

    `keys` is the provider's key set (JWKS), `nonce` what this sign-in began with.
    """
    try:
        claims = jwt.decode(
            token,
            _key(token, keys),
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    # TypeError: a key of another kind than the token's algorithm.
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise Untrue(f"the ID token is not valid: {error}") from error
    _check_party(claims, client_id)
    if not compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise Untrue("the ID token belongs to another sign-in (nonce)")
    return storable(claims)


def _key(token: Any, keys: Any) -> Any:
    if not isinstance(token, str) or not isinstance(keys, dict):
        raise Untrue("there is no ID token, or there are no keys")
    kid = jwt.get_unverified_header(token).get("kid")
    fitting = [key for key in jwt.PyJWKSet.from_dict(keys).keys if kid in (None, key.key_id)]
    if len(fitting) != 1:
        raise Untrue(f"there is no key {kid!r} to check the ID token with")
    return fitting[0].key


def _check_party(claims: Claims, client_id: str) -> None:
    audience, party = claims["aud"], claims.get("azp")
    alone = isinstance(audience, str) or len(audience) == 1
    if party not in ((None, client_id) if alone else (client_id,)):
        raise Untrue("the ID token is for another client")


def storable(claims: Mapping[str, Any]) -> Claims:
    """The claims about the person, without those that no database stores (NUL, half characters).

    Raises Untrue where that leaves no subject.
    """
    left = {k: v for k, v in claims.items() if k not in OF_EXCHANGE and _is_text({k: v})}
    subject = left.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise Untrue("the answer names nobody (sub)")
    return left


def _is_text(value: Any) -> bool:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # Among them UnicodeEncodeError.
        return False
    return b"\\u0000" not in text
