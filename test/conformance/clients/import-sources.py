"""What `modelgraph import` is tested with, made by the programs that it is for.

    import-sources.py tensorboard FOLDER     # tensorboardX and tensorboard
    import-sources.py wandb FOLDER           # wandb
    import-sources.py mlflow URI             # mlflow: file:///…, sqlite:///…, http://…
    import-sources.py pack FOLDER FILE       # all files below a folder, as gzipped lines of JSON
"""

import base64
import gzip
import json
import os
import pathlib
import sys


def tensorboard(folder):
    import numpy
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter
    from tensorboard.util import tensor_util
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(f"{folder}/cnn/first")
    for step in range(50):
        writer.add_scalar("loss", 1 / (step + 1), step, walltime=1_700_000_000 + step)
        writer.add_scalar("val/acc (%)", step * 0.1, step, walltime=1_700_000_000 + step)
    writer.add_scalar("weird", float("nan"), 3, walltime=1_700_000_050)
    writer.add_scalar("weird", float("-inf"), 4, walltime=1_700_000_051)
    writer.add_image("picture", numpy.zeros((3, 4, 4)), 1, walltime=1_700_000_052)
    writer.add_histogram("weights", numpy.arange(10), 1, walltime=1_700_000_053)
    writer.add_text("notes", "first text", 0, walltime=1_700_000_054)
    writer.add_text("notes", "last text", 1, walltime=1_700_000_055)
    writer.close()

    writer = EventFileWriter(f"{folder}/tensors")

    def put(tag, value, step=0, plugin="scalars", content=b""):
        summary = summary_pb2.Summary()
        entry = summary.value.add()
        entry.tag = tag
        entry.metadata.plugin_data.plugin_name = plugin
        entry.metadata.plugin_data.content = content
        if value is not None:
            entry.tensor.CopyFrom(tensor_util.make_tensor_proto(value))
        writer.add_event(event_pb2.Event(summary=summary, step=step, wall_time=1_700_000_000.25))

    put("f64", numpy.float64(0.1))
    put("f32", numpy.float32(0.1))
    put("f16", numpy.float16(0.1), step=2**60)
    put("i64", numpy.int64(2**40 + 1), step=-3)
    put("i32", numpy.int32(-7))
    put("u8", numpy.uint8(200))
    put("flag", numpy.bool_(True))
    put("vector", numpy.array([1.0, 2.0]))
    start = plugin_data_pb2.HParamsPluginData()
    start.session_start_info.group_name = "sweep 1"
    start.session_start_info.start_time_secs = 1_699_999_999.5
    start.session_start_info.hparams["units"].number_value = 16
    start.session_start_info.hparams["optimizer"].string_value = "adam"
    start.session_start_info.hparams["dropout"].number_value = 0.25
    start.session_start_info.hparams["augment"].bool_value = True
    put("_hparams_/session_start_info", None, plugin="hparams", content=start.SerializeToString())
    end = plugin_data_pb2.HParamsPluginData()
    end.session_end_info.status = api_pb2.STATUS_FAILURE
    end.session_end_info.end_time_secs = 1_700_000_123.0
    put("_hparams_/session_end_info", None, plugin="hparams", content=end.SerializeToString())
    writer.close()


def wandb(folder):
    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": folder}
    import numpy
    import wandb as client

    os.makedirs(folder, exist_ok=True)
    settings = client.Settings(x_stats_sampling_interval=0.2, console="off", disable_git=True)
    config = {"lr": 0.1, "optimizer": {"name": "adam", "betas": [0.9, 0.99]}, "none": None, "augment": True}
    about = {"group": "g1", "job_type": "train", "tags": ["baseline", "a b"], "notes": "a note"}
    run = client.init(project="penguins", id="first001", name="first", config=config, settings=settings, **about)
    for step in range(40):
        odd = float("nan") if step % 2 else float("inf")
        run.log({"loss": 1 / (step + 1), "odd": odd, "nested": {"a": step, "b": {"c": -0.0}}, "flag": True, "text": "x"})
    run.log({"picture": client.Image(numpy.zeros((8, 8, 3), dtype=numpy.uint8)), "hist": client.Histogram([1, 2, 3])})
    run.log({"late": 1}, step=100)
    run.summary["best"] = 0.99
    run.summary["verdict"] = "good"
    pathlib.Path(run.dir, "weights.txt").write_text("weights")
    run.finish()
    run = client.init(project="penguins", id="failed01", name="failed", settings=settings)
    run.log({"loss": 3.5})
    run.finish(exit_code=1)


