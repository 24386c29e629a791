"""Files of a run, and the datasets that went into it."""

import json
import tempfile
from pathlib import Path
from unittest import mock

import mlflow
import numpy as np
import pandas as pd
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.server_info import fetch_server_info

from .support import client, fresh_experiment, refused, same

# Larger than what a server would read in one piece.
LARGE_BYTES = 3_000_000


def artifacts():
    fresh_experiment()
    folder = Path(tempfile.mkdtemp())
    (folder / "sub folder").mkdir()
    (folder / "sub folder" / "größe 🐧.txt").write_text("words", encoding="utf-8")
    (folder / "large.bin").write_bytes(bytes(range(256)) * (LARGE_BYTES // 256))
    (folder / "empty").write_bytes(b"")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), artifact_path="all")
        mlflow.log_artifact(str(folder / "large.bin"))
        mlflow.log_text("hello", "texts/a.txt")
        mlflow.log_text("hello again", "texts/a.txt")
        mlflow.log_dict({"a": [1, None]}, "texts/a.json")
        mlflow.log_dict({"b": 1}, "a.yaml")
        mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
        mlflow.log_table({"x": [3], "y": ["c"]}, "table.json")
    run_id = run.info.run_id

    def listed(path=None):
        return [(one.path, one.is_dir, None if one.is_dir else one.file_size or 0) for one in client.list_artifacts(run_id, path)]

    sizes = {path: size for path, is_dir, size in listed() if not is_dir}
    same({path for path, is_dir, _ in listed() if is_dir}, {"all", "texts"})
    same((set(sizes), sizes["large.bin"]), ({"large.bin", "a.yaml", "table.json"}, LARGE_BYTES // 256 * 256))
    same(listed("texts"), [("texts/a.json", False, 32), ("texts/a.txt", False, 11)])
    same(listed("all"), [("all/empty", False, 0), ("all/large.bin", False, sizes["large.bin"]), ("all/sub folder", True, None)])
    same(listed("all/sub folder"), [("all/sub folder/größe 🐧.txt", False, 5)])
    same(listed("nothing"), [])
    same(mlflow.artifacts.load_text(f"runs:/{run_id}/texts/a.txt"), "hello again")
    same(mlflow.artifacts.load_dict(f"runs:/{run_id}/texts/a.json"), {"a": [1, None]})
    same(list(mlflow.load_table("table.json", run_ids=[run_id])["y"]), ["a", "b", "c"])
    local = Path(client.download_artifacts(run_id, "all"))
    same((local / "sub folder" / "größe 🐧.txt").read_text(encoding="utf-8"), "words")
    same((local / "large.bin").read_bytes(), (folder / "large.bin").read_bytes())
    same((local / "empty").read_bytes(), b"")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.download_artifacts(run_id, "texts/nothing.txt")
    repository = mlflow.store.artifact.artifact_repository_registry.get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("texts/a.txt")
    same(listed("texts"), [("texts/a.json", False, 32)])


def datasets():
    experiment = fresh_experiment()
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, np.nan, 1.5], "c": ["x", "y", None]})
    table = mlflow.data.from_pandas(frame, source="https://example.com/rows.csv", name="rows", targets="a")
    array = mlflow.data.from_numpy(np.arange(6).reshape(3, 2), name="array")
    with mlflow.start_run() as run:
        mlflow.log_input(table, context="training", tags={"split": "first"})
        mlflow.log_input(table, context="training")
        mlflow.log_input(array, context="validation")
    inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
    by_name = {one.dataset.name: one for one in inputs}
    same((len(inputs), set(by_name)), (2, {"rows", "array"}))
    rows = by_name["rows"]
    same(rows.dataset.digest, table.digest)
    same({tag.key: tag.value for tag in rows.tags}, {"mlflow.data.context": "training", "split": "first"})
    same(json.loads(rows.dataset.profile)["num_rows"], 3)
    assert "mlflow_colspec" in json.loads(rows.dataset.schema)
    same(mlflow.data.get_source(rows).url, "https://example.com/rows.csv")
    for filter_string in ("datasets.name = 'rows'", f"dataset.digest = '{table.digest}'", "datasets.context = 'validation'"):
        same([one.info.run_id for one in client.search_runs([experiment], filter_string)], [run.info.run_id])
    same(client.search_runs([experiment], "datasets.name = 'other'"), [])


def multipart():
    """Large files in parts, where the server says that it takes them: MLflow's own does for cloud stores only."""
    fresh_experiment()
    folder = Path(tempfile.mkdtemp())
    content = np.random.default_rng(1).bytes(LARGE_BYTES)
    (folder / "große datei.bin").write_bytes(content)
    (folder / "small.txt").write_text("words")
    sent = []
    upload_part = HttpArtifactRepository._upload_part

    def counted(credential, *args, **more):
        sent.append(credential.part_number)
        return upload_part(credential, *args, **more)

    sizes = {"MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000000", "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": "700000"}
    with mock.patch.dict("os.environ", sizes), mock.patch.object(HttpArtifactRepository, "_upload_part", staticmethod(counted)):
        with mlflow.start_run() as run:
            mlflow.log_artifacts(str(folder), artifact_path="parts")
            mlflow.log_artifact(str(folder / "große datei.bin"))
    host = get_default_host_creds(mlflow.get_tracking_uri())
    takes_parts = fetch_server_info(host).data["multipart_uploads_enabled"]
    same(sorted(sent), sorted([1, 2, 3, 4, 5] * 2) if takes_parts else [])
    local = Path(client.download_artifacts(run.info.run_id, ""))
    for name in ("große datei.bin", "parts/große datei.bin"):
        assert (local / name).read_bytes() == content, f"{name} is another file"
    same((local / "parts" / "small.txt").read_text(), "words")


SECTIONS = [artifacts, multipart, datasets]
