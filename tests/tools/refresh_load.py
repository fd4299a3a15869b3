"""Signs in, and refreshes, as a client that keeps its connections. Used by ten-million-families.

    refresh_load.py sign-in BASE FAMILIES         makes families; prints a refresh token a line
    refresh_load.py once BASE TOKENS              refreshes each family once, one after the other
    refresh_load.py often BASE TOKENS COUNT       refreshes them in turn, on eight connections

The last two read tokens from a file, leave the new ones in it, and print the median and the 99th
percentile in milliseconds.
"""

import http.client
import json
import sys
import threading
import time

PASSWORD = "a lovelace of engines"
SESSIONS_OF_ONE = 10


class Client:
    def __init__(self, base):
        self.http = http.client.HTTPConnection(base.removeprefix("http://"), timeout=60)

    def post(self, path, body):
        self.http.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise SystemExit(f"{path}: {answer.status} {text.decode()}")
        return json.loads(text)["refresh_token"]

    def refresh(self, token):
        began = time.perf_counter()
        token = self.post("/v1/refresh", {"refresh_token": token})
        return token, (time.perf_counter() - began) * 1000


def sign_in(base, families):
    client = Client(base)
    for n in range(families):
        path = "/v1/login" if n % SESSIONS_OF_ONE else "/v1/signup"
        email = f"user-{n // SESSIONS_OF_ONE}@example.org"
        print(client.post(path, {"email": email, "password": PASSWORD}))


def work(base, tokens, count, took):
    client = Client(base)
    for n in range(count):
        tokens[n % len(tokens)], millis = client.refresh(tokens[n % len(tokens)])
        took.append(millis)


def refresh(base, path, count, connections):
    with open(path) as file:
        tokens = file.read().split()
    shares = [tokens[n::connections] for n in range(connections)]
    took = []
    threads = [
        threading.Thread(target=work, args=(base, share, (count or len(tokens)) // connections, took))
        for share in shares
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(path, "w") as file:
        file.write("\n".join(token for share in shares for token in share) + "\n")
    took.sort()
    print(f"{took[len(took) // 2]:.1f} {took[len(took) * 99 // 100]:.1f} {len(took)}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sign-in", base, families]:
            sign_in(base, int(families))
        case ["once", base, path]:
            refresh(base, path, 0, 1)
        case ["often", base, path, count]:
            refresh(base, path, int(count), 8)
        case _:
            raise SystemExit(__doc__)
