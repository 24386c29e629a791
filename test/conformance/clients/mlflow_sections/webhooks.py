"""Webhooks: made, changed, tried and deleted by MLflow's client, and what its receivers get."""

import base64
import hashlib
import hmac
import json
import os
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mlflow.entities.webhook import WebhookEvent, WebhookStatus

from .support import client, refused, same, unique

# Where a server of its own may be reached by the one that is asked; it must be allowed to go there.
HOST = os.environ.get("WEBHOOK_RECEIVER_HOST", "127.0.0.1")


def receiver():
    """A server for deliveries, and the queue that they come into: (headers, body)."""
    received = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.put((self.headers, body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"taken")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, received, f"http://{HOST}:{server.server_address[1]}/hook"


def signed(headers, body, secret):
    content = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.{body}"
    digest = hmac.new(secret.encode(), content.encode(), hashlib.sha256).digest()
    return headers["X-MLflow-Signature"] == "v1," + base64.b64encode(digest).decode()


def webhooks():
    server, received, url = receiver()
    name, model = unique("hook"), unique("model")
    events = ["registered_model.created", "model_version_alias.created", "model_version_tag.set"]
    hook = client.create_webhook(name, url, events, description="why", secret="shared words")
    same((hook.name, hook.url, hook.description, hook.status), (name, url, "why", WebhookStatus.ACTIVE))
    same({str(event) for event in client.get_webhook(hook.webhook_id).events}, set(events))
    assert hook.webhook_id in [one.webhook_id for one in client.list_webhooks(max_results=100)]

    tried = client.test_webhook(hook.webhook_id)
    same((tried.success, tried.response_status, tried.response_body), (True, 200, "taken"))
    headers, body = received.get(timeout=10)
    same(json.loads(body)["data"]["name"], "example_model")
    assert signed(headers, body, "shared words"), "a test is not signed"

    client.create_registered_model(model, tags={"a": "b"}, description="told")
    headers, body = received.get(timeout=10)
    assert signed(headers, body, "shared words"), "a delivery is not signed"
    told = json.loads(body)
    same((told["entity"], told["action"]), ("registered_model", "created"))
    same(told["data"], {"name": model, "tags": {"a": "b"}, "description": "told"})

    changed = client.update_webhook(hook.webhook_id, status="DISABLED", events=["model_version.created"])
    same((changed.status, [str(event) for event in changed.events]), (WebhookStatus.DISABLED, ["model_version.created"]))
    same(changed.description, "why")
    client.delete_webhook(hook.webhook_id)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_webhook(hook.webhook_id)
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_webhook(name, "nonsense", events)
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_webhook(name, "ftp://example.org/hook", [WebhookEvent.from_str("registered_model.created")])
    server.shutdown()


SECTIONS = [webhooks]
