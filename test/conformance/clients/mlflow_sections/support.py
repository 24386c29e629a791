"""What all sections need: names of their own, a fresh experiment, and what a refusal must look like."""

import uuid
from contextlib import contextmanager

import mlflow
from mlflow.exceptions import MlflowException

client = mlflow.MlflowClient()


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:10]}"


def fresh_experiment():
    """Its id; it is the one that `mlflow.start_run` uses from now on."""
    end_all_runs()
    return mlflow.set_experiment(unique("client")).experiment_id


def end_all_runs():
    """A section that failed half-way leaves its run open, in which the next would be nested."""
    while mlflow.active_run():
        mlflow.end_run()


def new_run(experiment_id, **more):
    return client.create_run(experiment_id, **more).info.run_id


def same(actual, expected):
    assert actual == expected, f"expected {expected!r}, got {actual!r}"


@contextmanager
def refused(error_code):
    """By the server, or by the client itself with the same code."""
    try:
        yield
    except MlflowException as error:
        same(error.error_code, error_code)
        return
    raise AssertionError(f"it was answered, not refused with {error_code}")
