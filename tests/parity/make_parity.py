# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes tests/fixtures/parity: tiny models, adapters and training traces of the Python stack, the independent source of
the tests in this folder. Nothing is downloaded. Run in a virtual environment of your own (versions: README.md):

    pip install torch transformers peft trl numpy && python make_parity.py [models] [adapters] [traces]
"""
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

import peft
import tokenizers
import torch
import transformers
import trl

import adapters
import models
import texts
import traces
from common import ROOT, ROWS, write_json

VERSIONS = {module.__name__: module.__version__ for module in (torch, transformers, peft, trl, tokenizers)}


def main(parts):
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    tokenizer, tokenizer_without_pad = texts.make()
    if "models" in parts:
        cases = models.make(texts.scored_rows(tokenizer))
        write_json(ROOT / "models.json", {"versions": VERSIONS, "rows": ROWS, "text_rows": texts.ROWS, "cases": cases})
    if "adapters" in parts:
        cases, refused = adapters.make()
        write_json(ROOT / "adapters.json", {"versions": VERSIONS, "rows": ROWS, "cases": cases, "refused": refused})
    if "traces" in parts:
        cases = traces.make((tokenizer, tokenizer_without_pad))
        write_json(ROOT / "traces.json", {"versions": VERSIONS, "rows": texts.ROWS, "cases": cases})


if __name__ == "__main__":
    main(sys.argv[1:] or ["models", "adapters", "traces"])
