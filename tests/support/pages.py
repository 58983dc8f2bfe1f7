"""What a person sees on a page and drops on it."""

import base64

from tests.support import pictures
from workers.studio import captions, draw

# Of another seed than the catalogue's: the library does not hold them.
UPLOADS = [
    (captions.title(scene), pictures.saved(picture, "JPEG"))
    for scene, picture in draw.catalogue(8, 4, side=600)
]

DROP = """([files, selector]) => {
    const held = new DataTransfer();
    for (const [name, data] of files) {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        held.items.add(new File([bytes], name, { type: "image/jpeg" }));
    }
    const options = { bubbles: true, cancelable: true, dataTransfer: held };
    for (const kind of ["dragenter", "dragover", "drop"])
        document.querySelector(selector).dispatchEvent(new DragEvent(kind, options));
}"""


def held(*files):
    return [[name, base64.b64encode(data).decode()] for name, data in files]


def titles(page):
    return page.locator(".tile__title").all_inner_texts()
