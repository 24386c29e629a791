"""All models of Triton's Python backend: what each does follows from its name."""

import time

import numpy as np
import triton_python_backend_utils as pb_utils

from models import MODELS

LONG_S = 0.4


class TritonPythonModel:
    def initialize(self, args):
        self.name = args["model_name"]
        self.version = float(args["model_version"])
        self.sums = {}

    def execute(self, requests):
        if self.name == "decoupled":
            return self.answer_twice(requests)
        return [self.answer(request) for request in requests]

    def answer(self, request):
        tensors = {tensor.name(): tensor for tensor in request.inputs()}
        if self.name == "BF16":  # which NumPy does not know
            return pb_utils.InferenceResponse([pb_utils.Tensor.from_dlpack("y", tensors["x"].to_dlpack())])
        arrays = {name: tensor.as_numpy() for name, tensor in tensors.items()}
        try:
            outputs = MODELS[self.name].answer(**arrays) if self.name in MODELS else getattr(self, self.name)(**arrays)
        except ValueError as error:
            refusal = pb_utils.TritonError(str(error), pb_utils.TritonError.INVALID_ARG)
            return pb_utils.InferenceResponse(error=refusal)
        return pb_utils.InferenceResponse([pb_utils.Tensor(name, array) for name, array in outputs.items()])

    def no_batch(self, x):
        return {"y": x}

    def tally(self, x, START, ID):
        """The sum of all that has come in a sequence."""
        key = ID.ravel()[0]
        self.sums[key] = (0 if START.ravel()[0] else self.sums[key]) + x
        return {"y": self.sums[key]}

    def versioned(self, x):
        return {"y": np.full_like(x, self.version)}

    def full(self, x):
        time.sleep(LONG_S)
        return {"y": x}

    late = full

    def answer_twice(self, requests):
        for request in requests:
            sender = request.get_response_sender()
            x = pb_utils.get_input_tensor_by_name(request, "x").as_numpy()
            for one in (x, x):
                sender.send(pb_utils.InferenceResponse([pb_utils.Tensor("y", one)]))
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
