# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Six steps of TRL's trainers on the models of models.py: what they log at each step."""
import json
import pathlib
import shutil
import tempfile

import torch
from datasets import Dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, TrainerCallback
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer

import texts
from common import EOS, PAD, ROOT

STEPS = 6
# In every case; the settings of the program that say the same stand beside it in `SETTINGS`.
COMMON = dict(per_device_train_batch_size=2, num_train_epochs=1, max_steps=-1, learning_rate=2e-3, lr_scheduler_type="constant", logging_steps=1, save_strategy="no",
              report_to=[], bf16=False, fp16=False, gradient_checkpointing=False, train_sampling_strategy="sequential", use_cpu=True, seed=1, disable_tqdm=True,
              max_length=64, weight_decay=0.0, max_grad_norm=1.0)
SETTINGS = dict(batch_size=2, epochs=1, learning_rate=2e-3, lr_schedule="constant", shuffle=False, dtype="fp32", max_length=64, max_grad_norm=1, eval_share=0)
LOSSES = ("sigmoid", "ipo", "hinge", "robust", "exo_pair", "nca_pair", "bco_pair", "sppo_hard", "aot", "aot_unpaired", "apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm")
KEPT = ("loss", "grad_norm", "learning_rate", "rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies", "logps/chosen", "logps/rejected",
        "accuracy", "margin", "min_reward", "mean_reward", "max_reward", "num_tokens")


def case(stage, base, trl=None, settings=None, **more):
    """`trl`: arguments of TRL's configuration; `settings`: the same in the program's words."""
    return dict(stage=stage, base=base, trl=trl or {}, settings=settings or {}, **more)


CASES = {
    "dpo_gpt2": case("dpo", "gpt2"),
    "dpo_qwen2": case("dpo", "qwen2", dict(beta=0.3), dict(beta=0.3)),
    "dpo_no_clipping": case("dpo", "llama", dict(max_grad_norm=0.0), dict(max_grad_norm=0)),
    "dpo_accumulation": case("dpo", "llama", dict(gradient_accumulation_steps=2, num_train_epochs=2), dict(gradient_accumulation=2, epochs=2)),
    "dpo_short_last_batch": case("dpo", "llama", dict(per_device_train_batch_size=5, num_train_epochs=2), dict(batch_size=5, epochs=2)),
    "dpo_warmup_linear": case("dpo", "llama", dict(lr_scheduler_type="linear", warmup_steps=2), dict(lr_schedule="linear", warmup_steps=2)),
    "dpo_cosine": case("dpo", "llama", dict(lr_scheduler_type="cosine", warmup_steps=1), dict(lr_schedule="cosine", warmup_steps=1)),
    "dpo_weight_decay": case("dpo", "llama_untied", dict(weight_decay=5.0), dict(weight_decay=5)),
    "dpo_weight_decay_gpt2": case("dpo", "gpt2", dict(weight_decay=5.0), dict(weight_decay=5)),
    "dpo_cut": case("dpo", "llama", dict(max_length=32), dict(max_length=32)),
    "dpo_reference": case("dpo", "llama", dict(), dict(), reference="llama_head_dim"),
    "dpo_lora": case("dpo", "llama", dict(), dict(lora_rank=4, lora_alpha=8, lora_targets="q_proj,v_proj"), adapter="llama_lora"),
    "dpo_lora_gpt2": case("dpo", "gpt2", dict(weight_decay=1.0), dict(weight_decay=1, lora_rank=4, lora_alpha=8, lora_targets="c_attn,c_proj"), adapter="gpt2_lora"),
    "reward": case("reward", "llama_reward"),
    "reward_pad_is_eos": case("reward", "llama_reward", pad=False),
    "reward_gpt2": case("reward", "gpt2_reward", pad=False),
    "reward_qwen2": case("reward", "qwen2_reward"),
    "reward_centering": case("reward", "llama_reward", dict(center_rewards_coefficient=0.05), dict(centering=0.05)),
    "reward_accumulation": case("reward", "llama_reward", dict(gradient_accumulation_steps=3, num_train_epochs=3), dict(gradient_accumulation=3, epochs=3)),
    "reward_lora": case("reward", "llama", dict(), dict(lora_rank=4, lora_alpha=8, lora_targets="q_proj,v_proj"), adapter="llama_lora_score"),
    "sft_completion": case("sft", "llama"),
    "sft_completion_gpt2": case("sft", "gpt2"),
    "sft_completion_qwen2": case("sft", "qwen2"),
    "sft_accumulation": case("sft", "llama", dict(gradient_accumulation_steps=3, num_train_epochs=3), dict(gradient_accumulation=3, epochs=3)),
    "sft_weight_decay": case("sft", "llama", dict(weight_decay=5.0, lr_scheduler_type="linear", warmup_steps=3), dict(weight_decay=5, lr_schedule="linear", warmup_steps=3)),
    "sft_text": case("sft", "llama", rows="text"),
    "sft_lora": case("sft", "llama", dict(), dict(lora_rank=4, lora_alpha=8, lora_targets="q_proj,v_proj"), adapter="llama_lora"),
}
for name in LOSSES:
    smoothing = dict(label_smoothing=0.1) if name in ("robust", "exo_pair", "aot", "aot_unpaired") else {}
    CASES["dpo_" + name] = case("dpo", "llama", dict(loss_type=[name], **smoothing), dict(loss=name, **smoothing))


