"""cluster.py CONFIGURATION OBJECTS: Traefik, with an API server of Kubernetes in which these objects are.

The API server is played by this script, where the configuration looks for one: it lists and never changes. It ends with
its process group.
"""
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import yaml

KINDS = {
    "configmaps": "ConfigMap",
    "endpointslices": "EndpointSlice",
    "ingressclasses": "IngressClass",
    "ingresses": "Ingress",
    "ingressroutes": "IngressRoute",
    "ingressroutetcps": "IngressRouteTCP",
    "ingressrouteudps": "IngressRouteUDP",
    "middlewares": "Middleware",
    "middlewaretcps": "MiddlewareTCP",
    "namespaces": "Namespace",
    "nodes": "Node",
    "secrets": "Secret",
    "serverstransports": "ServersTransport",
    "serverstransporttcps": "ServersTransportTCP",
    "services": "Service",
    "tlsoptions": "TLSOption",
    "tlsstores": "TLSStore",
    "traefikservices": "TraefikService",
}


def stored(thing: dict, number: int) -> dict:
    meta = {"namespace": "app", "uid": str(number), "resourceVersion": "1", **thing["metadata"]}
    return {**thing, "metadata": meta}


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    things: list[dict] = []

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:  # noqa: N802, the name is given
        url = urlparse(self.path)
        asked = parse_qs(url.query)
        if url.path == "/version":
            self.answer(200, {"major": "1", "minor": "30", "gitVersion": "v1.30.0"})
        elif "sendInitialEvents" in asked:
            # As from servers that have no such list; clients then list and watch.
            reasons = {"causes": [{"reason": "FieldValueForbidden"}]}
            self.answer(422, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422,
                              "reason": "Invalid", "details": reasons})
        elif "watch" in asked:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            time.sleep(3600)
        else:
            group = url.path.removeprefix("/apis/").removeprefix("/api/").rsplit("/", 1)[0]
            kind = KINDS[url.path.rsplit("/", 1)[1]]
            items = [thing for thing in self.things if thing["kind"] == kind]
            version = {"resourceVersion": "1"}
            self.answer(200, {"kind": f"{kind}List", "apiVersion": group, "metadata": version, "items": items})

    def answer(self, status: int, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def main(configuration: str, objects: str) -> None:
    endpoint = yaml.safe_load(Path(configuration).read_text())["providers"]["kubernetesCRD"]["endpoint"]
    things = [thing for thing in yaml.safe_load_all(Path(objects).read_text()) if thing]
    Api.things = [stored(thing, number) for number, thing in enumerate(things)]
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", urlparse(endpoint).port), Api)
    if os.fork() == 0:
        server.serve_forever()
    server.socket.close()
    traefik = Path(sys.executable).with_name("traefik")
    os.execv(traefik, [str(traefik), f"--configFile={configuration}"])


main(*sys.argv[1:])
