"""Verifies access tokens, one a line, as a service with joserfc does, with a JWKS cache that obeys Cache-Control."""

import re
import time

import joserfc
import requests
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from verifying import ALGORITHMS, REQUIRED, arguments, main


class Jwks:
    """Kept for the server's max-age, revalidated by ETag; an unknown kid asks again, but not within the cooldown."""

    def __init__(self, uri, cooldown):
        self.uri, self.cooldown, self.session = uri, cooldown, requests.Session()
        self.session.trust_env = False
        self.keys, self.etag, self.fetches = None, None, 0
        self.asked_at = self.stale_at = float("-inf")

    def fetch(self):
        self.fetches += 1
        headers = {"If-None-Match": self.etag} if self.etag else {}
        answer = self.session.get(self.uri, headers=headers, timeout=5)
        answer.raise_for_status()
        self.asked_at = time.monotonic()
        max_age = re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])
        self.stale_at = self.asked_at + int(max_age[1])
        if answer.status_code == 200:
            self.etag = answer.headers["ETag"]
            self.keys = KeySet.import_key_set(answer.json())

    def for_kid(self, kid):
        now = time.monotonic()
        unknown = self.keys is None or all(key.kid != kid for key in self.keys)
        if now >= self.stale_at or (unknown and now - self.asked_at >= self.cooldown):
            self.fetch()
        return self.keys


options = arguments(__doc__, cooldown=5)
jwks = Jwks(options.jwks_uri, options.cooldown)
claims_rules = jwt.JWTClaimsRegistry(
    **{name: {"essential": True} for name in REQUIRED}
    | {"iss": {"essential": True, "value": options.issuer}, "aud": {"essential": True, "value": options.audience}}
)


def verify(token):
    kid = jws.extract_compact(token.encode()).headers()["kid"]
    decoded = jwt.decode(token, jwks.for_kid(kid), algorithms=ALGORITHMS)
    claims_rules.validate(decoded.claims)
    return decoded.header, decoded.claims


main("joserfc", joserfc.__version__, verify, lambda: jwks.fetches)
