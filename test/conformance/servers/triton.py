"""NVIDIA Triton out of PyTriton's wheel, with models for its Python backend: triton.py HTTP GRPC FOLDER [MODEL …].

The folder is empty at first; the repository is made in it, and started again on it as it stands. It loads the models
named, or else all that other servers have too.
"""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from models import MODELS, ROWS, Tensor

HERE = Path(__file__).parent
# Found and not imported: its own code needs much that Triton does not.
PACKAGES = Path(importlib.util.find_spec("pytriton").origin).parents[1]
TRITON = PACKAGES / "pytriton/tritonserver"
MAX_BATCH = 64

X = [Tensor("x", "FP32", (ROWS, 2))]
Y = [Tensor("y", "FP32", (ROWS, 2))]
NUMBER = [Tensor("x", "FP32", (ROWS, 1))], [Tensor("y", "FP32", (ROWS, 1))]

SEQUENCES = """
sequence_batching {
  max_sequence_idle_microseconds: 10000000
  control_input { name: "START" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [0, 1] } }
  control_input { name: "ID" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 } }
}
"""
# One waits in its queue at most, and 100 ms at most.
SHORT_QUEUE = """
dynamic_batching { default_queue_policy { %s } }
"""

# By name: what it takes and gives, whether it has a batch axis of Triton's, and what else its configuration says.
OWN = {
    "BF16": ([Tensor("x", "BF16", (ROWS, 2))], [Tensor("y", "BF16", (ROWS, 2))], True, ""),
    "no_batch": (X, Y, False, ""),
    "tally": (*NUMBER, True, SEQUENCES),
    "versioned": (*NUMBER, True, "version_policy { all {} }"),
    "decoupled": (*NUMBER, True, "model_transaction_policy { decoupled: true }"),
    "full": (*NUMBER, False, SHORT_QUEUE % "max_queue_size: 1"),
    "late": (*NUMBER, False, SHORT_QUEUE % "default_timeout_microseconds: 100000"),
}
SHARED = {
    name: (inputs, outputs, inputs[0].shape[:1] == (ROWS,) and name != "centred", "")
    for name, (inputs, outputs, _) in MODELS.items()
    if inputs[0].shape and name != "silent"  # Triton has no scalars, and is told all of its models
}
VERSIONS = {"versioned": ("1", "2")}
INSTANCES = {"slow": 2}


def tensor(field, spec, has_rows):
    kind = "STRING" if spec.datatype == "BYTES" else spec.datatype
    dims = spec.shape[1:] if has_rows else spec.shape
    return f'{field} {{ name: "{spec.name}" data_type: TYPE_{kind} dims: {list(dims)} }}'


def config(name, inputs, outputs, has_rows, more):
    lines = [
        f'name: "{name}"',
        'backend: "python"',
        f"max_batch_size: {MAX_BATCH if has_rows else 0}",
        *(tensor("input", spec, has_rows) for spec in inputs),
        *(tensor("output", spec, has_rows) for spec in outputs),
        f"instance_group {{ count: {INSTANCES.get(name, 1)} kind: KIND_CPU }}",
    ]
    return "\n".join([*lines, more])


def make(repository):
    for name, (inputs, outputs, has_rows, more) in {**SHARED, **OWN}.items():
        for version in VERSIONS.get(name, ("1",)):
            folder = repository / name / version
            folder.mkdir(parents=True)
            for file in ("models.py", "triton_model.py"):
                shutil.copy(HERE / file, folder)
            (folder / "triton_model.py").rename(folder / "model.py")
        (repository / name / "config.pbtxt").write_text(config(name, inputs, outputs, has_rows, more))


def backends(folder):
    """The Python backend, beside it the program that runs models, for this Python."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    backend = TRITON / "backends/python"
    stub = TRITON / "python_backend_stubs" / version / "triton_python_backend_stub"
    python = folder / "python"
    python.mkdir(parents=True)
    for file in (backend / "libtriton_python.so", backend / "triton_python_backend_utils.py"):
        (python / file.name).symlink_to(file)
    shutil.copy(stub, python)  # Triton changes its mode


def main(http_port, grpc_port, folder, *models):
    folder = Path(folder)
    if not (folder / "repository").exists():
        make(folder / "repository")
        backends(folder / "backends")
    environment = {
        **os.environ,
        # What runs the models looks for its Python there.
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(PACKAGES),
        "LD_LIBRARY_PATH": str(PACKAGES / "nvidia_pytriton.libs"),
        "OPENBLAS_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    program = TRITON / "bin/tritonserver"
    arguments = [
        f"--model-repository={folder / 'repository'}",
        f"--backend-directory={folder / 'backends'}",
        "--model-control-mode=explicit",
        *(f"--load-model={model}" for model in models or SHARED),
        "--http-address=127.0.0.1",
        f"--http-port={http_port}",
        "--grpc-address=127.0.0.1",
        f"--grpc-port={grpc_port}",
        "--allow-metrics=false",
        "--exit-timeout-secs=2",
        # By which whoever kills it finds what it leaves in /dev/shm.
        f"--backend-config=python,shm-region-prefix-name={folder.name}-",
    ]
    os.execve(program, [str(program), *arguments], environment)


main(*sys.argv[1:])
