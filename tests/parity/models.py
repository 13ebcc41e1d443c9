# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiny random models of every family, and what transformers computes for them in fp32 with eager attention."""
import collections
import copy
import json
import shutil

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

from common import BOS, EOS, PAD, ROOT, ROWS, VOCABULARY, greedy_of, log_probs_of, randomise, score_of, scores_of, seed_of

# Lengths of rows: at most 44 tokens, 54 when decoding goes on from the longest prompt.
SIZES = dict(vocab_size=VOCABULARY, hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=64, bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD)
NEOX = {key: value for key, value in SIZES.items() if key != "num_key_value_heads"} | dict(hidden_size=32)
GPT2 = dict(vocab_size=VOCABULARY, n_embd=24, n_layer=2, n_head=3, n_positions=64, bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD)
SLIDING = dict(num_hidden_layers=3, hidden_size=16, head_dim=8, num_attention_heads=2, num_key_value_heads=1)

CAUSAL = {
    # name: (model_type, what differs from the sizes above)
    "llama": ("llama", dict(tie_word_embeddings=True)),
    "llama_untied": ("llama", dict(tie_word_embeddings=False, attention_bias=True, mlp_bias=True, rms_norm_eps=1e-3)),
    "llama_head_dim": ("llama", dict(head_dim=8, num_key_value_heads=1, rope_parameters=dict(rope_type="default", rope_theta=500.0))),
    "llama_linear": ("llama", dict(rope_parameters=dict(rope_type="linear", factor=2.5, rope_theta=10000.0))),
    "llama_dynamic": ("llama", dict(max_position_embeddings=32, rope_parameters=dict(rope_type="dynamic", factor=3.0, rope_theta=10000.0))),
    "llama_llama3": ("llama", dict(head_dim=16, rope_parameters=dict(
        rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16, rope_theta=500.0))),
    "mistral": ("mistral", dict(SLIDING, sliding_window=8, tie_word_embeddings=False)),
    "mistral_full": ("mistral", dict(sliding_window=None, head_dim=8)),
    "qwen2": ("qwen2", dict(tie_word_embeddings=False)),
    "qwen2_sliding": ("qwen2", dict(num_hidden_layers=3, hidden_size=16, num_attention_heads=2, num_key_value_heads=1, use_sliding_window=True,
                                    sliding_window=8, max_window_layers=1, tie_word_embeddings=True)),
    "qwen3": ("qwen3", dict(head_dim=8, tie_word_embeddings=True)),
    "qwen3_sliding": ("qwen3", dict(SLIDING, use_sliding_window=True, sliding_window=8, max_window_layers=2, attention_bias=True)),
    "gemma": ("gemma", dict(head_dim=8, num_key_value_heads=1)),
    "gemma2": ("gemma2", dict(SLIDING, sliding_window=8, attn_logit_softcapping=3.0, final_logit_softcapping=4.0, query_pre_attn_scalar=5)),
    "gemma2_no_caps": ("gemma2", dict(head_dim=8, sliding_window=64, attn_logit_softcapping=None, final_logit_softcapping=None, query_pre_attn_scalar=8)),
    "gemma3_text": ("gemma3_text", dict(SLIDING, num_hidden_layers=4, sliding_window=8, sliding_window_pattern=2, query_pre_attn_scalar=5, rope_parameters=dict(
        full_attention=dict(rope_type="linear", factor=2.0, rope_theta=1000.0), sliding_attention=dict(rope_type="default", rope_theta=100.0)))),
    "phi3": ("phi3", dict(SLIDING, sliding_window=8)),
    "phi3_partial": ("phi3", dict(hidden_size=32, rope_parameters=dict(rope_type="default", rope_theta=1000.0, partial_rotary_factor=0.5))),
    "gpt2": ("gpt2", dict()),
    "gpt2_scaled": ("gpt2", dict(n_layer=3, scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=False, activation_function="gelu", n_inner=40)),
    "gpt2_unscaled": ("gpt2", dict(scale_attn_weights=False, activation_function="relu", tie_word_embeddings=False)),
    "gpt_neox": ("gpt_neox", dict(rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.25))),
    "gpt_neox_sequential": ("gpt_neox", dict(use_parallel_residual=False, attention_bias=False, hidden_act="gelu_fast", tie_word_embeddings=True,
                                             rope_parameters=dict(rope_type="default", rope_theta=500.0, partial_rotary_factor=1.0))),
    "llama_yarn": ("llama", dict(rope_parameters=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16, rope_theta=10000.0))),
    "phi3_longrope": ("phi3", dict(hidden_size=32, original_max_position_embeddings=32, rope_parameters=dict(
        rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1, 1.3, 1.5], long_factor=[1.2, 2.0, 3.0, 5.0], partial_rotary_factor=1.0))),
}
BASES = {"gpt2": GPT2, "gpt_neox": NEOX}
FAMILIES = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "phi3", "gpt2", "gpt_neox")
GREEDY_ROWS = {"llama_dynamic": [0, 1, 4, 5]}  # decoding beyond the trained length is not defined there, see README.md
SMALLEST_LEAD = 0.01  # of a decoded token over the next best: greater than any rounding


