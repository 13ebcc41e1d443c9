# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of make_parity.py share: rows, random weights, and the numbers that transformers computes."""
import json
import pathlib
import random
import zlib

import torch

ROOT = pathlib.Path(__file__).parent.parent / "fixtures" / "parity"
VOCABULARY, PAD, BOS, EOS = 80, 0, 1, 2
NEW_TOKENS = 24  # of greedy decoding


def seed_of(name):
    return zlib.crc32(name.encode())


def write_json(path, value):
    """One line for each element of the outermost lists, so that a change can be read in a diff."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for key, part in value.items():
        if isinstance(part, list):
            lines.append(f"{json.dumps(key)}: [\n" + ",\n".join(json.dumps(element, separators=(",", ":")) for element in part) + "]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(part, separators=(',', ':'))}")
    path.write_text("{" + ",\n".join(lines) + "}\n")


def make_rows():
    """(prompt, chosen, rejected) of several lengths; the longest is longer than every sliding window of the models."""
    draw = random.Random(7)
    ids = lambda count: [draw.randrange(3, VOCABULARY) for _ in range(count)]
    rows = []
    for prompt, chosen, rejected in ((1, 1, 2), (5, 4, 3), (12, 8, 1), (30, 10, 14), (3, 25, 17), (7, 6, 6)):
        rows.append({"prompt_ids": ids(prompt), "chosen_ids": ids(chosen), "rejected_ids": ids(rejected)})
    rows[1]["chosen_ids"][-1] = rows[3]["rejected_ids"][-1] = EOS
    rows[2]["chosen_ids"][-1] = PAD  # a row of ids is taken as it is
    rows[5]["rejected_ids"] = rows[5]["chosen_ids"][:3] + ids(3)  # the same beginning
    return rows


ROWS = make_rows()


def randomise(model, scale=0.3):
    """transformers starts norms at 1 and biases at 0, which would test nothing."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() >= 2:
                parameter.normal_(0.0, scale)
            elif name.endswith("bias"):
                parameter.normal_(0.0, scale)
            else:
                parameter.add_(torch.randn_like(parameter) * scale)


def forget_lengths(model):
    """Rotary positions that follow the length keep the longest one seen; each sequence shall stand for itself."""
    for module in model.modules():
        if hasattr(module, "max_seq_len_cached") and hasattr(module, "original_inv_freq"):
            module.max_seq_len_cached = module.original_max_seq_len
            module.register_buffer("inv_freq", module.original_inv_freq.clone(), persistent=False)


@torch.no_grad()
def response_log_prob(model, prompt, response):
    forget_lengths(model)
    ids = torch.tensor([prompt + response])
    log_probs = model(input_ids=ids).logits[0, :-1].float().log_softmax(-1)
    return log_probs[torch.arange(len(prompt) - 1, ids.shape[1] - 1), ids[0, len(prompt):]].double().sum().item()


def log_probs_of(model, rows=None):
    return {side: [response_log_prob(model, row["prompt_ids"], row[side + "_ids"]) for row in rows or ROWS] for side in ("chosen", "rejected")}


@torch.no_grad()
def score_of(model, ids):
    forget_lengths(model)
    return model(input_ids=torch.tensor([ids])).logits[0, 0].item()


def scores_of(model, rows=None):
    """The score at the last id, whatever it is: what transformers reads where there is no padding id."""
    kept, model.config.pad_token_id = model.config.pad_token_id, None
    result = {side: [score_of(model, row["prompt_ids"] + row[side + "_ids"]) for row in rows or ROWS] for side in ("chosen", "rejected")}
    model.config.pad_token_id = kept
    return result


@torch.no_grad()
def greedy_of(model, prompt, eos):
    """Ids of greedy decoding with the EOS that ends them, and the smallest lead of a chosen token over the next best."""
    forget_lengths(model)
    ids = torch.tensor([prompt])
    out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW_TOKENS, eos_token_id=eos, pad_token_id=PAD,
                         return_dict_in_generate=True, output_scores=True)
    leads = [(top[0] - top[1]).item() for top in (step[0].topk(2).values for step in out.scores)]
    return out.sequences[0, len(prompt):].tolist(), min(leads)
