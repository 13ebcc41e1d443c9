#!/usr/bin/env python3
# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures how fast texts are encoded one by one on one thread, ours against the package tokenizers, both with an empty and a
filled cache of words. Prints MB/s.

    cmake --build build/release --target tokenizer_lines
    tokenizer_speed.py --program build/release/tests/tokenizer_lines --texts hh-helpful/train_gt.jsonl [TOKENIZER_JSON ...]

Needs: pip install tokenizers==0.23.3. The texts are all strings of a JSON lines file. A Llama-2-like vocabulary of 32,000 pieces
is trained on them and measured beside the given files. Each figure is the best of `--runs` fresh processes or tokenizers.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "tokenizer"))

from tokenizers import Tokenizer  # noqa: E402

import tokenizer_kinds  # noqa: E402


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


def theirs(text, texts):
    tokenizer = Tokenizer.from_str(text)
    result = []
    for _ in range(2):
        begin = time.perf_counter()
        for one in texts:
            tokenizer.encode(one, add_special_tokens=False)
        result.append(time.perf_counter() - begin)
    return result


def ours(program, text, lines):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "tokenizer.json"
        file.write_text(text, encoding="utf-8")
        row = json.loads(subprocess.run([program, "speed", str(file), lines], check=True, capture_output=True).stdout)
        return [row["cold_s"], row["warm_s"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--megabytes", type=float, default=4)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    texts, size = [], 0
    with open(arguments.texts, encoding="utf-8") as lines:
        for line in lines:
            for text in strings(json.loads(line)):
                if size < arguments.megabytes * 1e6:
                    texts.append(text)
                    size += len(text.encode())
    kinds = {file: pathlib.Path(file).read_text(encoding="utf-8") for file in arguments.files}
    kinds["llama2-like"] = json.dumps(tokenizer_kinds.llama2(size=32_000, corpus=texts))
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as lines:
        lines.writelines(json.dumps({"text": text}) + "\n" for text in texts)
        lines.flush()
        print(f"{len(texts)} texts, {size / 1e6:.1f} MB")
        for name, text in kinds.items():
            rates = []
            for measure in (lambda: ours(arguments.program, text, lines.name), lambda: theirs(text, texts)):
                runs = [measure() for _ in range(arguments.runs)]
                rates.append([size / 1e6 / min(column) for column in zip(*runs)])
            (cold, warm), (theirCold, theirWarm) = rates
            print(f"{name}: ours cold {cold:.1f}, warm {warm:.1f} MB/s; tokenizers {theirCold:.1f}, {theirWarm:.1f} MB/s; "
                  f"ratio {cold / theirCold:.2f}, {warm / theirWarm:.2f}", flush=True)


if __name__ == "__main__":
    main()
