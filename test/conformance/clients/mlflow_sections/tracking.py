"""Experiments and runs, their params and tags."""

import os

import mlflow
import requests
from mlflow.entities import Param, RunTag, ViewType

from .support import client, end_all_runs, fresh_experiment, new_run, refused, same, unique


def health():
    """Without a credential: load balancers have none."""
    address = os.environ["MLFLOW_TRACKING_URI"]
    answer = requests.get(f"{address}/health", timeout=10)
    same((answer.status_code, answer.text), (200, "OK"))
    answer = requests.get(f"{address}/version", timeout=10)
    same(answer.status_code, 200)
    assert int(answer.text.split(".")[0]) >= 3, answer.text


def experiments():
    name = unique("experiment")
    made = client.create_experiment(name, tags={"team": "größe"})
    found = client.get_experiment(made)
    same((found.experiment_id, found.name, found.tags, found.lifecycle_stage), (made, name, {"team": "größe"}, "active"))
    assert found.artifact_location.startswith("mlflow-artifacts:/"), found.artifact_location
    assert 0 < found.creation_time <= found.last_update_time
    same(client.get_experiment_by_name(name).experiment_id, made)
    same(client.get_experiment_by_name(unique("nobody")), None)
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_experiment(name)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_experiment("999999999")
    client.set_experiment_tag(made, "stage", "one")
    client.set_experiment_tag(made, "stage", "two")
    same(client.get_experiment(made).tags, {"team": "größe", "stage": "two"})
    client.delete_experiment_tag(made, "stage")
    same(client.get_experiment(made).tags, {"team": "größe"})
    renamed = unique("renamed")
    client.rename_experiment(made, renamed)
    same(client.get_experiment(made).name, renamed)
    client.delete_experiment(made)
    same(client.get_experiment(made).lifecycle_stage, "deleted")
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_run(made)
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_experiment(renamed)
    client.restore_experiment(made)
    same(client.get_experiment(made).lifecycle_stage, "active")


def experiment_search():
    part = unique("search")
    made = [client.create_experiment(f"{part}-{number}", tags={"part": part, "odd": str(number % 2)}) for number in range(5)]
    query = {"filter_string": f"name LIKE '{part}%'", "order_by": ["name DESC"]}
    first = client.search_experiments(max_results=2, **query)
    second = client.search_experiments(max_results=2, page_token=first.token, **query)
    third = client.search_experiments(max_results=2, page_token=second.token, **query)
    same([one.experiment_id for one in [*first, *second, *third]], made[::-1])
    assert not third.token
    odd = client.search_experiments(filter_string=f"tags.part = '{part}' AND tags.odd = '1'", order_by=["experiment_id ASC"])
    same([one.experiment_id for one in odd], [made[1], made[3]])
    client.delete_experiment(made[0])
    gone = client.search_experiments(view_type=ViewType.DELETED_ONLY, filter_string=query["filter_string"])
    same([one.experiment_id for one in gone], [made[0]])
    same(len(client.search_experiments(view_type=ViewType.ALL, filter_string=query["filter_string"])), 5)
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_experiments(filter_string="colour = 'red'")


def default_experiment():
    same(client.get_experiment("0").name, "Default")
    same(client.get_experiment_by_name("Default").experiment_id, "0")
    run = new_run("0", tags={"mlflow.note.content": "of the client's tests"})
    same(client.get_run(run).info.experiment_id, "0")
    client.delete_run(run)


