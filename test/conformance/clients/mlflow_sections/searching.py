"""Runs found by a filter, in an order, page by page."""

from mlflow.entities import ViewType

import mlflow

from .support import client, fresh_experiment, new_run, refused, same

COUNT = 12


def filled():
    """An experiment, and the ids of its runs: number i has loss i / 10, kind even or odd, a tag and a quoted metric."""
    experiment = fresh_experiment()
    made = []
    for number in range(COUNT):
        kind = "odd" if number % 2 else "even"
        run = new_run(experiment, run_name=f"Run {number:02}", start_time=1_700_000_000_000 + number, tags={"kind": kind})
        client.log_metric(run, "loss", number / 10)
        client.log_metric(run, "a b/c", -number)
        client.log_param(run, "depth", number % 3)
        if number < 3:
            client.log_param(run, "rare one", "Some%Value")
        made.append(run)
    client.set_terminated(made[0], "FAILED")
    return experiment, made


def search_runs():
    experiment, made = filled()

    def found(filter_string, order_by=("attributes.start_time ASC",)):
        runs = client.search_runs([experiment], filter_string, order_by=list(order_by))
        return [made.index(run.info.run_id) for run in runs]

    everything = list(range(COUNT))
    for filter_string, expected in [
        ("", everything),
        ("metrics.loss < 0.3", [0, 1, 2]),
        ("metric.loss >= 0.5 and metrics.loss != 0.6 AND params.depth = '2'", [5, 8, 11]),
        ("metrics.`a b/c` <= -10", [10, 11]),
        ('metrics."a b/c" = 0', [0]),
        ("params.depth != '0' and tags.kind = 'even'", [2, 4, 8, 10]),
        ("parameters.`rare one` LIKE 'Some%'", [0, 1, 2]),
        ("params.`rare one` LIKE 'some%'", []),
        ("params.`rare one` ILIKE 'some%'", [0, 1, 2]),
        ("tag.kind ILIKE 'OD_'", everything[1::2]),
        ("attributes.status = 'FAILED'", [0]),
        ("attr.run_name LIKE 'Run 0%' and metrics.loss > 0.7", [8, 9]),
        ("run_name = 'Run 11'", [11]),
        ("attributes.start_time >= 1700000000010", [10, 11]),
        (f"attributes.run_id IN ('{made[3]}', '{made[7]}')", [3, 7]),
        (f"run_id NOT IN ('{made[3]}', '{made[7]}') and metrics.loss < 0.8", [0, 1, 2, 4, 5, 6]),
        ("metrics.nothing > 0", []),
    ]:
        assert found(filter_string) == expected, f"{filter_string}: expected {expected}, got {found(filter_string)}"
    same(found("", ["params.depth DESC", "metrics.loss ASC"]), [2, 5, 8, 11, 1, 4, 7, 10, 0, 3, 6, 9])
    same(found("", ["metrics.loss DESC"]), everything[::-1])
    same(found("metrics.loss < 0.5", ["tags.kind", "attributes.run_name DESC"]), [4, 2, 0, 3, 1])
    same(found("", []), everything[::-1])
    # Runs without the key come last, in both directions.
    same(found("metrics.loss < 0.5", ["params.`rare one` ASC", "metrics.loss ASC"]), [0, 1, 2, 3, 4])
    same(found("metrics.loss < 0.5", ["params.`rare one` DESC", "metrics.loss ASC"]), [0, 1, 2, 3, 4])


def search_pages():
    experiment, made = filled()
    seen, token = [], None
    while True:
        page = client.search_runs([experiment], "metrics.loss >= 0.2", max_results=4, order_by=["metrics.loss"], page_token=token)
        seen.append([made.index(run.info.run_id) for run in page])
        token = page.token
        if not token:
            break
    same(seen, [[2, 3, 4, 5], [6, 7, 8, 9], [10, 11]])
    table = mlflow.search_runs([experiment], order_by=["metrics.loss DESC"], max_results=5)
    same(list(table["metrics.loss"]), [1.1, 1.0, 0.9, 0.8, 0.7])
    same(list(table["params.depth"]), ["2", "1", "0", "2", "1"])
    same(client.search_runs([], "metrics.loss > 0"), [])
    other = new_run(fresh_experiment())
    both = client.search_runs([experiment, client.get_run(other).info.experiment_id], run_view_type=ViewType.ALL)
    same(len(both), COUNT + 1)


def search_refusals():
    experiment = fresh_experiment()
    for filter_string in (
        "metrics.loss >",
        "blah.loss > 1",
        "metrics.loss > 'a'",
        "params.depth = 3",
        "params.depth < '3'",
        "attributes.colour = 'red'",
        "params.depth = '3",
        "metrics.loss LIKE '1'",
        "'a' = 'a'",
    ):
        try:
            with refused("INVALID_PARAMETER_VALUE"):
                client.search_runs([experiment], filter_string)
        except AssertionError as error:
            raise AssertionError(f"{filter_string}: {error}") from error
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_runs([experiment], order_by=["blah.a ASC"])
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_runs([experiment], max_results=50_001)
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_runs([experiment], page_token="nonsense")


SECTIONS = [search_runs, search_pages, search_refusals]