def config_of(model_type, changes):
    return AutoConfig.for_model(model_type, **(BASES.get(model_type, SIZES) | changes))


def causal_model(name, attempt):
    model_type, changes = CAUSAL[name]
    torch.manual_seed(seed_of(name) + attempt)
    model = AutoModelForCausalLM.from_config(config_of(model_type, changes), attn_implementation="eager").eval()
    randomise(model)
    return model


def decoded(model, rows):
    """Greedy ids, the EOS chosen so that some responses end early; None where two tokens are nearly as probable."""
    free = [greedy_of(model, ROWS[i]["prompt_ids"], None) for i in rows]
    counts = collections.Counter(token for ids, _ in free for token in set(ids[2:-4]) - set(ids[:2]))
    if not counts or min(lead for _, lead in free) < SMALLEST_LEAD:
        return None
    eos = min(counts, key=lambda token: (abs(counts[token] - 2), token))
    return eos, [greedy_of(model, ROWS[i]["prompt_ids"], eos)[0] for i in rows]


def expected_of(model):
    return dict(log_probs_of(model))


def save(model, folder, **options):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **options)


def causal_case(name):
    rows = GREEDY_ROWS.get(name, list(range(len(ROWS))))
    for attempt in range(50):
        model = causal_model(name, attempt)
        if found := decoded(model, rows):
            break
    else:
        raise RuntimeError(f"{name}: no seed decodes clearly")
    eos, greedy = found
    model.config.eos_token_id = model.generation_config.eos_token_id = eos
    model.generation_config.bos_token_id, model.generation_config.pad_token_id = BOS, PAD
    save(model, ROOT / "models" / name)
    return dict(name=name, kind="causal", folder=name, **expected_of(model), greedy_rows=rows, greedy=greedy)


# ---- other ways to store the same -----------------------------------------------------------------------------------

def stored_as(name, dtype):
    """The same model in 16 bits; the expected numbers are those of the rounded weights, computed in fp32."""
    folder = f"{name}_{dtype}"
    model = AutoModelForCausalLM.from_pretrained(ROOT / "models" / name, attn_implementation="eager").to(getattr(torch, dtype))
    save(model, ROOT / "models" / folder)
    model = AutoModelForCausalLM.from_pretrained(ROOT / "models" / folder, attn_implementation="eager", dtype=torch.float32).eval()
    return dict(name=folder, kind="causal", folder=folder, **expected_of(model))


def sharded(name):
    folder = name + "_sharded"
    model = AutoModelForCausalLM.from_pretrained(ROOT / "models" / name, attn_implementation="eager").eval()
    save(model, ROOT / "models" / folder, max_shard_size="16KB")
    assert (ROOT / "models" / folder / "model.safetensors.index.json").exists()
    return dict(name=folder, kind="causal", folder=folder, **expected_of(model))


def bare(name, prefix, buffers):
    """As the first folders on the hub hold it: without the prefix of the trunk, or with the mask among the weights."""
    from safetensors.torch import load_file, save_file
    folder = ROOT / "models" / (name + "_hub")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "models" / name, folder)
    tensors = {key.removeprefix(prefix): tensor for key, tensor in load_file(folder / "model.safetensors").items()}
    save_file(tensors | buffers, folder / "model.safetensors", metadata={"format": "pt"})
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    return dict(name=folder.name, kind="causal", folder=folder.name, **expected_of(model))


