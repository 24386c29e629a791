"""MLServer with our models, all in one process: mlserver_models.py HTTP GRPC FOLDER."""

import asyncio
import os
import sys
from pathlib import Path

import numpy as np
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.errors import MLServerError
from mlserver.types import Datatype, InferenceResponse, MetadataTensor, ResponseOutput

from models import DATATYPES, MODELS


def described(tensors):
    return [MetadataTensor(name=name, datatype=datatype, shape=list(shape)) for name, datatype, shape in tensors]


def array_of(tensor):
    values = getattr(tensor.data, "root", tensor.data)
    return np.array(values, DATATYPES[Datatype(tensor.datatype).value]).reshape(tensor.shape)


class Served(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        model = MODELS[self.name]
        arrays = {tensor.name: array_of(tensor) for tensor in payload.inputs}
        try:
            answer = await asyncio.to_thread(model.answer, **arrays)
        except ValueError as error:
            raise MLServerError(str(error), 400) from error
        wanted = [output.name for output in payload.outputs or []] or list(answer)
        datatypes = {spec.name: spec.datatype for spec in model.outputs}
        outputs = [
            ResponseOutput(
                name=name, datatype=datatypes[name], shape=answer[name].shape, data=answer[name].ravel().tolist()
            )
            for name in wanted
        ]
        return InferenceResponse(id=payload.id, model_name=self.name, model_version=self.version, outputs=outputs)


async def main(http_port, grpc_port, folder):
    os.chdir(folder)
    settings = Settings(
        host="127.0.0.1",
        http_port=int(http_port),
        grpc_port=int(grpc_port),
        metrics_endpoint=None,
        parallel_workers=0,
    )
    server = MLServer(settings)
    models = [
        ModelSettings(name=name, implementation=Served)
        if name == "silent"
        else ModelSettings(name=name, implementation=Served, inputs=described(inputs), outputs=described(outputs))
        for name, (inputs, outputs, _) in MODELS.items()
    ]
    await server.start(models)


asyncio.run(main(*sys.argv[1:]))