def mlflow(uri):
    os.environ |= {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_TRACKING_URI": uri}
    import mlflow as client
    from mlflow.entities import Metric

    client.set_tracking_uri(uri)
    api = client.MlflowClient()
    experiment = api.create_experiment("penguins", tags={"team": "a", "mlflow.note.content": "The *note*."})
    client.set_experiment("penguins")
    now = 1_700_000_000_000
    with client.start_run(run_name="parent", tags={"k": "v"}, description="about the run") as parent:
        run_id = parent.info.run_id
        client.log_params({"lr": 0.1, "optimizer": "adam", "empty": ""})
        for at in range(0, 2_500, 500):
            api.log_batch(run_id, metrics=[Metric("loss", 1 / (i + 1), now + i, i) for i in range(at, at + 500)])
        odd = [float("nan"), float("inf"), -1.5, 0.0, 5e-324]
        steps = [0, 1, -5, 2**53 + 1, 2**62]
        api.log_batch(run_id, metrics=[Metric("odd", v, now + i, s) for i, (v, s) in enumerate(zip(odd, steps))])
        api.log_metric(run_id, "val/a b", 0.1 + 0.2, now, 0)
        client.log_text("hello", "notes/a b.txt")
        data = client.data.from_numpy(__import__("numpy").arange(4), name="pengs")
        client.log_input(data, context="training")
        model = client.initialize_logged_model(name="model", source_run_id=run_id, params={"depth": "3"}, tags={"t": "1"})
        api.log_batch(run_id, metrics=[Metric("acc", 0.9, now + 10, 0, model_id=model.model_id)])
        files = pathlib.Path("/tmp/modelgraph-import-model")
        files.mkdir(exist_ok=True)
        (files / "MLmodel").write_text("flavors: {}\n")
        (files / "weights.bin").write_bytes(bytes(range(256)))
        api.log_model_artifacts(model.model_id, str(files))
        client.finalize_logged_model(model.model_id, "READY")
        client.log_outputs(models=[client.entities.LoggedModelOutput(model.model_id, step=7)])
        with client.start_run(run_name="child", nested=True):
            client.log_metric("m", 1.5)
    failed = api.create_run(experiment, start_time=1_600_000_000_000, run_name="failed")
    api.set_terminated(failed.info.run_id, "FAILED", 1_600_000_001_000)
    going_on = api.create_run(experiment, run_name="going on")
    api.log_metric(going_on.info.run_id, "x", 1)
    deleted = api.create_run(experiment, run_name="deleted")
    api.log_metric(deleted.info.run_id, "x", 1)
    api.delete_run(deleted.info.run_id)
    gone = api.create_experiment("gone")
    api.create_run(gone)
    api.delete_experiment(gone)
    api.create_registered_model("Penguin", tags={"t": "1"}, description="about it")
    model_uri = f"models:/{model.model_id}"
    about = {"run_id": run_id, "model_id": model.model_id}
    for number in ("1", "2", "3"):
        api.create_model_version("Penguin", model_uri, tags={"n": number}, description=f"the {number}.", **about)
    api.delete_model_version("Penguin", "2")
    api.set_registered_model_alias("Penguin", "champion", "3")


def pack(folder, file):
    paths = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file() and not path.is_symlink())
    lines = [
        json.dumps({"path": str(path.relative_to(folder)), "base64": base64.b64encode(path.read_bytes()).decode()})
        for path in paths
    ]
    with gzip.GzipFile(file, "wb", mtime=0) as output:
        output.write("\n".join(lines).encode())


{"tensorboard": tensorboard, "wandb": wandb, "mlflow": mlflow, "pack": pack}[sys.argv[1]](*sys.argv[2:])
