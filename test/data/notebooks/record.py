"""Writes beside each notebook of this folder what Jupytext and nbformat make of it: the judges of our own reading.

    pip install jupytext==1.19.6 nbformat==5.11.1 && python test/data/notebooks/record.py
"""

import json
from pathlib import Path

import jupytext
import nbformat
from jupytext.formats import auto_ext_from_metadata

for path in sorted(Path(__file__).parent.glob("*.ipynb")):
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    cells = [
        {
            "cell_type": cell.cell_type,
            "source": cell.source,
            "execution_count": cell.get("execution_count"),
            "outputs": [
                {"output_type": output.output_type, "data": output.get("data"), "text": output.get("text")}
                for output in cell.get("outputs", [])
            ],
        }
        for cell in notebook.cells
    ]
    suffix = auto_ext_from_metadata(notebook.metadata) or ".py"
    script = jupytext.writes(notebook, fmt={"extension": suffix, "format_name": "percent"})
    record = {"suffix": suffix, "script": script + ("" if script.endswith("\n") else "\n"), "cells": cells}
    recorded = json.dumps(record, indent=2, ensure_ascii=False)
    path.with_suffix(".json").write_text(recorded + "\n", encoding="utf-8")
