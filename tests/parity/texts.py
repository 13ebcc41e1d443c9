# SPDX-FileCopyrightText: MPO Studio authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small byte-level tokenizer that fits the models' vocabulary, rows of text, and their ids as TRL makes them."""
import json

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from common import ROOT, VOCABULARY

ROWS = [
    {"prompt": "say hello to the old man.", "chosen": " hello, old man!", "rejected": " no."},
    {"prompt": "what is a cat? the answer is ", "chosen": "a small animal.", "rejected": "the sun."},
    {"prompt": "count to three.", "chosen": " one, two, three.", "rejected": " three, three, one, no, two."},
    {"prompt": "tell me of the sea.", "chosen": " the sea is old and still.</s>", "rejected": " the sea? no, no."},
    {"prompt": "is the sun cold?", "chosen": " no, the sun is hot.", "rejected": " yes."},
    {"prompt": "name one animal.", "chosen": " the cat.", "rejected": " the sea is cold and old, and the sun is hot."},
    {"prompt": "how old is the sun?", "chosen": " it is old.", "rejected": " i hate it."},
    {"prompt": "where is the cat?", "chosen": " the cat is on the mat.", "rejected": " cat."},
    {"prompt": "sing a song.", "chosen": " la la la, the sea, the sea.", "rejected": " no song."},
    {"prompt": "who is at the door?", "chosen": " it is the old man.", "rejected": " a cat, a mat, a door."},
    {"prompt": "what do cats eat?", "chosen": " they eat meat.", "rejected": " they eat the sun and the sea and the door."},
    {"prompt": "good night.", "chosen": " sleep well.", "rejected": " what?"},
]
COMPLETIONS = [{"prompt": row["prompt"], "completion": row["chosen"]} for row in ROWS]


def write(folder, name, with_pad):
    tokenizer = Tokenizer.from_file(str(ROOT / "tokenizer" / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "model_max_length": 64}
    if with_pad:
        config["pad_token"] = "<pad>"
    (folder / name).write_text(json.dumps(config, indent=1) + "\n")
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **{k: v for k, v in config.items() if k.endswith("_token")})


def make():
    """The tokenizer with a padding token and the one without."""
    folder = ROOT / "tokenizer"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=["<pad>", "<s>", "</s>"], initial_alphabet=[], show_progress=False)
    corpus = [row[key].removesuffix("</s>") for row in ROWS for key in ("prompt", "chosen", "rejected")] + ["the quick brown fox jumps over the lazy dog"]
    tokenizer.train_from_iterator(corpus, trainer)
    assert tokenizer.get_vocab_size() == VOCABULARY
    tokenizer.save(str(folder / "tokenizer.json"))
    return write(folder, "tokenizer_config.json", True), write(folder, "tokenizer_config_no_pad.json", False)


def ids_of(tokenizer, prompt, response):
    """TRL appends the EOS as text where it is absent, before it tokenizes."""
    whole = prompt + response
    return tokenizer(whole if whole.endswith(tokenizer.eos_token) else whole + tokenizer.eos_token)["input_ids"]


def scored_rows(tokenizer):
    return [{side: ids_of(tokenizer, row["prompt"], row[side]) for side in ("chosen", "rejected")} for row in ROWS]
