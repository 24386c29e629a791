"""The peer: FastAPI on uvicorn with uvloop and httptools, in its fastest form and in its ordinary one.

fast      async handler, orjson, no validation: what one writes after measuring.
ordinary  a pydantic model and a `def` handler, as the tutorials have it.
image-*   a tensor of floats for the other model, in base64 within JSON or as the body's bytes; async, no validation.

Usage: fastapi_server.py MODEL.onnx IMAGE_MODEL.onnx INPUT FEATURE...   Prints {"url": ...} once it listens.
"""

import base64
import json
import os
import socket
import sys
import threading

import numpy
import onnxruntime
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import create_model

model_path, image_model_path, input_name, *feature_names = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1  # as the others: more threads would only spin for a model this small
session = onnxruntime.InferenceSession(model_path, options, providers=["CPUExecutionProvider"])
image_session = onnxruntime.InferenceSession(image_model_path, options, providers=["CPUExecutionProvider"])
image_input = image_session.get_inputs()[0]

app = FastAPI()
Row = create_model("Row", **{name: (float, ...) for name in feature_names})
Body = create_model("Body", rows=(list[Row], ...))
Answer = create_model("Answer", probabilities=(list[float], ...))
Answers = create_model("Answers", rows=(list[Answer], ...))


def probabilities(values):
    (result,) = session.run(None, {input_name: numpy.array(values, dtype=numpy.float32)})
    return result.tolist()


@app.post("/fast")
async def fast(request: Request):
    rows = orjson.loads(await request.body())["rows"]
    result = probabilities([[row[name] for name in feature_names] for row in rows])
    content = orjson.dumps({"rows": [{"probabilities": one} for one in result]})
    return Response(content, media_type="application/json")


@app.post("/ordinary")
def ordinary(body: Body) -> Answers:
    result = probabilities([[getattr(row, name) for name in feature_names] for row in body.rows])
    return Answers(rows=[Answer(probabilities=one) for one in result])


def scores(values):
    tensor = numpy.frombuffer(values, dtype="<f4").reshape(image_input.shape)
    (result,) = image_session.run(None, {image_input.name: tensor})
    return result


@app.post("/image-base64")
async def image_base64(request: Request):
    values = base64.b64decode(orjson.loads(await request.body())["image"])
    content = orjson.dumps({"scores": scores(values)[0].tolist()})
    return Response(content, media_type="application/json")


@app.post("/image-bytes")
async def image_bytes(request: Request):
    return Response(scores(await request.body()).tobytes(), media_type="application/octet-stream")


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0))
threading.Thread(target=end_with_parent, daemon=True).start()
print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
config = uvicorn.Config(app, loop="uvloop", http="httptools", log_level="warning", access_log=False)
uvicorn.Server(config).run(sockets=[listener])
