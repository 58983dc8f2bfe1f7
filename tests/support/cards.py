"""What a careful reader of each model card computes, with transformers alone."""

import numpy as np
import torch
from transformers import (
    AutoImageProcessor,
    AutoTokenizer,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPProcessor,
    Siglip2Model,
    SiglipModel,
)


class SiglipCard:
    """SigLIP and SigLIP 2 of a fixed resolution: texts filled up to 64 tokens, without a mask."""

    model_class = SiglipModel

    def __init__(self, folder):
        self.model = self.model_class.from_pretrained(folder).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.processor = AutoImageProcessor.from_pretrained(folder)

    def ids(self, texts, **changes):
        options = {"padding": "max_length", "padding_side": "right", "max_length": 64}
        options |= {"truncation": True, "return_tensors": "pt"} | changes
        return self.tokenizer(texts, **options).input_ids

    @torch.no_grad()
    def texts(self, texts, *, lower=True, mask=None, **changes):
        ids = self.ids([text.lower() if lower else text for text in texts], **changes)
        mask = None if mask is None else mask(ids)
        features = self.model.get_text_features(input_ids=ids, attention_mask=mask)
        return features.pooler_output.numpy()

    @torch.no_grad()
    def pictures(self, pictures, **changes):
        inputs = self.processor(
            [picture.convert("RGB") for picture in pictures], return_tensors="pt", **changes
        )
        return self.model.get_image_features(**inputs).pooler_output.numpy()


class NaflexCard(SiglipCard):
    """SigLIP 2 NaFlex: the same, with patches, their mask and their shapes."""

    model_class = Siglip2Model


class ClipCard:
    """CLIP: its own processor for both, padded to the longest text, with the mask."""

    def __init__(self, folder):
        self.model = CLIPModel.from_pretrained(folder).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.processor = CLIPProcessor(
            CLIPImageProcessorPil.from_pretrained(folder), self.tokenizer
        )

    @torch.no_grad()
    def texts(self, texts, **changes):
        options = {"padding": True, "truncation": True, "return_tensors": "pt"} | changes
        inputs = self.processor(text=texts, **options)
        return self.model.get_text_features(**inputs).pooler_output.numpy()

    @torch.no_grad()
    def pictures(self, pictures, **changes):
        inputs = self.processor(
            images=[picture.convert("RGB") for picture in pictures], return_tensors="pt", **changes
        )
        return self.model.get_image_features(**inputs).pooler_output.numpy()


CARDS = {
    "SigLIP 2": SiglipCard,
    "SigLIP 2, own tokenizer": SiglipCard,
    "SigLIP 2 NaFlex": NaflexCard,
    "SigLIP": SiglipCard,
    "CLIP": ClipCard,
}


def cosines(a, b):
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
