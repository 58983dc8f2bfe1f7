"""Small checkpoints with random weights, saved as their authors save the large ones."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTokenizer,
    Siglip2Config,
    Siglip2ImageProcessorPil,
    Siglip2Model,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
)

from workers.training.tokens import trained_tokenizer

WORDS = ["a red car", "a blue bicycle left of a green mug", "in the snow, a dotted lamp", "RED CAR"]
TOWER = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
VISION = TOWER | {"hidden_size": 32, "image_size": 32, "patch_size": 8}
# With the number for padding that the published files have, which the tokenizers' own overrules.
TEXT = TOWER | {"hidden_size": 24, "projection_size": 32, "pad_token_id": 1}
LETTERS = ["<pad>", "<eos>", "<bos>", "<unk>", *map(chr, range(33, 127)), "▁"]


def tiny_siglip(folder: Path, *, seed: int = 0) -> Path:
    """A SigLIP 2 of a fixed resolution with a tokenizer of its own."""
    tokenizer = trained_tokenizer(WORDS)
    save_model(folder, len(tokenizer), seed=seed)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_gemma(folder: Path) -> Path:
    """The same with the tokenizer class of the published SigLIP 2 files."""
    save_model(folder, len(LETTERS))
    save_gemma_tokenizer(folder)
    return folder


def tiny_naflex(folder: Path, *, patches: int = 20) -> Path:
    """A SigLIP 2 NaFlex, whose file says how many patches a picture may have."""
    vision = {key: value for key, value in VISION.items() if key != "image_size"}
    config = Siglip2Config(
        vision_config=vision | {"num_patches": 16}, text_config=TEXT | {"vocab_size": len(LETTERS)}
    )
    save(Siglip2Model, config, folder)
    processor = Siglip2ImageProcessorPil(patch_size=8, max_num_patches=patches, do_convert_rgb=None)
    processor.save_pretrained(folder)
    save_gemma_tokenizer(folder)
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


def tiny_clip(folder: Path) -> Path:
    """A CLIP that knows bytes, alone and at the end of a word."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*letters, *(f"{letter}</w>" for letter in letters)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = CLIPTokenizer(vocabulary, [], model_max_length=77)
    text = TEXT | {"vocab_size": len(pieces), "bos_token_id": 512, "eos_token_id": 513}
    # The vision part keeps its default of 512 for the projection, as in published files.
    config = CLIPConfig(vision_config=VISION, text_config=text, projection_dim=20)
    save(CLIPModel, config, folder)
    tokenizer.save_pretrained(folder)
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=32)
    processor.save_pretrained(folder)
    return folder


def save_model(folder: Path, vocabulary: int, *, seed: int = 0) -> None:
    text = TEXT | {"vocab_size": vocabulary, "bos_token_id": 2, "eos_token_id": 1}
    config = SiglipConfig(vision_config=VISION, text_config=text)
    save(SiglipModel, config, folder, seed=seed)
    # As published: without this, grey and palette pictures are refused.
    processor = SiglipImageProcessorPil(size={"height": 32, "width": 32}, do_convert_rgb=None)
    processor.save_pretrained(folder)


def save(kind, config, folder: Path, *, seed: int = 0) -> None:
    torch.manual_seed(seed)
    model = kind(config)
    # As drawn, all texts come out alike, and a wrong vector would pass for a right one.
    for parameter in model.text_model.parameters():
        parameter.data *= 4 if parameter.ndim > 1 else 1
    model.save_pretrained(folder)


def save_gemma_tokenizer(folder: Path, pieces: Sequence[str] = LETTERS) -> None:
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.post_processor = processors.TemplateProcessing("$A <eos>", None, [("<eos>", 1)])
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


def write_json(path: Path, **values: object) -> None:
    path.write_text(json.dumps(values))


def change_json(path: Path, **values: object) -> None:
    """Set these values in the file, and keep the others."""
    write_json(path, **json.loads(path.read_text()) | values)


def change_weights(folder: Path, change) -> None:
    """Load the tensors, let `change` alter the dictionary in place, and save them."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})


# Each family as it is published, and the bundled encoder's own kind of SigLIP 2.
FAMILIES = {
    "SigLIP 2": tiny_gemma,
    "SigLIP 2, own tokenizer": tiny_siglip,
    "SigLIP 2 NaFlex": tiny_naflex,
    "SigLIP": tiny_siglip_1,
    "CLIP": tiny_clip,
}
