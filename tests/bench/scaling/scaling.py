#!/usr/bin/env python3
# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and memory of training against the length of sequences, the batch, the vocabulary and the size of the data.

    tests/bench/scaling/scaling.py [--mpo build/release/bin/mpo] [--only length,batch,vocabulary,data]

Makes a small Llama with random weights and rows of random token ids for each point, runs `mpo bench dpo` (data:
`mpo train sft` for one step), and prints a table. No other packages are needed. Run it on an idle machine.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
HIDDEN, LAYERS, HEADS, FEED_FORWARD = 256, 8, 4, 704


def random_bf16(count):
    """Numbers of about 0.01 with random signs: what a fresh network has."""
    numbers = bytearray(2 * count)
    numbers[0::2] = os.urandom(count)
    numbers[1::2] = os.urandom(count).translate(bytes(0xBC if byte & 0x80 else 0x3C for byte in range(256)))
    return bytes(numbers)


def make_model(folder, vocabulary, tokenizer=None):
    folder.mkdir(parents=True)
    config = dict(model_type="llama", architectures=["LlamaForCausalLM"], vocab_size=vocabulary, hidden_size=HIDDEN, num_hidden_layers=LAYERS,
                  num_attention_heads=HEADS, num_key_value_heads=HEADS, intermediate_size=FEED_FORWARD, max_position_embeddings=65536, rms_norm_eps=1e-5,
                  rope_theta=10000.0, tie_word_embeddings=True, hidden_act="silu", eos_token_id=0, bos_token_id=1)
    (folder / "config.json").write_text(json.dumps(config))
    shapes = {"model.embed_tokens.weight": (vocabulary, HIDDEN), "model.norm.weight": (HIDDEN,)}
    for layer in range(LAYERS):
        at = f"model.layers.{layer}."
        for name in "qkvo":
            shapes[f"{at}self_attn.{name}_proj.weight"] = (HIDDEN, HIDDEN)
        shapes |= {f"{at}mlp.gate_proj.weight": (FEED_FORWARD, HIDDEN), f"{at}mlp.up_proj.weight": (FEED_FORWARD, HIDDEN), f"{at}mlp.down_proj.weight": (HIDDEN, FEED_FORWARD),
                   f"{at}input_layernorm.weight": (HIDDEN,), f"{at}post_attention_layernorm.weight": (HIDDEN,)}
    header, place, parts = {}, 0, []
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        parts.append(random_bf16(count) if len(shape) > 1 else b"\x80\x3f" * count)  # norms: 1.0
        header[name] = dict(dtype="BF16", shape=list(shape), data_offsets=[place, place + 2 * count])
        place += 2 * count
    text = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(parts)
    if tokenizer:
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(tokenizer / name, folder / name)


