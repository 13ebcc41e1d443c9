// tokenizer/tokenizer
