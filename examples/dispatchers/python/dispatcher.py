"""A dispatcher over plain HTTP: reads `TYPE [ARGUMENT…]` lines, and prints the Job of each as one line of JSON.

    echo 'ml --epochs 3' | python3 dispatcher.py | kubectl create -f -

EXECUTOR_REGISTRY_URL         the registry service; several with commas are asked in turn
EXECUTOR_REGISTRY_TOKEN_FILE  holds a bearer token; read again for each request, since Kubernetes replaces it
EXECUTOR_REGISTRY_TTL         seconds for which an answer is used without asking (default: 30)

Only what Python brings is needed: Python 3.9 or newer.
"""

import contextlib
import http.client
import json
import os
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Optional
from urllib.parse import quote

TIMEOUT_SECONDS = 3.0
MAX_BYTES = 1 << 20
#: For how long a failure lets the last answer be used before the service is asked again.
RETRY_SECONDS = 5.0
#: An answer that nobody could confirm for so long is used no more.
MAX_STALE_SECONDS = 86_400.0


class ResolveError(Exception):
    """Nothing can be run. Its message is for a person."""


class NoAnswer(Exception):
    """This time the service did not say which image it is; another one may, or it may later."""


@dataclass
class Known:
    """The last answer about a type."""

    executor: dict[str, Any]
    etag: Optional[str]
    confirmed_at: float
    ask_again_at: float


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """The token goes to the configured addresses and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Bounded(http.client.HTTPConnection):
    """Ends a connection after the limit: the socket's own limit begins again with each byte, of the headers too."""

    def connect(self) -> None:
        super().connect()
        timer = threading.Timer(TIMEOUT_SECONDS, end, [self.sock])
        timer.daemon = True
        timer.start()


class BoundedTls(Bounded, http.client.HTTPSConnection):
    pass


def end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # It is closed already.
        connection.shutdown(socket.SHUT_RDWR)


class BoundedHttp(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(Bounded, req)


class BoundedHttps(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(BoundedTls, req)


class Registry:
    def __init__(self, urls: list[str], token_file: Optional[str], ttl: float) -> None:
        self._urls = urls
        self._token_file = token_file
        self._ttl = ttl
        self._known: dict[str, Known] = {}
        self._opener = urllib.request.build_opener(NoRedirects, BoundedHttp, BoundedHttps)

    def resolve(self, executor_type: str) -> dict[str, Any]:
        """The executor of a type: `image` goes into the container as it is. Raises ResolveError."""
        known = self._known.get(executor_type)
        now = time.monotonic()
        if known and now < known.ask_again_at:
            return known.executor
        try:
            known = self._ask_all(executor_type, known)
        except ResolveError:
            # The service knows that there is none: what was known is over.
            self._known.pop(executor_type, None)
            raise
        except NoAnswer as failure:
            if not known or now - known.confirmed_at > MAX_STALE_SECONDS:
                raise ResolveError(f"{executor_type}: {failure}") from failure
            age = now - known.confirmed_at
            print(f"warning: {executor_type}: an answer of {age:.0f} s ago is used: {failure}", file=sys.stderr, flush=True)
            known.ask_again_at = time.monotonic() + min(self._ttl, RETRY_SECONDS)
        self._known[executor_type] = known
        return known.executor

    def _ask_all(self, executor_type: str, known: Optional[Known]) -> Known:
        failures = []
        for url in self._urls:
            try:
                return self._ask(url, executor_type, known)
            except NoAnswer as failure:
                failures.append(str(failure))
        raise NoAnswer("; ".join(failures))

    def _ask(self, url: str, executor_type: str, known: Optional[Known]) -> Known:
        headers = {"Accept": "application/json"}
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        if self._token_file:
            try:
                with open(self._token_file, encoding="ascii") as file:
                    headers["Authorization"] = f"Bearer {file.read().strip()}"
            except (OSError, ValueError) as error:
                raise NoAnswer(f"the token cannot be read: {error}") from error
        address = f"{url.rstrip('/')}/executors/{quote(executor_type, safe='')}"
        status, answered, body = self._get(address, headers)
        now = time.monotonic()
        if status == 304 and known:
            return Known(known.executor, known.etag, now, now + self._ttl)
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise NoAnswer(f"{url} answers {status} without JSON") from error
        if not isinstance(document, dict):
            raise NoAnswer(f"{url} answers {status} with JSON that is no object")
        if status == 200 and not isinstance(document.get("live", {}), dict):
            raise NoAnswer(f"{url} answers 200 with a `live` that is no object")
        if status == 200 and isinstance(document.get("image"), str):
            return Known(document, answered, now, now + self._ttl)
        detail = document.get("detail") or document.get("title") or f"status {status}"
        # With `incomplete`, the service has not looked everywhere yet: the type may exist.
        if status == 404 and document.get("code") == "unknown-type" and not document.get("incomplete"):
            near = document.get("nearMisses") or []
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ResolveError(f"there is no executor type {executor_type}{hint}")
        if status in (400, 403):
            raise ResolveError(f"{executor_type}: {url}: {detail}")
        raise NoAnswer(f"{url}: {detail}")

    def _get(self, address: str, headers: dict[str, str]) -> tuple[int, Optional[str], bytes]:
        """Status, ETag and body, within the limits of time and size."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        try:
            try:
                response = self._opener.open(urllib.request.Request(address, headers=headers), timeout=TIMEOUT_SECONDS)
            except urllib.error.HTTPError as error:
                response = error  # It is an answer as well.
            with response:
                body = bytearray()
                while chunk := response.read1(65_536):
                    body += chunk
                    if len(body) > MAX_BYTES:
                        raise NoAnswer(f"{address} answers with more than {MAX_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise TimeoutError
                return response.status, response.headers.get("ETag"), bytes(body)
        except (OSError, ValueError, http.client.HTTPException) as error:
            late = time.monotonic() > deadline
            reason = f"not answered within {TIMEOUT_SECONDS:g} s" if late else getattr(error, "reason", error)
            # What a server sent may be in it, with the ends of its lines.
            raise NoAnswer(f"{address}: {' '.join(str(reason).split())}") from error


def job(executor_type: str, executor: dict[str, Any], args: list[str]) -> dict[str, Any]:
    """A Job that namespaces with restricted pods admit."""
    # Only a service that reads a cluster's nodes has these: how to pull, and where the image is.
    live = executor.get("live") or {}
    container: dict[str, Any] = {
        "name": "executor",
        "image": executor["image"],
        "args": args,
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    if "pullPolicy" in live:
        container["imagePullPolicy"] = live["pullPolicy"]
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    if live.get("nodes"):
        term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": live["nodes"]}]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
        pod["affinity"] = {"nodeAffinity": required}
    labels = {"executor-registry.dev/type": executor_type}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"generateName": f"executor-{executor_type}-", "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": 3600,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def main() -> int:
    urls = [url.strip() for url in os.environ.get("EXECUTOR_REGISTRY_URL", "").split(",") if url.strip()]
    if not urls:
        print("error: set EXECUTOR_REGISTRY_URL", file=sys.stderr)
        return 2
    ttl = float(os.environ.get("EXECUTOR_REGISTRY_TTL", "30"))
    registry = Registry(urls, os.environ.get("EXECUTOR_REGISTRY_TOKEN_FILE"), ttl)
    failed = False
    for line in sys.stdin:
        if not line.strip():
            continue
        executor_type, *args = line.split()
        try:
            print(json.dumps(job(executor_type, registry.resolve(executor_type), args)), flush=True)
        except ResolveError as error:
            failed = True
            print(f"error: {error}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
