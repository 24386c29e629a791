"""The peer: FastAPI on uvicorn with uvloop and httptools, in its fastest form and in its ordinary one.

fast      async handler, orjson, no validation: what one writes after measuring.
ordinary  a pydantic model and a `def` handler, as the tutorials have it.

Usage: fastapi_server.py MODEL.onnx INPUT FEATURE...   Prints {"url": ...} once it listens.
"""

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

model_path, input_name, *feature_names = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1  # as the others: more threads would only spin for a model this small
session = onnxruntime.InferenceSession(model_path, options, providers=["CPUExecutionProvider"])

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
