#!/usr/bin/env python3
"""Writes what the fuzzer starts from into corpus/: the third-party vectors, and our own forms.

Run it from anywhere before `cargo fuzz run`; it leaves what the fuzzer has found alone.
"""

import base64
import hashlib
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parents[2] / "shared" / "vectors"


def write(target, content):
    content = content if isinstance(content, bytes) else content.encode()
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)


def load(name):
    return json.loads((VECTORS / name).read_text())


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def vectors():
    for name in ["signature", "key", "crypto"]:
        for group in load(f"wycheproof/json_web_{name}_test.json")["testGroups"]:
            for keys in (group.get("public"), group.get("private")):
                if keys:
                    write("jwks", compact(keys))
                    write("jwks", compact(keys if "keys" in keys else {"keys": [keys]}))
            for test in group["tests"]:
                token = test.get("jws") or test.get("jwe")
                if isinstance(token, str) and len(token) < 4096:
                    write("token", token)
                    parts = token.split(".")
                    try:
                        write("token", decoded(parts[0]) + b"\0" + decoded(parts[1]))
                    except (ValueError, IndexError):
                        pass  # Not base64, or no parts: seen as a whole.
    for path in sorted((VECTORS / "jose-cookbook" / "jwk").glob("*.json")):
        write("jwks", compact({"keys": [{**json.loads(path.read_text()), "alg": "RS256"}]}))


CLAIMS = {
    "iss": "https://auth.example.com", "sub": "user-1", "aud": ["api"], "exp": 1700000600,
    "iat": 1700000000, "jti": "token-1", "sid": "session-1", "client_id": "web",
    "scope": "read write", "roles": ["editor"], "auth_time": 1700000000, "amr": ["pwd"], "ver": 3,
    "email": "ada@example.org", "email_verified": True, "team": {"id": 7},
}
HEADER = {"typ": "at+jwt", "alg": "EdDSA", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"}


def tokens():
    """An empty header is the good one."""
    changes = [
        {}, {"aud": "api"}, {"nbf": 1700000000}, {"exp": 1699999990}, {"iat": 1700000011},
        {"nbf": 1700000011}, {"exp": -1}, {"exp": "1700000600"}, {"exp": 1.7e9}, {"aud": []},
        {"aud": ["other"]}, {"iss": ["https://auth.example.com"]}, {"sub": ""}, {"roles": "admin"},
        {"x": [1, -2, 3.5, 1e30, True, None, "\u00e9\n", {"y": {}}]},
    ]
    for change in changes:
        write("token", "\0" + compact({**CLAIMS, **change}))
    for name in CLAIMS:
        write("token", "\0" + compact({k: v for k, v in CLAIMS.items() if k != name}))
    write("token", "\0" + compact(CLAIMS)[:-1] + ',"\\u0073ub":"admin"}')
    headers = [
        {}, {"typ": "application/AT+JWT"}, {"typ": "JWT"}, {"alg": "none"}, {"alg": "ES256"},
        {"kid": "other"}, {"crit": ["exp"]}, {"b64": False}, {"jwk": {}}, {"jku": ""}, {"zip": "DEF"},
    ]
    for change in headers:
        write("token", compact({**HEADER, **change}) + "\0" + compact(CLAIMS))


def sets():
    keys = json.loads((HERE / "fuzz_targets" / "keys.json").read_text())["keys"]
    write("jwks", compact({"keys": keys}))
    for key in keys:
        write("jwks", compact(key))
        for change in [{"use": "enc"}, {"key_ops": ["verify"]}, {"kid": ""}, {"d": "AA"}, {"x5c": []}]:
            write("jwks", compact({"keys": [{**key, **change}]}))


def events():
    entries = [
        {"kind": "jti", "value": "token-1", "expires_at": 1700000610},
        {"kind": "sid", "value": "session-1", "expires_at": 1700000610},
        {"kind": "sub", "value": "user-1", "ver": 4, "expires_at": 1700000610},
        {"kind": "stale", "value": "user-1", "expires_at": 1700000610},
        {"kind": "kid", "value": "key-1", "expires_at": 1700000610},
    ]
    beat = 'id: 9\nevent: heartbeat\ndata: {"position":9,"at":1700000000}\n\n'
    stream = ": hello\n\n" + beat
    for number, entry in enumerate(entries):
        event = f"id: {number}\nevent: revoked\ndata: {compact(entry)}\n\n"
        write("events", b"\x07" + event.encode())
        stream += event
    snapshot = compact({"position": 9, "entries": entries})
    for text in [stream, stream.replace("\n", "\r\n"), stream.replace("\n", "\r"), snapshot,
                 "event: reset\ndata\n\n", "data: a\ndata:b\n\nid: 7\0\nretry: 5\ndata:  c\n\n"]:
        write("events", b"\x01" + text.encode())


for part in (vectors, tokens, sets, events):
    part()
for folder in sorted((HERE / "corpus").iterdir()):
    print(f"{folder.name}: {len(list(folder.iterdir()))} inputs")
