# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: what `mpo train` writes, whole models and LoRA folders, is read by transformers and PEFT and must compute
the same there. Not a part of CTest, as it needs Python (make_parity.py says which packages):

    python check_written.py build/release/bin/mpo
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

import models
from common import ROOT, ROWS, log_probs_of, scores_of

TOLERANCE = 1e-5
SETTINGS = ["learning_rate=0.01", "max_steps=3", "eval_share=0", "lora_alpha=4"]


def rows_of(program, folder, *arguments):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "XDG_DATA_HOME": str(folder / "home")}
    result = subprocess.run([program, "--json", *arguments], capture_output=True, text=True, env=environment, cwd=folder)
    if result.returncode:
        raise RuntimeError(result.stderr.strip())
    return [json.loads(line) for line in result.stdout.splitlines()]


def difference(program, folder, name, stage, rank):
    base, out = ROOT / "models" / name, f"./{stage}_{name}_{rank}"
    rows_of(program, folder, "train", stage, "--model", str(base), "--data", "rows.jsonl", "--out", out, "--project", "p.mpo", "--set", *SETTINGS, f"lora_rank={rank}")
    reward = stage == "reward"
    found = rows_of(program, folder, "score" if reward else "logprobs", "--model", out, "--data", "rows.jsonl")
    make, labels = (AutoModelForSequenceClassification, {"num_labels": 1}) if reward else (AutoModelForCausalLM, {})
    model = make.from_pretrained(base if rank else folder / out, attn_implementation="eager", dtype=torch.float32, **labels)
    model = (PeftModel.from_pretrained(model, folder / out) if rank else model).eval()
    expected, suffix = (scores_of(model), "_score") if reward else (log_probs_of(model), "_logprob")
    return max(abs(row[side + suffix] - value) / max(1, abs(value)) for side in expected for row, value in zip(found, expected[side], strict=True))


def main(program):
    transformers.logging.set_verbosity_error()
    worst = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
        for stage, names in (("sft", [*models.CAUSAL, "gpt2_hub"]), ("reward", models.FAMILIES)):
            for name in names:
                for rank in (0, 2):
                    found = difference(program, folder, name, stage, rank)
                    worst = max(worst, found)
                    print(f"{stage} {name} {'LoRA' if rank else 'whole'}: {found:.1e}", "" if found < TOLERANCE else "  DIFFERS")
    print(f"worst relative difference {worst:.1e}")
    return worst >= TOLERANCE


if __name__ == "__main__":
    sys.exit(main(str(pathlib.Path(sys.argv[1]).resolve())))
