"""Makes the SQLite file of an MLflow server and fills it by INSERT: by its own paths it would take half an hour.

Usage: mlflow_fill.py FILE RUNS POINTS   Prints {"experimentId", "runId"}: the experiment with RUNS runs, each with
metrics m0 to m4, params p0 to p4 and three tags; and, in another experiment, the run whose metric `loss` has POINTS
points. The same numbers as mlflow-data.ts has; a run's number is in its name.
"""

import json
import sqlite3
import sys

from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

path, runs, points = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
STARTED_AT_MS = 1_700_000_000_000
METRICS, PARAMS, TAGS = 5, 5, 3
# As in mlflow-data.ts.
MULTIPLIERS = [7919, 104729, 1299709, 15485863, 32452843]
MODULUS = 1_000_003
LARGE_RUN = "f" * 32

store = SqlAlchemyStore(f"sqlite:///{path}", "mlflow-artifacts:/")
experiment = store.create_experiment("search")
series = store.create_experiment("series")

database = sqlite3.connect(path)
database.execute("PRAGMA synchronous = off")


def run_id(number):
    return f"{number:032x}"


def run_row(identifier, name, started_at, of_experiment):
    place = f"mlflow-artifacts:/{of_experiment}/{identifier}/artifacts"
    return (identifier, name, "UNKNOWN", "", "", "bench", "FINISHED", started_at, started_at + 1000, "", "active", place, int(of_experiment), None)


def insert(table, columns, rows):
    database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(columns.split(',')))})", rows)


RUN = "run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time"
numbers = range(runs)
insert("runs", RUN, (run_row(run_id(i), f"run {i}", STARTED_AT_MS + i, experiment) for i in numbers))
values = [(f"m{m}", (i * MULTIPLIERS[m]) % MODULUS / MODULUS, STARTED_AT_MS + i, 0, 0, run_id(i)) for i in numbers for m in range(METRICS)]
insert("metrics", "key, value, timestamp, step, is_nan, run_uuid", values)
insert("latest_metrics", "key, value, timestamp, step, is_nan, run_uuid", values)
del values
insert("params", "key, value, run_uuid", ((f"p{p}", str((i >> p) % 10), run_id(i)) for i in numbers for p in range(PARAMS)))
insert("tags", "key, value, run_uuid", ((f"t{t}", str(i % (t + 2)), run_id(i)) for i in numbers for t in range(TAGS)))
insert("tags", "key, value, run_uuid", (("mlflow.runName", f"run {i}", run_id(i)) for i in numbers))
insert("runs", RUN, [run_row(LARGE_RUN, "series", STARTED_AT_MS, series)])
steps = range(points)
insert("metrics", "key, value, timestamp, step, is_nan, run_uuid", (("loss", i / 7, STARTED_AT_MS + i, i, 0, LARGE_RUN) for i in steps))
insert("latest_metrics", "key, value, timestamp, step, is_nan, run_uuid", [("loss", (points - 1) / 7, STARTED_AT_MS + points - 1, points - 1, 0, LARGE_RUN)])
database.commit()
print(json.dumps({"experimentId": experiment, "runId": LARGE_RUN}))
