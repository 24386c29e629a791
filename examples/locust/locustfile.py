"""Load on a Modelgraph endpoint with Locust: applications that speak GraphQL, and others that speak the Open Inference
Protocol. What they ask is made from what the endpoint says that it takes, so that it works with any.

    pip install -r examples/locust/requirements.txt
    npm run demo && npm start                             # an endpoint `penguins`
    locust -f examples/locust/locustfile.py               # http://localhost:8089 asks how many users
    locust -f examples/locust/locustfile.py --headless --users 20 --spawn-rate 10 --run-time 30s

One protocol only: name its class after the options, `GraphqlCaller` or `OpenInferenceCaller`. The server is --host or
MODELGRAPH_URL, the endpoint --endpoint or MODELGRAPH_ENDPOINT. The key is MODELGRAPH_KEY, or what is in ADMIN_KEY_FILE
(model-store/admin.key).
"""

import os
import random
from pathlib import Path

from locust import FastHttpUser, constant_throughput, events, task

URL = os.environ.get("MODELGRAPH_URL", "http://127.0.0.1:4000").rstrip("/")
TIMEOUT_S = 30
WORDS = ["red", "green", "blue", "yes", "no", "unknown"]

SIGNATURE = """
query Signature($name: String!) {
  endpoint(name: $name) {
    variants { shadow version { signature { columns { name datatype } inputs { name datatype shape } } } }
  }
}
"""

PREDICT = """
mutation Predict($input: PredictInput!) {
  predict(input: $input) {
    __typename
    ... on PredictSuccess { predictionId rows outputs }
    ... on UserError { code message }
  }
}
"""


@events.init_command_line_parser.add_listener
def add_options(parser):
    parser.add_argument("--endpoint", env_var="MODELGRAPH_ENDPOINT", default="penguins", help="who is asked")


def api_key() -> str:
    """The credential: from the environment, else from the file that the server wrote at its first start."""
    key = os.environ.get("MODELGRAPH_KEY")
    key_file = os.environ.get("ADMIN_KEY_FILE", "model-store/admin.key")
    return key if key else Path(key_file).read_text(encoding="utf-8").strip()


def sample(datatype: str):
    """A value of a datatype, another one each time, so that no remembered answer helps."""
    if datatype == "BYTES":
        return random.choice(WORDS)
    if datatype == "BOOL":
        return random.random() < 0.5
    if datatype.startswith("FP"):
        return round(random.random(), 4)
    return random.randrange(100)


def sample_tensor(spec: dict) -> dict:
    """One row of the declared shape, where -1 may vary."""
    shape = [max(1, int(size)) if int(size) != 0 else 0 for size in spec["shape"]]
    count = 1
    for size in shape:
        count *= size
    data = [sample(spec["datatype"]) for _ in range(count)]
    return {"name": spec["name"], "datatype": spec["datatype"], "shape": shape, "data": data}


class Caller(FastHttpUser):
    """An application that asks once a second at most: so the number of users is the rate."""

    abstract = True
    host = URL
    network_timeout = connection_timeout = TIMEOUT_S
    wait_time = constant_throughput(1)

    def on_start(self):
        self.endpoint = self.environment.parsed_options.endpoint
        self.headers = {"Authorization": f"Bearer {api_key()}"}
        self.signature = self.learn_signature()

    def learn_signature(self) -> dict:
        """What the endpoint takes. Not a part of the load, so under a name of its own."""
        answer = self.graphql("signature", SIGNATURE, {"name": self.endpoint}).json()
        if answer.get("errors"):
            raise RuntimeError("; ".join(error["message"] for error in answer["errors"]))
        endpoint = answer["data"]["endpoint"]
        if endpoint is None:
            raise RuntimeError(f"There is no endpoint “{self.endpoint}” at {self.host}.")
        return next(v["version"]["signature"] for v in endpoint["variants"] if not v["shadow"])

    def graphql(self, name: str, query: str, variables: dict, **options):
        body = {"query": query, "variables": variables}
        return self.client.post("/graphql", json=body, headers=self.headers, name=name, **options)


class GraphqlCaller(Caller):
    """Rows by column where the model has columns, else tensors."""

    @task
    def predict(self):
        question = {"endpoint": self.endpoint, **self.question()}
        with self.graphql("predict by GraphQL", PREDICT, {"input": question}, catch_response=True) as response:
            if response.status_code == 0:
                return  # Locust has counted the connection's failure already
            answer = response.json()
            if answer.get("errors"):
                response.failure(answer["errors"][0]["message"])
            elif answer["data"]["predict"]["__typename"] != "PredictSuccess":
                refusal = answer["data"]["predict"]
                response.failure(f"{refusal['code']}: {refusal['message']}")

    def question(self) -> dict:
        columns = self.signature["columns"]
        if columns:
            return {"rows": [{column["name"]: sample(column["datatype"]) for column in columns}]}
        return {"inputs": [sample_tensor(spec) for spec in self.signature["inputs"]]}


class OpenInferenceCaller(Caller):
    """As a client of KServe or Triton asks; an error's status is a failure by itself."""

    @task
    def predict(self):
        body = {"inputs": [sample_tensor(spec) for spec in self.signature["inputs"]]}
        path = f"/v2/models/{self.endpoint}/infer"
        self.client.post(path, json=body, headers=self.headers, name="predict by Open Inference")
