"""KServe's own model server with our models: kserve_models.py HTTP GRPC FOLDER."""

import asyncio
import sys

from kserve import InferOutput, InferResponse, Model, ModelServer
from kserve.errors import InvalidInput
from kserve.utils.utils import generate_uuid

from models import MODELS


def described(tensors):
    return [{"name": name, "datatype": datatype, "shape": list(shape)} for name, datatype, shape in tensors]


class Served(Model):
    def __init__(self, name, model):
        super().__init__(name)
        self.model = model
        self.ready = True

    def get_input_types(self):
        return [] if self.name == "silent" else described(self.model.inputs)

    def get_output_types(self):
        return [] if self.name == "silent" else described(self.model.outputs)

    async def predict(self, payload, headers=None, response_headers=None):
        arrays = {tensor.name: tensor.as_numpy() for tensor in payload.inputs}
        try:
            answer = await asyncio.to_thread(self.model.answer, **arrays)
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        outputs = [self.output(name, array, payload.use_binary_outputs) for name, array in answer.items()]
        return InferResponse(
            payload.id or generate_uuid(),
            self.name,
            outputs,
            use_binary_outputs=payload.use_binary_outputs,
            requested_outputs=payload.request_outputs,
        )

    def output(self, name, array, is_binary):
        datatype = next(tensor.datatype for tensor in self.model.outputs if tensor.name == name)
        output = InferOutput(name, list(array.shape), datatype)
        output.set_data_from_numpy(array, binary_data=is_binary)
        return output


http_port, grpc_port, _folder = sys.argv[1:]
server = ModelServer(http_port=int(http_port), grpc_port=int(grpc_port), enable_latency_logging=False)
server.start([Served(name, model) for name, model in MODELS.items()])
