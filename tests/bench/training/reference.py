# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One workload by TRL or transformers, in a process of its own: what bench.py compares with `mpo bench`.

Prints one line of JSON on the last line: seconds of each step (the first is the warm-up), items and tokens of each, the
largest resident set and the seconds from the start of the process to the end of the first step.
"""
import argparse
import json
import os
import time


def started():
    """Seconds since this process began."""
    with open("/proc/self/stat") as stat:
        ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
    with open("/proc/uptime") as uptime:
        return float(uptime.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")


def peak_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


parser = argparse.ArgumentParser()
parser.add_argument("workload", choices=["reward", "score", "dpo", "dpo-lora", "ppo-lora", "generate"])
parser.add_argument("--best", action="store_true", help="the settings that are fastest here instead of the defaults")
parser.add_argument("--bf16", choices=["yes", "no"], help="instead of what the setting says")
parser.add_argument("--model", required=True)
parser.add_argument("--data", required=True, help="JSONL with prompt, chosen, rejected")
parser.add_argument("--steps", type=int, default=4)
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--out", required=True, help="folder for what the trainers write")
arguments = parser.parse_args()

import torch
import transformers
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, TrainerCallback

torch.manual_seed(1)
MAX_LENGTH, RANK, NEW_TOKENS, ROWS = 1024, 16, 64, 16
bf16 = arguments.bf16 == "yes" if arguments.bf16 else True
lora = arguments.workload.endswith("-lora")
rows = [json.loads(line) for line in open(arguments.data)][: arguments.steps * arguments.batch]
tokenizer = AutoTokenizer.from_pretrained(arguments.model)
ends, losses = [], []
first_step = None


def end_step():
    global first_step
    ends.append(time.perf_counter())
    first_step = first_step or started()


class Clock(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        end_step()

    def on_log(self, args, state, control, logs=None, **kwargs):
        if logs and "loss" in logs:
            losses.append(float(logs["loss"]))


def report(items, seconds=None):
    seconds = seconds or [b - a for a, b in zip(ends, ends[1:])]
    print(json.dumps(dict(step_seconds=seconds, items_per_step=items, peak_rss_mb=peak_mb(), first_step_seconds=first_step, losses=losses,
                          versions=dict(torch=torch.__version__, transformers=transformers.__version__), threads=torch.get_num_threads())))


def lora_config(kind):
    from peft import LoraConfig
    return LoraConfig(r=RANK, lora_alpha=16, lora_dropout=0.0, target_modules="all-linear", task_type=kind)


def trainer_options():
    """TRL's defaults, but for what only changes how long the run is; `--best` is faster on a CPU with the same result."""
    options = dict(output_dir=arguments.out, per_device_train_batch_size=arguments.batch, max_steps=arguments.steps, learning_rate=1e-6, lr_scheduler_type="constant",
                   save_strategy="no", report_to=[], use_cpu=True, seed=1, disable_tqdm=True, max_length=MAX_LENGTH, train_sampling_strategy="sequential", logging_steps=1)
    if arguments.best:
        options |= dict(gradient_checkpointing=False, bf16=bf16, logging_steps=1)
    return options


def reward_model(dtype=torch.float32):
    model = AutoModelForSequenceClassification.from_pretrained(arguments.model, num_labels=1, dtype=dtype)
    model.config.pad_token_id = tokenizer.pad_token_id
    return model


if arguments.workload == "reward":
    from trl import RewardConfig, RewardTrainer
    trainer = RewardTrainer(model=reward_model(), args=RewardConfig(**trainer_options()), train_dataset=Dataset.from_list(rows), processing_class=tokenizer, callbacks=[Clock()])
    trainer.train()
    report(arguments.batch)
elif arguments.workload.startswith("dpo"):
    from trl import DPOConfig, DPOTrainer
    options = trainer_options() | (dict(precompute_ref_log_probs=True) if arguments.best else {})
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32)
    extra = dict(peft_config=lora_config("CAUSAL_LM")) if lora else {}
    trainer = DPOTrainer(model=model, args=DPOConfig(**options), train_dataset=Dataset.from_list(rows), processing_class=tokenizer, callbacks=[Clock()], **extra)
    trainer.train()
    report(arguments.batch)
elif arguments.workload == "score":
    # Neither library scores pairs: a padded batch at a time, as their users write it; the best sorts by length.
    model = reward_model(torch.bfloat16 if arguments.best and bf16 else torch.float32).eval()
    texts = [row["prompt"] + row[side] + tokenizer.eos_token for row in rows for side in ("chosen", "rejected")]
    ids = [tokenizer(text)["input_ids"] for text in texts]
    if arguments.best:
        ids.sort(key=len)
    size = 2 * arguments.batch
    with torch.no_grad():
        for first in [0, *range(0, len(ids), size)]:  # the first one is the warm-up
            batch = tokenizer.pad({"input_ids": ids[first:first + size]}, return_tensors="pt")
            model(**batch).logits.tolist()
            end_step()
    report(arguments.batch)
elif arguments.workload == "generate":
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.bfloat16 if arguments.best and bf16 else torch.float32).eval()
    tokenizer.padding_side = "left"
    for step in range(arguments.steps):
        prompts = [row["prompt"] for row in rows[step * arguments.batch:][:ROWS]] * ROWS
        batch = tokenizer(prompts[:ROWS], return_tensors="pt", padding=True)
        model.generate(**batch, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, min_new_tokens=128, max_new_tokens=128, pad_token_id=tokenizer.pad_token_id)
        end_step()
    report(ROWS * 128)
elif arguments.workload == "ppo-lora":
    from trl.experimental.ppo import PPOConfig, PPOTrainer
    options = dict(output_dir=arguments.out, per_device_train_batch_size=8, gradient_accumulation_steps=2, num_mini_batches=1, num_ppo_epochs=4, total_episodes=ROWS * arguments.steps,
                   response_length=NEW_TOKENS, temperature=1.0, learning_rate=1e-6, report_to=[], use_cpu=True, seed=1, num_sample_generations=0, save_strategy="no", disable_tqdm=True,
                   stop_token="eos")
    if arguments.best:
        options |= dict(gradient_checkpointing=False, bf16=bf16)
    dtype = torch.float32
    policy = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=dtype)
    tokenizer.padding_side = "left"
    prompts = Dataset.from_list([{"input_ids": tokenizer(row["prompt"])["input_ids"]} for row in rows] * 4)
    trainer = PPOTrainer(args=PPOConfig(**options), processing_class=tokenizer, model=policy, ref_model=None, reward_model=reward_model(), value_model=reward_model(),
                         train_dataset=prompts, eval_dataset=prompts.select(range(8)), peft_config=lora_config("CAUSAL_LM"), callbacks=[Clock()])
    trainer.train()
    report(ROWS)
