"""The gRPC door as clients of another implementation see it: Python's grpcio, and Triton's own client over it.

    open-inference-grpc.py stubs        needs grpcio-tools: stubs made from schema/*.proto
    open-inference-grpc.py triton       needs tritonclient[grpc], unmodified

Needs MODELGRAPH_GRPC (host:port) and MODELGRAPH_KEY, and on the server the models `double` (y = 2x, FP32 [N, 2], with a
version in production) and `words` (y = x, BYTES [N, 2], version 1.0.0). Ends with 1 at the first thing that is wrong.
"""

import os
import queue
import struct
import sys
import tempfile
from pathlib import Path

ADDRESS = os.environ["MODELGRAPH_GRPC"]
KEY = os.environ["MODELGRAPH_KEY"]
METADATA = (("authorization", f"Bearer {KEY}"),)
SCHEMA = Path(__file__).resolve().parents[3] / "schema"
ROWS = [[1.0, -2.5], [3.0, 0.0], [1e30, 7.0]]
DOUBLED = [[2 * value for value in row] for row in ROWS]
WORDS = ["größe 🐧", "", "a", "b\nc"]


def same(what, actual, expected):
    if actual != expected:
        sys.exit(f"{what}: expected {expected!r}, got {actual!r}")
    print(f"ok  {what}")


def flat(rows):
    return [value for row in rows for value in row]


def lengths_first(texts):
    encoded = [text.encode() for text in texts]
    return b"".join(struct.pack("<I", len(text)) + text for text in encoded)


def stubs():
    import grpc
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as folder:
        files = ["grpc_service.proto", "model_config.proto"]
        arguments = ["", f"-I{SCHEMA}", f"--python_out={folder}", f"--grpc_python_out={folder}", *files]
        same("protoc takes the schema", protoc.main(arguments), 0)
        sys.path.insert(0, folder)
        import grpc_service_pb2 as pb
        import grpc_service_pb2_grpc as pb_grpc

    channel = grpc.insecure_channel(ADDRESS)
    server = pb_grpc.GRPCInferenceServiceStub(channel)

    def ask(call, request, **options):
        return call(request, metadata=METADATA, **options)

    def code_of(call, request, metadata=METADATA):
        try:
            call(request, metadata=metadata)
        except grpc.RpcError as error:
            return error.code().name, error.details()
        return "OK", ""

    def raw(**more):
        request = pb.ModelInferRequest(model_name="double", id="7", **more)
        request.inputs.add(name="x", datatype="FP32", shape=[len(ROWS), 2])
        request.raw_input_contents.append(struct.pack("<6f", *flat(ROWS)))
        return request

    same("the server is live", ask(server.ServerLive, pb.ServerLiveRequest()).live, True)
    same("the server is ready", ask(server.ServerReady, pb.ServerReadyRequest()).ready, True)
    same("it says its name", ask(server.ServerMetadata, pb.ServerMetadataRequest()).name, "modelgraph")
    same("the model is ready", ask(server.ModelReady, pb.ModelReadyRequest(name="double")).ready, True)
    metadata = ask(server.ModelMetadata, pb.ModelMetadataRequest(name="double"))
    same("its input", [(i.name, i.datatype, list(i.shape)) for i in metadata.inputs], [("x", "FP32", [-1, 2])])
    config = ask(server.ModelConfig, pb.ModelConfigRequest(name="double")).config
    same("its configuration", (config.backend, list(config.input[0].dims)), ("onnxruntime", [2]))

    def doubled(answer):
        return [struct.unpack("<6f", answer.raw_output_contents[0])[i : i + 2] for i in (0, 2, 4)]

    as_floats = [struct.unpack("<2f", struct.pack("<2f", *row)) for row in DOUBLED]
    answer = ask(server.ModelInfer, raw())
    same("raw contents", (answer.id, list(answer.outputs[0].shape), doubled(answer)), ("7", [3, 2], as_floats))
    typed = pb.ModelInferRequest(model_name="double")
    typed.inputs.add(name="x", datatype="FP32", shape=[3, 2]).contents.fp32_contents.extend(flat(ROWS))
    same("typed contents", doubled(ask(server.ModelInfer, typed)), as_floats)
    words = pb.ModelInferRequest(model_name="words", model_version="1.0.0")
    words.inputs.add(name="x", datatype="BYTES", shape=[2, 2]).contents.bytes_contents.extend(
        text.encode() for text in WORDS
    )
    same("text", ask(server.ModelInfer, words).raw_output_contents[0], lengths_first(WORDS))
    squeezed = ask(server.ModelInfer, raw(), compression=grpc.Compression.Gzip)
    same("compressed", doubled(squeezed), as_floats)

    wrong = raw()
    wrong.inputs[0].datatype = "FP64"
    code, details = code_of(server.ModelInfer, wrong)
    same("a wrong datatype", (code, "expected FP32" in details), ("INVALID_ARGUMENT", True))
    same("no such model", code_of(server.ModelInfer, pb.ModelInferRequest(model_name="nothing"))[0], "NOT_FOUND")
    same("no key", code_of(server.ModelInfer, raw(), metadata=())[0], "UNAUTHENTICATED")
    same("no shared memory", code_of(server.SystemSharedMemoryStatus, pb.SystemSharedMemoryStatusRequest())[0], "UNIMPLEMENTED")

    requests = [raw(), wrong, raw()]
    for number, request in enumerate(requests):
        request.id = str(number)
    answers = {a.infer_response.id: a for a in server.ModelStreamInfer(iter(requests), metadata=METADATA)}
    same("a stream answers all", sorted(answers), ["0", "1", "2"])
    same("a bad request in it", "expected FP32" in answers["1"].error_message, True)
    same("those around it", [doubled(answers[i].infer_response) for i in ("0", "2")], [as_floats, as_floats])

    counted = ask(server.ModelStatistics, pb.ModelStatisticsRequest(name="double")).model_stats[0]
    same("statistics", counted.inference_stats.success.count >= 5, True)
    index = ask(server.RepositoryIndex, pb.RepositoryIndexRequest())
    same("the index", {"double", "words"} <= {model.name for model in index.models}, True)
    channel.close()