def id_pairs(file, count, tokens, vocabulary):
    """Prompt, chosen and rejected: a third of `tokens` each."""
    draw = random.Random(1)
    ids = lambda: [draw.randrange(2, vocabulary) for _ in range(max(1, tokens // 3))]
    with file.open("w") as out:
        for _ in range(count):
            out.write(json.dumps(dict(prompt_ids=ids(), chosen_ids=ids(), rejected_ids=ids())) + "\n")


def text_rows(file, count):
    draw = random.Random(1)
    words = "the a some people often never find water light music work home because after every small good question answer time".split()
    size = 0
    with file.open("w") as out:
        for number in range(count):
            text = lambda: " ".join(draw.choice(words) for _ in range(70))
            size += out.write(json.dumps(dict(prompt=f"{number} {text()}", completion=" " + text())) + "\n")
    return size


def events(command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\nended with status {result.returncode}: {result.stderr[-1500:]}")
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def bench(mpo, work, model, batch, tokens, vocabulary, *settings):
    data = work / "pairs.jsonl"
    id_pairs(data, 3 * batch, tokens, vocabulary)
    more = [part for setting in (f"batch_size={batch}", "max_length=0", *settings) for part in ("--set", setting)]
    run = events([mpo, "--json", "--project", work / "bench.mpo", "bench", "dpo", "--model", model, "--data", data, "--steps", 3, *more])[-1]
    return min(run["step_seconds"]), run["peak_rss_mb"]


def rows(title, columns, measured):
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in measured:
        print("| " + " | ".join(f"{value:,.3g}" if isinstance(value, float) else f"{value:,}" for value in row) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mpo", type=pathlib.Path, default=ROOT / "build" / "release" / "bin" / "mpo")
    parser.add_argument("--only", default="length,batch,vocabulary,data")
    parser.add_argument("--tokenizer", type=pathlib.Path, default=ROOT / ".cache" / "bench" / "smollm2", help="folder with a tokenizer.json of at most 49152 ids, for data")
    parser.add_argument("--rows", default="10000,100000,1000000", help="sizes of the data")
    options = parser.parse_args()
    mpo = options.mpo.resolve()
    with tempfile.TemporaryDirectory(prefix="mpo-scaling-") as folder:
        work = pathlib.Path(folder)
        small = work / "small"
        make_model(small, 8192)
        if "length" in options.only:
            measured = []
            for tokens in (192, 384, 768, 1536, 3072, 6144, 12288):
                plain, checkpointed = bench(mpo, work, small, 1, tokens, 8192), bench(mpo, work, small, 1, tokens, 8192, "gradient_checkpointing=true")
                measured.append((tokens, plain[0], plain[0] / tokens * 1e3, plain[1], checkpointed[0], checkpointed[1]))
            rows("Length: one pair, a third of its tokens each in prompt, chosen and rejected", ["tokens", "s a step", "ms a token", "MB", "s, checkpointed", "MB, checkpointed"], measured)
        if "batch" in options.only:
            measured = []
            for batch in (1, 2, 4, 8, 16, 32):
                seconds, memory = bench(mpo, work, small, batch, 384, 8192)
                measured.append((batch, seconds, seconds / batch * 1e3, memory))
            rows("Batch: pairs of 384 tokens", ["pairs", "s a step", "ms a pair", "MB"], measured)
        if "vocabulary" in options.only:
            measured = []
            for vocabulary in (8192, 32768, 131072, 262144):
                model = work / f"vocabulary-{vocabulary}"
                make_model(model, vocabulary)
                seconds, memory = bench(mpo, work, model, 8, 384, vocabulary)
                weights = 4 * vocabulary * HIDDEN / 2**20
                measured.append((vocabulary, seconds, memory, 4 * weights, 8 * 256 * vocabulary * 4 / 2**20))
                shutil.rmtree(model)
            rows("Vocabulary: 8 pairs of 384 tokens", ["ids", "s a step", "MB", "MB of the embedding with gradient and moments", "MB that all logits would be"], measured)
        if "data" in options.only:
            measured = []
            model = work / "text"
            make_model(model, 49152, options.tokenizer)
            for count in map(int, options.rows.split(",")):
                file = work / f"rows-{count}.jsonl"
                size = text_rows(file, count)
                project = work / f"rows-{count}.mpo"
                begin = time.monotonic()
                events([mpo, "--json", "--project", project, "data", "import", file, "--name", "rows"])
                imported = time.monotonic()
                steps = events([mpo, "--json", "--project", project, "train", "sft", "--model", model, "--data", "rows", "--out", "made", "--max-steps", 1, "--batch-size", 1, "--eval-share", 0])
                trained = time.monotonic()
                memory = max(step.get("peak_rss_mb", 0) for step in steps)
                measured.append((count, size / 2**20, imported - begin, trained - imported, (trained - imported) / count * 1e6, memory))
                shutil.rmtree(project)
                file.unlink()
            rows("Data: rows of text, imported; then one step of SFT", ["rows", "MB of text", "s to import", "s to the end of the step", "microseconds a row", "MB"], measured)


main()
