# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random LoRA adapters on the models of models.py, as PEFT writes them, and what PEFT computes with them."""
import json
import shutil
import tempfile

import torch
from peft import IA3Config, LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from common import EOS, ROOT, ROWS, greedy_of, log_probs_of, scores_of, seed_of

CAUSAL = {
    # name: (base, what the configuration says, what is written over it in adapter_config.json)
    "llama_lora": ("llama", dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]), {}),
    "llama_lora_all_linear": ("llama_untied", dict(r=2, lora_alpha=4, target_modules="all-linear"), {"target_modules": "all-linear"}),
    "llama_lora_regex": ("llama", dict(r=3, lora_alpha=5, target_modules=r".*layers\.1\.(self_attn\.(q|o)|mlp\.down)_proj"), {}),
    "llama_rslora": ("llama_head_dim", dict(r=4, lora_alpha=6, use_rslora=True, target_modules=["k_proj", "o_proj", "gate_proj"]), {}),
    "llama_lora_patterns": ("llama", dict(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj", "up_proj"], rank_pattern={"q_proj": 5, r"layers\.0\.mlp\.up_proj": 1},
                                          alpha_pattern={"v_proj": 7, "model.layers.1.self_attn.q_proj": 20}), {}),
    "llama_lora_one_layer": ("llama", dict(r=2, lora_alpha=4, target_modules=["q_proj", "down_proj"], layers_to_transform=[1], layers_pattern="layers"), {}),
    "gpt2_lora": ("gpt2", dict(r=4, lora_alpha=8, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True), {}),
    "gpt2_lora_all_linear": ("gpt2", dict(r=2, lora_alpha=4, target_modules="all-linear", fan_in_fan_out=True), {"target_modules": "all-linear"}),
    "gpt_neox_lora": ("gpt_neox", dict(r=4, lora_alpha=8, target_modules=["query_key_value", "dense"]), {}),
    "phi3_lora": ("phi3", dict(r=4, lora_alpha=8, target_modules=["qkv_proj", "gate_up_proj"]), {}),
    "gemma2_lora": ("gemma2", dict(r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"]), {}),
    "qwen2_lora": ("qwen2", dict(r=4, lora_alpha=8, target_modules=["q_proj", "k_proj", "v_proj", "up_proj"]), {}),
}
REWARD = {
    # The score head of a base that is a language model is in the adapter; the other base has one of its own.
    "llama_lora_score": ("llama", dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], modules_to_save=["score"]), {}),
    "gpt2_lora_score": ("gpt2_reward", dict(r=2, lora_alpha=8, target_modules=["c_attn"], fan_in_fan_out=True, modules_to_save=["score"]), {}),
}
REFUSED = {
    "dora": ("llama", LoraConfig, dict(r=2, target_modules=["q_proj"], use_dora=True)),
    "bias": ("llama_untied", LoraConfig, dict(r=2, target_modules=["q_proj"], bias="all")),
    "lora_bias": ("llama_untied", LoraConfig, dict(r=2, target_modules=["q_proj"], lora_bias=True)),
    "lm_head": ("llama_untied", LoraConfig, dict(r=2, target_modules=["q_proj", "lm_head"])),
    "ia3": ("llama", IA3Config, dict(target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"])),
}


def randomise_adapter(model):
    """PEFT starts B at 0, with which an adapter does nothing."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name or "ia3_" in name:
                parameter.normal_(0.0, 0.2)
            elif "modules_to_save" in name:
                parameter.normal_(0.0, 0.3)


def save(model, name, base, written_over):
    folder = ROOT / "adapters" / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text()) | written_over | {"base_model_name_or_path": f"../../models/{base}"}
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()  # PEFT keeps a set
    path.write_text(json.dumps(config, indent=1) + "\n")
    return folder


def reloaded(make, base, folder):
    """From the files, in case that what was written over means something else."""
    model = PeftModel.from_pretrained(make.from_pretrained(ROOT / "models" / base, attn_implementation="eager", **labels(make)), folder)
    return model.eval()


def labels(make):
    return dict(num_labels=1) if make is AutoModelForSequenceClassification else {}


def adapter_case(name, table, make, task, numbers_of):
    base, settings, written_over = table[name]
    torch.manual_seed(seed_of(name))
    model = get_peft_model(make.from_pretrained(ROOT / "models" / base, attn_implementation="eager", **labels(make)), LoraConfig(task_type=task, **settings))
    randomise_adapter(model)
    folder = save(model, name, base, written_over)
    model = reloaded(make, base, folder)
    case = dict(name=name, kind="causal" if task == "CAUSAL_LM" else "reward", folder=name, base=base, **numbers_of(model))
    if task == "CAUSAL_LM":
        prompts = [1, 4, 5]
        case |= dict(greedy_rows=prompts, greedy=[greedy_of(model, ROWS[i]["prompt_ids"], model.generation_config.eos_token_id)[0] for i in prompts])
    merged = numbers_of(model.merge_and_unload().eval())
    plain = numbers_of(make.from_pretrained(ROOT / "models" / base, attn_implementation="eager", **labels(make)).eval())
    for side in ("chosen", "rejected"):
        for with_adapter, after_merge, without in zip(case[side], merged[side], plain[side]):
            assert abs(with_adapter - after_merge) < 1e-4 * max(1.0, abs(with_adapter)), name
        assert max(abs(a - b) for a, b in zip(case[side], plain[side])) > 0.1, f"{name} does nothing"
    return case


def refused_case(name):
    base, kind, settings = REFUSED[name]
    torch.manual_seed(seed_of(name))
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(ROOT / "models" / base), kind(task_type="CAUSAL_LM", **settings))
    randomise_adapter(model)
    save(model, "refused_" + name, base, {})
    return dict(name=name, folder="refused_" + name, base=base)


def make():
    cases = [adapter_case(name, CAUSAL, AutoModelForCausalLM, "CAUSAL_LM", log_probs_of) for name in CAUSAL]
    cases += [adapter_case(name, REWARD, AutoModelForSequenceClassification, "SEQ_CLS", scores_of) for name in REWARD]
    return cases, [refused_case(name) for name in REFUSED]
