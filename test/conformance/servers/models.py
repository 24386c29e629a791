"""What the models of the servers under test take and give, and compute: the same for every server, in NumPy.

Those that other files here add are the ones that only one server can have.
"""

import time
from typing import Callable, NamedTuple

import numpy as np


class Tensor(NamedTuple):
    name: str
    datatype: str
    shape: tuple


class Model(NamedTuple):
    inputs: list
    outputs: list
    answer: Callable[..., dict]
    """Takes arrays by name and gives arrays by name; a ValueError says that the question is its caller's fault."""


ROWS = -1
DATATYPES = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BYTES": np.object_,
}
TABLE = np.arange(8, dtype=np.float32) * 10
SECONDS_PER_TRIP = 1e-6


def identity(datatype, shape, output="y"):
    return Model([Tensor("x", datatype, shape)], [Tensor(output, datatype, shape)], lambda x: {output: x})


def affine(x):
    i, j = np.indices((30, 3))
    weights = ((i * 7 + j * 3) % 16 / 8 - 1).astype(np.float32)
    return {"y": x @ weights + np.arange(3, dtype=np.float32) / 4}


def centred(x):
    return {"y": x - x.mean(axis=0, dtype=np.float32)}


def lookup(i):
    if (i < 0).any() or (i >= len(TABLE)).any():
        raise ValueError(f"there are {len(TABLE)} places, and {i.max()} is none of them")
    return {"y": TABLE[i]}


def slow(trips):
    time.sleep(float(trips[0]) * SECONDS_PER_TRIP)
    return {"y": trips.astype(np.float32)}


# Of the one that is silent, servers which leave metadata to the model say nothing.
MODELS = {
    **{datatype: identity(datatype, (ROWS, 2)) for datatype in DATATYPES},
    "silent": identity("FP32", (ROWS, 2)),
    "pictures": identity("BYTES", (ROWS, 2), "y_bytes"),
    "scalar": identity("FP32", ()),
    "affine": Model([Tensor("x", "FP32", (ROWS, 30))], [Tensor("y", "FP32", (ROWS, 3))], affine),
    "centred": Model([Tensor("x", "FP32", (ROWS, 2))], [Tensor("y", "FP32", (ROWS, 2))], centred),
    "lookup": Model([Tensor("i", "INT64", (ROWS, 1))], [Tensor("y", "FP32", (ROWS, 1))], lookup),
    "pair": Model(
        [Tensor("x", "FP64", (ROWS, 2)), Tensor("text", "BYTES", (ROWS, 1))],
        [Tensor("same", "FP64", (ROWS, 2)), Tensor("kind", "BYTES", (ROWS, 1))],
        lambda x, text: {"same": x, "kind": text},
    ),
    "slow": Model([Tensor("trips", "INT64", (1,))], [Tensor("y", "FP32", (1,))], slow),
}
