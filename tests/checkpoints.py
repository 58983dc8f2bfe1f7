"""Small checkpoints with random weights, saved as their authors save the large ones."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel

from workers.training.trainer import trained_tokenizer

WORDS = ["a red car", "a blue bicycle left of a green mug", "in the snow, a dotted lamp", "RED CAR"]


def tiny_siglip(folder: Path, *, seed: int = 0) -> Path:
    """A SigLIP 2 of a fixed resolution with a tokenizer of its own."""
    tokenizer = trained_tokenizer(WORDS)
    save_model(folder, len(tokenizer), seed=seed)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_gemma(folder: Path) -> Path:
    """The same with the tokenizer class of the published SigLIP 2 files."""
    letters = ["<pad>", "<eos>", "<bos>", "<unk>", *map(chr, range(33, 127)), "▁"]
    tokenizer = Tokenizer(models.BPE({c: i for i, c in enumerate(letters)}, [], unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.post_processor = processors.TemplateProcessing("$A <eos>", None, [("<eos>", 1)])
    save_model(folder, len(letters))
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(
        folder / "tokenizer_config.json",
        tokenizer_class="GemmaTokenizer",
        add_bos_token=False,
        add_eos_token=True,
        do_lower_case=True,
        model_input_names=["input_ids"],
        padding_side="right",
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        unk_token="<unk>",
    )
    return folder


def tiny_siglip_1(folder: Path) -> Path:
    """A first SigLIP: its words in a sentencepiece file."""
    import sentencepiece

    save_model(folder, 60)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([word.lower() for word in WORDS] * 20),
        model_prefix=str(folder / "spiece"),
        vocab_size=36,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    write_json(
        folder / "tokenizer_config.json",
        tokenizer_class="SiglipTokenizer",
        do_lower_case=True,
        model_max_length=64,
        model_input_names=["input_ids"],
        pad_token="</s>",
        eos_token="</s>",
        unk_token="<unk>",
    )
    return folder


def save_model(folder: Path, vocabulary: int, *, seed: int = 0) -> None:
    torch.manual_seed(seed)
    tower = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
    config = SiglipConfig(
        vision_config=tower | {"hidden_size": 32, "image_size": 32, "patch_size": 8},
        text_config=tower
        | {"hidden_size": 24, "projection_size": 32, "vocab_size": vocabulary}
        | {"pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 1},
    )
    SiglipModel(config).save_pretrained(folder)
    # As published: without this, grey and palette pictures are refused.
    processor = SiglipImageProcessorPil(size={"height": 32, "width": 32}, do_convert_rgb=None)
    processor.save_pretrained(folder)


def write_json(path: Path, **values: object) -> None:
    path.write_text(json.dumps(values))


def change_weights(folder: Path, change) -> None:
    """Load the tensors, let `change` alter the dictionary in place, and save them."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})
