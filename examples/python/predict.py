#!/usr/bin/env python3
"""Predicts penguins at a running Modelgraph: the application's half of the story, with nothing but requests.

    npm run demo                        # once: trains and deploys the endpoint `penguins`
    npm start                           # serves it
    python3 examples/python/predict.py  # asks it

MODELGRAPH_URL (http://127.0.0.1:4000) says where the server is. The key is MODELGRAPH_KEY, or what is in
ADMIN_KEY_FILE (model-store/admin.key).
"""

import os
import sys
from pathlib import Path

import requests

URL = os.environ.get("MODELGRAPH_URL", "http://127.0.0.1:4000").rstrip("/")
KEY_FILE = os.environ.get("ADMIN_KEY_FILE", "model-store/admin.key")
ENDPOINT = "penguins"
TIMEOUT_S = 30

PREDICT = """
mutation Predict($input: PredictInput!) {
  predict(input: $input) {
    __typename
    ... on PredictSuccess { predictionId rows version { ref } timing { totalMs } }
    ... on UserError { code message }
    ... on InvalidInputError { issues { path expected actual } }
    ... on OverloadedError { retryAfterMs }
  }
}
"""

# Raw columns, as a ranger writes them down; None where something was not measured.
BIRDS = [
    {
        "island": "Torgersen",
        "beak_length_mm": 39.1,
        "beak_depth_mm": 18.7,
        "flipper_length_mm": 181,
        "body_mass_g": 3750,
        "sex": "MALE",
    },
    {
        "island": "Biscoe",
        "beak_length_mm": 46.1,
        "beak_depth_mm": 13.2,
        "flipper_length_mm": 211,
        "body_mass_g": 4500,
        "sex": None,
    },
]


class Refused(Exception):
    """The server answered, but not with predictions."""


def api_key() -> str:
    """The credential: from the environment, else from the file that the server wrote at its first start."""
    key = os.environ.get("MODELGRAPH_KEY")
    return key if key else Path(KEY_FILE).read_text(encoding="utf-8").strip()


def predict(session: requests.Session, rows: list[dict]) -> dict:
    """Answers for rows in the same order. Raises Refused with all that the server said."""
    response = session.post(
        f"{URL}/graphql",
        json={"query": PREDICT, "variables": {"input": {"endpoint": ENDPOINT, "rows": rows}}},
        timeout=TIMEOUT_S,
    )
    body = response.json()
    if body.get("errors"):
        raise Refused("\n".join(error["message"] for error in body["errors"]))
    result = body["data"]["predict"]
    if result["__typename"] != "PredictSuccess":
        raise Refused(sentence(result))
    return result


def sentence(error: dict) -> str:
    """An error of the result union with its facts, one a line."""
    lines = [f"{error['__typename']} ({error['code']}): {error['message']}"]
    for issue in error.get("issues", []):
        lines.append(f"  {issue['path']}: expected {issue['expected']}, got {issue['actual']}")
    if "retryAfterMs" in error:
        lines.append(f"  try again in {error['retryAfterMs']} ms")
    return "\n".join(lines)


def certainty(probabilities: object) -> float:
    """The largest probability; they come in a list, or named by their labels."""
    values = probabilities.values() if isinstance(probabilities, dict) else probabilities
    return max(float(value) for value in values)


def main() -> int:
    try:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {api_key()}"
            answer = predict(session, BIRDS)
    except OSError as error:  # no key file, or no server: requests' errors are OSErrors
        print(f"{error}\nIs the server running? `npm start` serves on {URL}.", file=sys.stderr)
        return 1
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    for bird, row in zip(BIRDS, answer["rows"]):
        print(f"{bird['island']}, {bird['body_mass_g']} g: {row['label']} ({certainty(row['probabilities']):.1%})")
    print(f"answered by {answer['version']['ref']} in {answer['timing']['totalMs']:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
