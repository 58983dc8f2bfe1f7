"""The words of the captions, as numbers."""

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import BpeTrainer
from torch import Tensor
from transformers import PreTrainedTokenizerFast

TEXT_LENGTH = 64  # Tokens.
VOCABULARY = 6000  # Maximum number of ids.
PAD, EOS, BOS, UNKNOWN = "<pad>", "<eos>", "<bos>", "<unk>"  # Numbered as SigLIP 2 does.
_SPECIAL = [PAD, EOS, BOS, UNKNOWN]

# Chinese and Japanese have no spaces. Each Chinese character is a word: so red is the same number
# in all the words that people write it in. The two kana scripts change where words do.
_SCRIPTS = Regex(r"\p{Han}|\p{Hiragana}+|[\p{Katakana}ー]+|\p{N}")


def trained_tokenizer(captions: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer whose vocabulary is that of the captions; other words fall into letters.

    What none of the captions is written in falls into bytes: nothing is unknown.
    """
    return _loadable(_trained(captions, f"$A {EOS}"), ["input_ids"])


def trained_clip_tokenizer(captions: Iterable[str]) -> PreTrainedTokenizerFast:
    """The same as CLIP reads it: with a beginning, and with a mask for what pads it."""
    return _loadable(_trained(captions, f"{BOS} $A {EOS}"), ["input_ids", "attention_mask"])


def _trained(captions: Iterable[str], frame: str) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    # Once more than the encoders do, for whoever loads the checkpoint without them.
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Whitespace(),
            pre_tokenizers.Split(_SCRIPTS, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        captions,
        BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=_SPECIAL,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    numbers = [(word, _SPECIAL.index(word)) for word in (EOS, BOS)]
    tokenizer.post_processor = processors.TemplateProcessing(frame, None, numbers)
    return tokenizer


def _loadable(tokenizer: Tokenizer, inputs: list[str]) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=EOS,
        bos_token=BOS,
        unk_token=UNKNOWN,
        padding_side="right",
        model_max_length=TEXT_LENGTH,
        model_input_names=inputs,
        do_lower_case=True,
    )


def token_ids(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> Tensor:
    """The texts' ids, of shape (texts, 64), padded as SigLIP's are."""
    encoded = tokenizer(
        texts, padding="max_length", max_length=TEXT_LENGTH, truncation=True, return_tensors="pt"
    )
    return encoded.input_ids
