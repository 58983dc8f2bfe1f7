"""A worker's process is without what transformers imports to train and to compile."""

import json
import subprocess
import sys

from django.conf import settings

from tests.support.promises import only_in_full

HEAVY = ["accelerate", "scipy", "sympy", "torch._dynamo.utils", "torch.distributed.tensor"]
LOAD = (
    "import json, sys; from PIL import Image; from workers.encoders.load import load_encoder;"
    f"encoder = load_encoder({settings.BUNDLED_CHECKPOINT!r});"
    "encoder.encode_images([Image.new('RGB', (9, 9))]);"
    "vector = encoder.encode_texts(['a red car'])[0].tolist();"
    "import torch; matrix = torch.nn.Parameter(torch.ones(2, 2)); matrix.sum().backward();"
    "torch.optim.Muon([matrix]).step(); moved = matrix[0, 0].item() < 1;"
    f"heavy = [name for name in {HEAVY!r} if name in sys.modules];"
)


def printed(program: str):
    """In a process of its own: here everything has been imported long ago."""
    command = [sys.executable, "-c", LOAD + program]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    return json.loads(out)


@only_in_full
def test_it_encodes_and_trains_without_them_and_whoever_compiles_gets_the_compiler():
    from workers.encoders.load import load_encoder

    compile = "import torch; own = torch.compile(lambda x: x + 1, backend='eager');"
    values = "vector, moved, heavy, own(torch.ones(1)).item(), HEAVY[3] in sys.modules"
    program = f"HEAVY = {HEAVY!r}; {compile} print(json.dumps([{values}]))"
    vector, moved, heavy, compiled, is_there = printed(program)

    assert moved and heavy == []
    assert [compiled, is_there] == [2, True]
    with_them = load_encoder(settings.BUNDLED_CHECKPOINT).encode_texts(["a red car"])[0]
    assert with_them @ vector > 0.999999
