"""Verifies access tokens, one a line, as a service with PyJWT does: one PyJWKClient with its own JWKS cache."""

import jwt

from verifying import ALGORITHMS, REQUIRED, arguments, main


class CountingClient(jwt.PyJWKClient):
    fetches = 0

    def fetch_data(self):
        self.fetches += 1
        return super().fetch_data()


options = arguments(__doc__, lifespan=300, cooldown=30)
client = CountingClient(options.jwks_uri, lifespan=options.lifespan, cooldown_duration=options.cooldown, timeout=5)


def verify(token):
    decoded = jwt.decode_complete(
        token,
        client.get_signing_key_from_jwt(token),
        algorithms=ALGORITHMS,
        issuer=options.issuer,
        audience=options.audience,
        options={"require": REQUIRED},
    )
    return decoded["header"], decoded["payload"]


main("pyjwt", jwt.__version__, verify, lambda: client.fetches)
