"""Points: exact values and steps, batches and their limits, what is logged in the background."""

import math
import time

import mlflow
from mlflow.entities import Metric, Param, RunTag

from .support import client, fresh_experiment, new_run, refused, same

LARGEST = 1.7976931348623157e308
# What one page of a history has at most: the client asks for the next one by itself.
PAGE = 25_000


def metrics():
    run = new_run(fresh_experiment())
    points = [(0.1, 1000, 1), (math.nan, 1001, 2), (math.inf, 1002, 3), (-math.inf, 1003, 4), (5e-324, 1004, 2**63 - 1)]
    for value, timestamp, step in points:
        client.log_metric(run, "exact", value, timestamp=timestamp, step=step)
    read = client.get_metric_history(run, "exact")
    same([(one.timestamp, one.step) for one in read], [point[1:] for point in points])
    assert math.isnan(read[1].value)
    # MLflow has no infinity in its database; one that keeps it is as good.
    assert read[2].value in (LARGEST, math.inf) and read[3].value in (-LARGEST, -math.inf)
    same((read[0].value, read[4].value), (0.1, 5e-324))
    client.log_metric(run, "zero", -0.0, timestamp=1, step=-(2**63))
    zero = client.get_metric_history(run, "zero")
    same([(one.value, one.step) for one in zero], [(0.0, -(2**63))])
    for value, timestamp, step in [(3, 30, 3), (1, 10, 1), (2, 40, 2), (3, 30, 3), (9, 20, 3)]:
        client.log_metric(run, "order", value, timestamp=timestamp, step=step)
    same(
        [(one.timestamp, one.step, one.value) for one in client.get_metric_history(run, "order")],
        [(10, 1, 1), (20, 3, 9), (30, 3, 3), (40, 2, 2)],
    )
    same(client.get_run(run).data.metrics["order"], 3)
    same(client.get_metric_history(run, "nothing"), [])
    for key in ("a#b", "k" * 251):
        with refused("INVALID_PARAMETER_VALUE"):
            client.log_metric(run, key, 1)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.log_metric("0123456789abcdef0123456789abcdef", "a", 1)


def metric_pages():
    run = new_run(fresh_experiment())
    total = PAGE + 1_500
    for start in range(0, total, 1000):
        steps = range(start, min(start + 1000, total))
        client.log_batch(run, metrics=[Metric("many", step / 7, 1_700_000_000_000 + step, step) for step in steps])
    read = client.get_metric_history(run, "many")
    same([one.step for one in read], list(range(total)))
    assert all(one.value == one.step / 7 for one in read), "every value is the very same number"
    first = client._tracking_client.store.get_metric_history(run, "many", max_results=10)
    same([one.step for one in first], list(range(10)))
    assert first.token
    same(client.get_run(run).data.metrics["many"], (total - 1) / 7)


def batches():
    run = new_run(fresh_experiment())
    now = int(time.time() * 1000)
    client.log_batch(
        run,
        metrics=[Metric(f"m{number}", number, now, 0) for number in range(800)],
        params=[Param(f"p{number}", str(number)) for number in range(100)],
        tags=[RunTag(f"t{number}", str(number)) for number in range(100)],
    )
    read = client.get_run(run).data
    same((len(read.metrics), len(read.params), read.metrics["m799"], read.tags["t99"]), (800, 100, 799, "99"))
    client.log_batch(run)
    store = client._tracking_client.store  # the client itself would split what is too much
    many = [Metric("over", number, now, number) for number in range(1001)]
    store.log_batch(run, many[:1000], [], [])
    same(len(client.get_metric_history(run, "over")), 1000)
    for batch in (
        ([Metric("none", one.value, now, one.step) for one in many], [], []),
        ([], [Param(f"none{number}", "1") for number in range(101)], []),
        ([], [], [RunTag(f"none{number}", "1") for number in range(101)]),
        ([Metric("none", 1, now, number) for number in range(950)], [Param(f"none{number}", "1") for number in range(51)], []),
        ([Metric("none", 1, now, 0)], [Param("twice", "1"), Param("twice", "2")], []),
        ([Metric("none", 1, now, 0), Metric("a#b", 1, now, 0)], [Param("none", "1")], [RunTag("none", "1")]),
    ):
        with refused("INVALID_PARAMETER_VALUE"):
            store.log_batch(run, *batch)
    read = client.get_run(run).data
    left = [key for key in [*read.metrics, *read.params, *read.tags] if key.startswith(("none", "twice"))]
    same(left, [])
    mlflow.log_metrics({"a": 1, "b": 2.5}, step=7, run_id=run)
    same({one.step for key in "ab" for one in client.get_metric_history(run, key)}, {7})


def in_the_background():
    run = new_run(fresh_experiment())
    waiting = [mlflow.log_metrics({"loss": step / 10}, step=step, run_id=run, synchronous=False) for step in range(50)]
    waiting.append(client.log_param(run, "p", "1", synchronous=False))
    waiting.append(client.set_tag(run, "t", "1", synchronous=False))
    for one in waiting:
        if hasattr(one, "wait"):
            one.wait()
    mlflow.flush_async_logging()
    read = client.get_run(run).data
    same((read.params["p"], read.tags["t"]), ("1", "1"))
    same(sorted(one.step for one in client.get_metric_history(run, "loss")), list(range(50)))


def system_metrics():
    fresh_experiment()
    mlflow.set_system_metrics_sampling_interval(0.5)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        time.sleep(2)
    found = client.get_run(run.info.run_id).data.metrics
    for key in ("system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"):
        assert key in found, sorted(found)
    assert len(client.get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")) >= 2


SECTIONS = [metrics, metric_pages, batches, in_the_background, system_metrics]