def v4_config(name, folder):
    """config.json in the spelling of transformers 4, which the folders on the hub have."""
    config = json.loads((ROOT / "models" / folder / "config.json").read_text())
    old = {key: value for key, value in config.items() if key not in ("dtype", "rope_parameters", "layer_types", "transformers_version")}
    old |= dict(torch_dtype=config["dtype"], transformers_version="4.46.0")
    rope = copy.deepcopy(config.get("rope_parameters"))
    family = config["model_type"]
    if family == "gemma3_text":
        old.pop("_sliding_window_pattern", None)
        local, rope = rope["sliding_attention"], rope["full_attention"]
        old |= dict(rope_local_base_freq=local["rope_theta"], sliding_window_pattern=2)
    if family in ("gemma", "gemma2", "gemma3_text", "gpt2") and config.get("tie_word_embeddings", True):
        old.pop("tie_word_embeddings", None)  # the default of these families
    if family == "gemma":
        old["hidden_act"] = "gelu"  # and yet the tanh form is meant
    if family == "gpt2":
        old["n_ctx"] = config["n_positions"]
        return old
    theta, partial = rope.pop("rope_theta"), rope.pop("partial_rotary_factor", None)
    kind = rope.pop("rope_type")
    if family == "gpt_neox":
        old |= dict(rotary_emb_base=theta, rotary_pct=partial)
    else:
        old["rope_theta"] = theta
        if partial not in (None, 1.0):
            old["partial_rotary_factor"] = partial
    spelling = "type" if kind in ("linear", "dynamic", "longrope") and family != "gemma3_text" else "rope_type"
    old["rope_scaling"] = None if kind == "default" else {spelling: kind, **rope}
    if kind == "longrope":
        old["rope_scaling"].pop("original_max_position_embeddings", None)  # stands beside it in these files
    return old


def v4_case(case):
    """The same weights; transformers itself must read the old spelling as the same model."""
    old = v4_config(case["name"], case["folder"])
    (ROOT / "configs").mkdir(exist_ok=True)
    path = ROOT / "configs" / f"{case['name']}_v4config.json"
    path.write_text(json.dumps(old, indent=1) + "\n")
    temporary = ROOT / "configs" / "temporary"
    shutil.copytree(ROOT / "models" / case["folder"], temporary)
    shutil.copy(path, temporary / "config.json")
    make = AutoModelForCausalLM if case["kind"] == "causal" else AutoModelForSequenceClassification
    model = make.from_pretrained(temporary, attn_implementation="eager", dtype=torch.float32).eval()
    shutil.rmtree(temporary)
    again = log_probs_of(model)
    for side in ("chosen", "rejected"):
        assert all(abs(a - b) < 1e-4 for a, b in zip(again[side], case[side])), (case["name"], again[side], case[side])
    return {key: value for key, value in case.items() if not key.startswith("greedy")} | {"name": case["name"] + "_v4config", "config": path.name}


# ---- reward models --------------------------------------------------------------------------------------------------

def reward_case(family):
    name = family + "_reward"
    model_type, changes = CAUSAL[family]
    torch.manual_seed(seed_of(name))
    config = config_of(model_type, changes | dict(num_labels=1))
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").eval()
    randomise(model)
    save(model, ROOT / "models" / name)
    return dict(name=name, kind="reward", folder=name, **scores_of(model)), model


def pad_cases(case, model, texts):
    """The padding id decides where transformers reads the score of a text: see README.md."""
    cases = []
    for variant, pad in (("pad", PAD), ("pad_is_eos", EOS), ("no_pad", None)):
        model.config.pad_token_id = pad
        text = {side: [score_of(model, row[side]) for row in texts] for side in ("chosen", "rejected")}
        cases.append(dict(name=f"{case['name']}_{variant}", kind="reward", folder=case["folder"], config_changes=dict(pad_token_id=pad, eos_token_id=EOS),
                          text_chosen=text["chosen"], text_rejected=text["rejected"]))
    model.config.pad_token_id = PAD
    return cases


def make(texts):
    """All cases; `texts` are the ids of the text rows as TRL makes them."""
    cases = [causal_case(name) for name in CAUSAL]
    by_name = {case["name"]: case for case in cases}
    others = [stored_as("llama", "float16"), stored_as("llama", "bfloat16"), sharded("llama_untied")]
    for family in ("gemma2", "gpt2", "gpt_neox", "phi3", "qwen3"):
        others.append(stored_as(family, "bfloat16"))
    others += [stored_as("gpt2", "float16"), stored_as("mistral", "float16"), sharded("gpt_neox")]
    mask = torch.ones(64, 64, dtype=torch.uint8).tril()[None, None]
    others.append(bare("gpt2", "transformer.", {f"h.{i}.attn.bias": mask.float() for i in range(2)}))
    others.append(bare("gpt_neox", "", {f"gpt_neox.layers.{i}.attention.bias": mask.bool() for i in range(2)} | {
        f"gpt_neox.layers.{i}.attention.masked_bias": torch.tensor(-1e9) for i in range(2)}))
    old = [v4_case(case) for name, case in by_name.items()]
    rewards = []
    for family in FAMILIES:
        case, model = reward_case(family)
        rewards += [case] + pad_cases(case, model, texts)
    return cases + others + old + rewards
