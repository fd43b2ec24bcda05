#!/usr/bin/env bash
# transformers 5.24.0: AutoTokenizer of a folder without tokenizer files returns one that
# knows no word, for many models, and says nothing.
#
# Guess: model.save_pretrained(folder) without tokenizer.save_pretrained(folder) is noticed
# when the tokenizer is loaded: from_pretrained raises that its files are missing.
# Seen: the type of the model in config.json is enough. For GPT-2 and Qwen2 the tokenizer
# has one token and makes an empty list of any text. For RoBERTa and LayoutLMv3 it has five,
# all special, and a text is nothing but its begin and its end, with other numbers than the
# model's configuration has for them. For BERT every word is unknown. No exception, no
# warning, nothing on stderr. Llama raises ValueError. len(tokenizer) against
# config.vocab_size tells.
# On Linux torch brings gigabytes, unless pip is set up to find its build for the CPU.
#
# Output seen:
#   gpt2: 1 tokens of 60000, 'Total 9.60' is []; the model's end is 50256
#   qwen2: 1 tokens of 60000, 'Total 9.60' is []; the model's end is None
#   roberta: 5 tokens of 60000, 'Total 9.60' is [2, 3]; the model's end is 2
#   layoutlmv3: 5 tokens of 60000, 'Total 9.60' is [0, 1]; the model's end is 2
#   bert: 5 tokens of 60000, 'Total 9.60' is [2, 1, 1, 1, 1, 3]; the model's end is None
#   llama: ValueError
#   on stderr: 0 bytes
set -euo pipefail
folder=$(mktemp -d)
trap 'cat "$folder/stderr" >&2; rm -rf "$folder"' EXIT
: > "$folder/stderr"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.24.0 tokenizers==0.23.3 torch==2.13.0 \
  numpy==2.4.6
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf"
"$folder/venv/bin/python" - "$folder" 2>"$folder/stderr" <<'PY'
import os
import sys
import warnings

import transformers
from transformers import AutoConfig, AutoModel, AutoTokenizer

SIZES = {
    "vocab_size": 60_000,
    "hidden_size": 48,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
KINDS = {  # further sizes; how many tokens are known, and what becomes of the text
    "gpt2": ({}, 1, []),
    "qwen2": ({"num_key_value_heads": 4}, 1, []),
    "roberta": ({}, 5, [2, 3]),
    "layoutlmv3": ({"coordinate_size": 8, "shape_size": 8}, 5, [0, 1]),
    "bert": ({}, 5, [2, 1, 1, 1, 1, 3]),
    "llama": ({"num_key_value_heads": 4}, None, None),
}


def tokens_of(tokenizer, kind):
    words = ["Total", "9.60"]
    if kind == "layoutlmv3":
        return tokenizer(words, boxes=[[0, 0, 10, 10]] * 2)["input_ids"]
    return tokenizer(" ".join(words))["input_ids"]


transformers.logging.disable_progress_bar()
warnings.simplefilter("error")
for kind, (sizes, known, expected) in KINDS.items():
    path = os.path.join(sys.argv[1], kind)
    config = AutoConfig.for_model(kind, **SIZES, **sizes)
    AutoModel.from_config(config).save_pretrained(path)
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
    except ValueError as error:
        assert known is None and "backend tokenizer" in str(error), error
        print(f"{kind}: ValueError")
        continue
    made = tokens_of(tokenizer, kind)
    print(
        f"{kind}: {len(tokenizer)} tokens of {config.vocab_size}, 'Total 9.60' is {made}; "
        f"the model's end is {config.eos_token_id}"
    )
    assert (len(tokenizer), made) == (known, expected)
PY
echo "on stderr: $(wc -c < "$folder/stderr") bytes"
test ! -s "$folder/stderr"