def runs():
    experiment = fresh_experiment()
    with mlflow.start_run(run_name="parent", tags={"k": "v"}, description="words") as parent:
        same((parent.info.status, parent.info.run_name, parent.info.experiment_id), ("RUNNING", "parent", experiment))
        with mlflow.start_run(nested=True) as child:
            same(mlflow.active_run().info.run_id, child.info.run_id)
    read = client.get_run(parent.info.run_id)
    same((read.info.status, read.data.tags["k"], read.data.tags["mlflow.note.content"]), ("FINISHED", "v", "words"))
    assert read.info.start_time <= read.info.end_time
    same(read.data.tags["mlflow.runName"], "parent")
    same(client.get_parent_run(child.info.run_id).info.run_id, parent.info.run_id)
    assert client.get_run(child.info.run_id).info.run_name, "a run without a name gets one"
    try:
        with mlflow.start_run() as failing:
            raise KeyError("on purpose")
    except KeyError:
        same(client.get_run(failing.info.run_id).info.status, "FAILED")
    with mlflow.start_run(run_id=parent.info.run_id) as resumed:
        same(resumed.info.run_id, parent.info.run_id)
        same(client.get_run(parent.info.run_id).info.status, "RUNNING")
        mlflow.log_param("later", 1)
    same(client.get_run(parent.info.run_id).data.params, {"later": "1"})
    client.update_run(parent.info.run_id, status="KILLED", name="other")
    read = client.get_run(parent.info.run_id)
    same((read.info.status, read.info.run_name, read.data.tags["mlflow.runName"]), ("KILLED", "other", "other"))
    client.set_tag(parent.info.run_id, "mlflow.runName", "by its tag")
    same(client.get_run(parent.info.run_id).info.run_name, "by its tag")
    named = client.create_run(experiment, start_time=1_700_000_000_000, run_name="at a time")
    same((named.info.start_time, named.info.end_time), (1_700_000_000_000, None))
    client.set_terminated(named.info.run_id, "FAILED", 1_700_000_001_000)
    same(client.get_run(named.info.run_id).info.end_time, 1_700_000_001_000)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_run("0123456789abcdef0123456789abcdef")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.create_run("999999999")


def deleted_runs():
    experiment = fresh_experiment()
    kept, gone = new_run(experiment), new_run(experiment)
    client.delete_run(gone)
    same(client.get_run(gone).info.lifecycle_stage, "deleted")

    def seen(view):
        return {run.info.run_id for run in client.search_runs([experiment], run_view_type=view)}

    same(seen(ViewType.ACTIVE_ONLY), {kept})
    same(seen(ViewType.DELETED_ONLY), {gone})
    same(seen(ViewType.ALL), {kept, gone})
    with refused("INVALID_PARAMETER_VALUE"):
        client.log_metric(gone, "a", 1)
    with refused("INVALID_PARAMETER_VALUE"):
        client.set_tag(gone, "a", "b")
    client.restore_run(gone)
    same(seen(ViewType.ACTIVE_ONLY), {kept, gone})


def params_and_tags():
    run = new_run(fresh_experiment())
    client.log_param(run, "depth", 3)
    client.log_param(run, "depth", 3)
    with refused("INVALID_PARAMETER_VALUE"):
        client.log_param(run, "depth", 5)
    client.log_batch(run, params=[Param("a b/c.d-e:f", "größe"), Param("empty", "")], tags=[RunTag("t", "1")])
    client.set_tag(run, "t", "2")
    read = client.get_run(run).data
    same(read.params, {"depth": "3", "a b/c.d-e:f": "größe", "empty": ""})
    same(read.tags["t"], "2")
    client.delete_tag(run, "t")
    assert "t" not in client.get_run(run).data.tags
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_tag(run, "t")
    for key in ("a#b", "../b", "k" * 251):
        with refused("INVALID_PARAMETER_VALUE"):
            client.log_param(run, key, 1)
    client.log_param(run, "k" * 250, "v" * 6000)
    client.log_param(run, "long", "v" * 6001)
    same([len(client.get_run(run).data.params[key]) for key in ("k" * 250, "long")], [6000, 6000])
    with refused("INVALID_PARAMETER_VALUE"):
        client.log_batch(run, params=[Param("fresh", "1"), Param("depth", "7")], tags=[RunTag("fresh", "1")])
    read = client.get_run(run).data
    assert "fresh" not in read.params and "fresh" not in read.tags, "a refused batch leaves nothing"


def finished_runs():
    """MLflow takes what comes late."""
    fresh_experiment()
    with mlflow.start_run() as run:
        pass
    run_id = run.info.run_id
    client.log_metric(run_id, "late", 1.5, step=3)
    client.log_param(run_id, "late", "yes")
    client.set_tag(run_id, "late", "yes")
    read = client.get_run(run_id)
    same((read.info.status, read.data.metrics, read.data.params["late"]), ("FINISHED", {"late": 1.5}, "yes"))
    end_all_runs()


SECTIONS = [health, experiments, experiment_search, default_experiment, runs, deleted_runs, params_and_tags, finished_runs]
