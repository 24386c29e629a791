"""MLflow 3's logged models: how they come, what is known of them, that they come back and predict."""

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities import LoggedModelStatus
from sklearn.linear_model import LogisticRegression

from .support import client, fresh_experiment, refused, same

ROWS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=np.float32)
CLASSES = np.array([0, 0, 1, 1])
# Given, since finding them out means to start another Python.
REQUIREMENTS = ["scikit-learn"]


def fitted():
    return LogisticRegression().fit(ROWS, CLASSES)


class Doubled(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return 2 * np.asarray(model_input)


def logged_models():
    experiment = fresh_experiment()
    rows = mlflow.data.from_pandas(pd.DataFrame(ROWS), name="rows")
    with mlflow.start_run() as run:
        made = mlflow.sklearn.log_model(fitted(), name="forest", params={"trees": 10}, pip_requirements=REQUIREMENTS, input_example=ROWS[:1])
        mlflow.log_metric("f1", 0.9, model_id=made.model_id, dataset=rows)
        mlflow.log_metric("f1", 0.5, step=1, model_id=made.model_id)
    model = mlflow.get_logged_model(made.model_id)
    same((model.name, model.source_run_id, model.experiment_id), ("forest", run.info.run_id, experiment))
    same((model.status, model.params["trees"]), (LoggedModelStatus.READY, "10"))
    found = {(one.key, one.value, one.step, one.dataset_name, one.dataset_digest) for one in model.metrics}
    same(found, {("f1", 0.9, 0, "rows", rows.digest), ("f1", 0.5, 1, None, None)})
    outputs = client.get_run(run.info.run_id).outputs.model_outputs
    same([one.model_id for one in outputs], [made.model_id])
    client.set_logged_model_tags(made.model_id, {"colour": "red", "size": "big"})
    client.delete_logged_model_tag(made.model_id, "size")
    assert mlflow.get_logged_model(made.model_id).tags["colour"] == "red"
    assert "size" not in mlflow.get_logged_model(made.model_id).tags
    loaded = mlflow.pyfunc.load_model(made.model_uri)
    same(list(loaded.predict(ROWS)), list(CLASSES))
    same(list(mlflow.sklearn.load_model(f"models:/{made.model_id}").predict(ROWS)), list(CLASSES))
    same(list(mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/forest").predict(ROWS)), list(CLASSES))
    names = {one.path for one in client.list_logged_model_artifacts(made.model_id)}
    assert {"MLmodel", "requirements.txt", "conda.yaml"} <= names, names


def logged_model_search():
    experiment = fresh_experiment()
    made = []
    for number in range(4):
        model = mlflow.create_external_model(name=f"outside{number}", params={"odd": str(number % 2)}, tags={"t": str(number)}, model_type="kind")
        mlflow.log_metric("f1", number / 10, model_id=model.model_id)
        made.append(model.model_id)

    def found(**query):
        return [made.index(one.model_id) for one in mlflow.search_logged_models([experiment], output_format="list", **query)]

    oldest = [{"field_name": "creation_timestamp", "ascending": True}]
    same(found(order_by=oldest), [0, 1, 2, 3])
    same(found(filter_string="metrics.f1 > 0.1", order_by=[{"field_name": "metrics.f1", "ascending": False}]), [3, 2])
    same(found(filter_string="params.odd = '1' AND tags.t != '3'"), [1])
    same(found(filter_string="name = 'outside2'"), [2])
    same(found(filter_string="attributes.model_type = 'kind'", order_by=oldest, max_results=2), [0, 1])
    first = client.search_logged_models([experiment], order_by=oldest, max_results=3)
    second = client.search_logged_models([experiment], order_by=oldest, max_results=3, page_token=first.token)
    same([made.index(one.model_id) for one in [*first, *second]], [0, 1, 2, 3])
    pending = client.create_logged_model(experiment, name="pending")
    same(pending.status, LoggedModelStatus.PENDING)
    client.log_model_params(pending.model_id, {"depth": "4"})
    same(client.get_logged_model(pending.model_id).params, {"depth": "4"})
    same(client.finalize_logged_model(pending.model_id, "FAILED").status, LoggedModelStatus.FAILED)
    client.delete_logged_model(pending.model_id)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_logged_model(pending.model_id)
    with refused("INVALID_PARAMETER_VALUE"):
        found(filter_string="blah.f1 > 1")
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_logged_model(experiment, name="a/b")


def python_model():
    fresh_experiment()
    with mlflow.start_run():
        made = mlflow.pyfunc.log_model(name="doubled", python_model=Doubled(), pip_requirements=[])
    same(mlflow.pyfunc.load_model(made.model_uri).predict(ROWS).tolist(), (2 * ROWS).tolist())


def onnx_model():
    from skl2onnx import to_onnx

    fresh_experiment()
    exported = to_onnx(fitted(), ROWS[:1], options={"zipmap": False}, target_opset=18)
    with mlflow.start_run():
        made = mlflow.onnx.log_model(exported, name="exported", pip_requirements=["onnx", "onnxruntime"])
    answer = mlflow.pyfunc.load_model(made.model_uri).predict(ROWS)
    same(list(np.asarray(answer["label"]).flatten()), list(CLASSES))
    same(mlflow.onnx.load_model(made.model_uri).graph.name, exported.graph.name)


def autolog():
    experiment = fresh_experiment()
    mlflow.sklearn.autolog(log_post_training_metrics=True, log_input_examples=False, silent=True)
    try:
        with mlflow.start_run() as run:
            fitted()
    finally:
        mlflow.sklearn.autolog(disable=True)
    read = client.get_run(run.info.run_id)
    same(read.data.params["C"], "1.0")
    same(read.data.metrics["training_accuracy_score"], 1.0)
    same(read.data.tags["estimator_name"], "LogisticRegression")
    same(len(read.inputs.dataset_inputs), 1)
    same(len(mlflow.search_logged_models([experiment], output_format="list")), 1)


SECTIONS = [logged_models, logged_model_search, python_model, onnx_model, autolog]
