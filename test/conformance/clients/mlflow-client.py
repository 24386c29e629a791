"""The MLflow door as MLflow's own client sees it, unmodified.

    mlflow-client.py [SECTION...]       needs requirements-mlflow.txt; no section named: all of them

Needs MLFLOW_TRACKING_URI, and for a server that asks for one a credential: MLFLOW_TRACKING_TOKEN, or
MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD. Prints one line of JSON for each section,
{"section", "ok", "error"}, and ends with 1 where one failed. Every name it makes has a part of its own, so that it
runs again and again on one server; MLflow's own server passes it too, which is how it is known to ask for the truth.
"""

import json
import os
import sys
import time
import traceback

# An error must be seen at once: by default the client tries seven times over minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# Notes of the libraries about themselves, none of which is of interest here.
os.environ.setdefault("PYTHONWARNINGS", "ignore")

from mlflow_sections import artifacts, metrics, models, registry, searching, tracking, webhooks  # noqa: E402

SECTIONS = {
    section.__name__: section
    for part in (tracking, metrics, searching, artifacts, models, registry, webhooks)
    for section in part.SECTIONS
}


def run(name):
    """Whether it held; what did not is said in one line, with the place."""
    started_at = time.monotonic()
    try:
        SECTIONS[name]()
        error = None
    except Exception as thrown:  # whatever it is: the other sections still have to say theirs
        ours = [frame for frame in traceback.extract_tb(thrown.__traceback__) if "mlflow_sections" in frame.filename]
        place = f"{os.path.basename(ours[-1].filename)}:{ours[-1].lineno} {ours[-1].line}" if ours else "?"
        error = f"{type(thrown).__name__}: {str(thrown)[:500]} | {place}"
    seconds = round(time.monotonic() - started_at, 2)
    print(json.dumps({"section": name, "ok": error is None, "error": error, "seconds": seconds}), flush=True)
    return error is None


def main():
    names = sys.argv[1:] or list(SECTIONS)
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        sys.exit(f"There is no section {unknown[0]}. There are: {', '.join(SECTIONS)}")
    return 0 if all([run(name) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
