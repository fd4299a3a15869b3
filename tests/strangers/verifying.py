"""What the two Python verifiers share: the command line, the loop over standard input, the summary."""

import argparse
import collections
import json
import sys
import traceback

ALGORITHMS = ["ES256", "RS256", "EdDSA"]
REQUIRED = ["iss", "aud", "exp", "iat", "sub", "jti", "client_id"]


def arguments(doc, **cache_defaults):
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("issuer")
    parser.add_argument("audience")
    for name, default in cache_defaults.items():
        parser.add_argument(f"--{name}", type=float, default=default, help="seconds (default: %(default)s)")
    parsed = parser.parse_args()
    parsed.jwks_uri = parsed.issuer.rstrip("/") + "/.well-known/jwks.json"
    return parsed


def main(client, version, verify, fetches):
    """Answers each token on standard input with one line, `ok JTI` or `FAIL REASON`; the summary comes last.

    `verify` returns a token's header and claims or raises; `fetches` tells how often the JWKS was asked for.
    """
    failed, algorithms, kids = 0, collections.Counter(), collections.Counter()
    for number, line in enumerate(sys.stdin, start=1):
        token = line.strip()
        if not token:
            continue
        try:
            header, claims = verify(token)
            if str(header.get("typ", "")).lower() != "at+jwt":
                raise ValueError(f"typ is {header.get('typ')!r}, not at+jwt")
        except Exception as error:  # whatever a client stumbles over is what this is here to find
            failed += 1
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            print(f"FAIL line {number}: {reason}", flush=True)
            print(f"{client}: line {number}: {reason}", file=sys.stderr)
            traceback.print_exc()
            continue
        algorithms[header["alg"]] += 1
        kids[header["kid"]] += 1
        print("ok", claims["jti"], flush=True)
    verified = sum(kids.values())
    if not verified:
        print(f"{client}: no token was verified", file=sys.stderr)
    summary = {
        "client": client,
        "version": version,
        "verified": verified,
        "failed": failed,
        "algorithms": algorithms,
        "kids": kids,
        "jwks_fetches": fetches(),
    }
    print(json.dumps(summary), flush=True)
    sys.exit(1 if failed or not verified else 0)
