"""The words of the captions, as numbers."""

from collections.abc import Iterable

from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from torch import Tensor
from transformers import PreTrainedTokenizerFast

TEXT_LENGTH = 64
PAD, EOS, BOS, UNKNOWN = "<pad>", "<eos>", "<bos>", "<unk>"  # Numbered as SigLIP 2 does.
_SYMBOLS = [chr(code) for code in range(33, 127)]


def trained_tokenizer(captions: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer whose vocabulary is that of the captions; other words fall into letters."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(f"$A {EOS}", None, [(EOS, 1)])
    tokenizer.train_from_iterator(
        captions,
        trainers.BpeTrainer(
            vocab_size=1500,
            special_tokens=[PAD, EOS, BOS, UNKNOWN],
            initial_alphabet=_SYMBOLS,
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=EOS,
        bos_token=BOS,
        unk_token=UNKNOWN,
        padding_side="right",
        model_max_length=TEXT_LENGTH,
        model_input_names=["input_ids"],
        do_lower_case=True,
    )


def token_ids(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> Tensor:
    """The texts' ids, of shape (texts, 64), padded as SigLIP's are."""
    encoded = tokenizer(
        texts, padding="max_length", max_length=TEXT_LENGTH, truncation=True, return_tensors="pt"
    )
    return encoded.input_ids