def triton():
    import numpy as np
    import tritonclient.grpc as triton_grpc
    from tritonclient.utils import InferenceServerException

    headers = dict(METADATA)
    client = triton_grpc.InferenceServerClient(ADDRESS)
    rows = np.array(ROWS, dtype=np.float32)

    def tensor(name, array, datatype):
        given = triton_grpc.InferInput(name, list(array.shape), datatype)
        given.set_data_from_numpy(array)
        return given

    def infer(**more):
        return client.infer("double", [tensor("x", rows, "FP32")], headers=headers, **more)

    same("the server is live", client.is_server_live(headers=headers), True)
    same("the server is ready", client.is_server_ready(headers=headers), True)
    same("the model is ready", client.is_model_ready("double", headers=headers), True)
    same("another one is not", client.is_model_ready("nothing", headers=headers), False)
    same("metadata", client.get_model_metadata("double", headers=headers, as_json=True)["inputs"][0]["shape"], ["-1", "2"])
    same("configuration", client.get_model_config("double", headers=headers).config.backend, "onnxruntime")
    same("infer", infer(request_id="7").as_numpy("y").tolist(), (2 * rows).tolist())
    same("its id", infer(request_id="7").get_response().id, "7")
    wanted = [triton_grpc.InferRequestedOutput("y")]
    parameters = {"routing_key": "customer-7"}
    asked = infer(outputs=wanted, client_timeout=30, timeout=10_000_000, priority=1, parameters=parameters)
    same("with outputs, deadline and parameters", asked.as_numpy("y").shape, (3, 2))
    same("compressed", infer(compression_algorithm="gzip").as_numpy("y").shape, (3, 2))
    words = np.array([WORDS[:2], WORDS[2:]], dtype=np.object_)
    echoed = client.infer("words", [tensor("x", words, "BYTES")], model_version="1", headers=headers)
    same("text", [text.decode() for text in echoed.as_numpy("y").flatten()], WORDS)

    try:
        client.infer("double", [tensor("x", rows.astype(np.float64), "FP64")], headers=headers)
        sys.exit("a wrong datatype was answered")
    except InferenceServerException as error:
        same("a wrong datatype", (error.status(), "expected FP32" in error.message()), ("StatusCode.INVALID_ARGUMENT", True))

    came = queue.Queue()
    client.async_infer("double", [tensor("x", rows, "FP32")], lambda result, error: came.put((result, error)), headers=headers)
    same("asynchronously", came.get(timeout=30)[0].as_numpy("y").shape, (3, 2))
    client.start_stream(lambda result, error: came.put((result, error)), headers=headers)
    for name in ("double", "nothing", "double"):
        client.async_stream_infer(name, [tensor("x", rows, "FP32")])
    outcomes = [came.get(timeout=30) for _ in range(3)]
    client.stop_stream()
    same("a stream", sorted(str(error) for _, error in outcomes if error), ["There is no endpoint or model “nothing”."])

    statistics = client.get_inference_statistics("double", headers=headers).model_stats[0]
    same("statistics", statistics.inference_stats.success.count >= 5, True)
    index = client.get_model_repository_index(headers=headers)
    same("the index", {"double", "words"} <= {model.name for model in index.models}, True)
    client.load_model("double", headers=headers)
    print("ok  load")
    client.close()


{"stubs": stubs, "triton": triton}[sys.argv[1]]()