class Log(TrainerCallback):
    def __init__(self):
        self.steps = []

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in logs:
            self.steps.append({key: float(logs[key]) for key in KEPT if key in logs})


def load(make, base, pad):
    kind = dict(num_labels=1) if make is AutoModelForSequenceClassification else {}
    model = make.from_pretrained(ROOT / "models" / base, attn_implementation="eager", dtype=torch.float32, **kind)
    for name in ("resid_pdrop", "embd_pdrop", "attn_pdrop", "attention_dropout", "hidden_dropout"):
        assert getattr(model.config, name, 0.0) in (0.0, 0.1)
    for module in model.modules():  # gpt2 starts with 0.1
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


def trace(name, tokenizers):
    wanted = CASES[name]
    stage, base = wanted["stage"], wanted["base"]
    make = AutoModelForSequenceClassification if stage == "reward" else AutoModelForCausalLM
    model = load(make, base, wanted.get("pad", True))
    if "adapter" in wanted:
        model = PeftModel.from_pretrained(model, ROOT / "adapters" / wanted["adapter"], is_trainable=True)
    tokenizer = tokenizers[0 if wanted.get("pad", True) else 1]
    config, trainer = dict(dpo=(DPOConfig, DPOTrainer), reward=(RewardConfig, RewardTrainer), sft=(SFTConfig, SFTTrainer))[stage]
    rows = texts.ROWS
    if stage == "sft":
        rows = texts.COMPLETIONS if wanted.get("rows") != "text" else [{"text": row["prompt"] + row["completion"].removesuffix("</s>")} for row in texts.COMPLETIONS]
    extra = {}
    if stage == "dpo" and "adapter" not in wanted:  # TRL would read it from the path, with dropout
        extra["ref_model"] = load(make, wanted.get("reference", base), True)
    log = Log()
    with tempfile.TemporaryDirectory() as out:
        trainer(model=model, args=config(output_dir=out, **(COMMON | wanted["trl"])), train_dataset=Dataset.from_list(rows), processing_class=tokenizer, callbacks=[log], **extra).train()
    assert len(log.steps) == STEPS, (name, len(log.steps))
    more = {key: wanted[key] for key in ("adapter", "reference", "rows") if key in wanted}
    return dict(name=name, stage=stage, base=base, pad=wanted.get("pad", True), settings=SETTINGS | wanted["settings"], **more, steps=log.steps)


def make(tokenizers):
    return [trace(name, tokenizers) for name in CASES]
