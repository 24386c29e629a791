"""The HTTP door as Triton's own client sees it, unmodified.

    open-inference.py       needs tritonclient[http]

Needs MODELGRAPH_URL and MODELGRAPH_KEY, and on the server the models `double` (y = 2x, FP32 [N, 2], with a version in
production and nothing deployed) and `words` (y = x, BYTES [N, 2], version 1.0.0), and an identity of [N, 2] for each
other datatype, under its name. Ends with 1 at the first thing that is wrong.
"""

import os
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

KEY = os.environ["MODELGRAPH_KEY"]
client = triton.InferenceServerClient(os.environ["MODELGRAPH_URL"].removeprefix("http://"))
ROWS = np.array([[1, -2.5], [3, 0], [1e30, 7]], dtype=np.float32)
WORDS = np.array([["größe 🐧", ""], ["a", "b\nc"]], dtype=np.object_)


def headers():
    """New ones for each call: the client writes into them."""
    return {"authorization": f"Bearer {KEY}"}


def same(what, actual, expected):
    if actual != expected:
        sys.exit(f"{what}: expected {expected!r}, got {actual!r}")
    print(f"ok  {what}")


def tensor(array, datatype="FP32", binary=True):
    given = triton.InferInput("x", list(array.shape), datatype)
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def infer(model, given, **more):
    return client.infer(model, [given], headers=headers(), **more)


def refused(what, call, sentence):
    try:
        call()
    except InferenceServerException as error:
        return same(what, sentence in error.message() or error.message(), True)
    sys.exit(f"{what}: it was answered")


def what_is_there():
    same("the server is live", client.is_server_live(headers=headers()), True)
    same("the server is ready", client.is_server_ready(headers=headers()), True)
    same("the model is ready", client.is_model_ready("double", headers=headers()), True)
    same("another one is not", client.is_model_ready("nothing", headers=headers()), False)
    same("it says its name", client.get_server_metadata(headers=headers())["name"], "modelgraph")
    metadata = client.get_model_metadata("double", headers=headers())
    same("metadata", metadata["inputs"], [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}])
    config = client.get_model_config("double", model_version=metadata["versions"][0], headers=headers())
    same("configuration", config["input"], [{"name": "x", "data_type": "TYPE_FP32", "dims": [2]}])


def predictions():
    doubled = (2 * ROWS).tolist()
    answer = infer("double", tensor(ROWS), request_id="7")
    same("bytes both ways", answer.as_numpy("y").tolist(), doubled)
    same("its id", answer.get_response()["id"], "7")
    json_out = [triton.InferRequestedOutput("y", binary_data=False)]
    same("bytes in, JSON out", infer("double", tensor(ROWS), outputs=json_out).as_numpy("y").tolist(), doubled)
    as_json = tensor(ROWS, binary=False)
    same("JSON in, bytes out", infer("double", as_json).as_numpy("y").tolist(), doubled)
    same("JSON both ways", infer("double", as_json, outputs=json_out).as_numpy("y").tolist(), doubled)
    for packing in ("gzip", "deflate"):
        packed = infer("double", tensor(ROWS), request_compression_algorithm=packing, response_compression_algorithm=packing)
        same(packing, packed.as_numpy("y").tolist(), doubled)
    many = np.repeat(ROWS, 2000, axis=0)
    for packing in ("gzip", "deflate"):
        packed = infer("double", tensor(many), response_compression_algorithm=packing)
        same(f"a large answer by {packing}", packed.get_response()["outputs"][0]["shape"], [6000, 2])
        same("its values", packed.as_numpy("y").tolist(), (2 * many).tolist())
    classes = [triton.InferRequestedOutput("y", class_count=1)]
    best = infer("double", tensor(ROWS), outputs=classes).as_numpy("y")
    same("classes", (best.shape, best[0].tolist()), ((3, 1), [b"2.000000:0"]))
    asked = infer("double", tensor(ROWS), timeout=10_000_000, priority=1, parameters={"routing_key": "customer-7"})
    same("with deadline, priority and parameters", asked.as_numpy("y").shape, (3, 2))
    waiting = client.async_infer("double", [tensor(ROWS)], headers=headers())
    same("asynchronously", waiting.get_result().as_numpy("y").tolist(), doubled)
    same("no rows", infer("double", tensor(ROWS[:0])).as_numpy("y").shape, (0, 2))
    special = np.array([[np.nan, np.inf], [-np.inf, -0.0]], dtype=np.float32)
    for binary in (True, False):
        echoed = infer("FP32", tensor(special, binary=binary), outputs=json_out).as_numpy("y")
        same("NaN, infinities and -0", (str(echoed.tolist()), np.signbit(echoed[1][1])), (str(special.tolist()), np.True_))


def datatypes():
    for binary in (True, False):
        outputs = [triton.InferRequestedOutput("y", binary_data=binary)]
        words = infer("words", tensor(WORDS, "BYTES", binary), outputs=outputs, model_version="1").as_numpy("y")
        same("text", [word.decode() if binary else word for word in words.flatten()], WORDS.flatten().tolist())
        for datatype in ("BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64"):
            if datatype == "FP16" and not binary:
                continue  # the client itself has no JSON for it
            numpy_type = triton_to_np_dtype(datatype)
            ends = [True, False] if datatype == "BOOL" else [limits(numpy_type).min, limits(numpy_type).max]
            array = np.array([ends, ends[::-1]], dtype=numpy_type)
            answer = infer(datatype, tensor(array, datatype, binary), outputs=outputs).as_numpy("y")
            same(f"{datatype}, {'bytes' if binary else 'JSON'}", (answer.dtype, answer.tolist()), (array.dtype, array.tolist()))


def limits(numpy_type):
    return np.finfo(numpy_type) if np.issubdtype(numpy_type, np.floating) else np.iinfo(numpy_type)


def refusals():
    refused("another datatype", lambda: infer("double", tensor(ROWS.astype(np.float64), "FP64")), "expected FP32")
    refused("no such model", lambda: infer("nothing", tensor(ROWS)), "There is no endpoint or model “nothing”.")
    refused("no such version", lambda: infer("double", tensor(ROWS), model_version="9"), "It has 1.0.0 (1).")
    shared = triton.InferInput("x", [3, 2], "FP32")
    shared.set_shared_memory("region", 24)
    refused("shared memory", lambda: infer("double", shared), "the server shares no memory with its callers")
    refused("regions", lambda: client.get_system_shared_memory_status(headers=headers()), "is not offered")
    refused("no key", lambda: client.infer("double", [tensor(ROWS)]), "needs a valid credential")


def repository():
    def state():
        index = client.get_model_repository_index(headers=headers())
        return [model["state"] for model in index if model["name"] == "double"]

    client.load_model("double", headers=headers())
    same("loaded", state(), ["READY"])
    client.unload_model("double", headers=headers())
    same("unloaded", state(), ["UNAVAILABLE"])
    same("it comes back", infer("double", tensor(ROWS)).as_numpy("y").shape, (3, 2))
    statistics = client.get_inference_statistics("double", headers=headers())["model_stats"][0]
    same("statistics", statistics["inference_stats"]["success"]["count"] >= 10, True)


for part in (what_is_there, predictions, datatypes, refusals, repository):
    part()
client.close()
