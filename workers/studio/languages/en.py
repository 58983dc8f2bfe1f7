"""English."""

from random import Random

from workers.studio.languages.grammar import Form, Language, lexicon, pick
from workers.studio.scenes import BEHIND, LEFT, ON, Thing

# Words that people type for the same thing; a plural only where it isn't regular; and what stands
# before the adjectives.
_NOUNS = lexicon("""
    mug: mug; cup; coffee cup
    teapot: teapot
    bowl: bowl
    plate: plate; dish
    bottle: bottle
    vase: vase
    plant pot: plant pot; potted plant
    chair: chair
    stool: stool
    sofa: sofa; couch
    table: table
    bed: bed
    lamp: lamp; table lamp
    clock: clock; alarm clock
    candle: candle
    book: book
    cushion: cushion; pillow
    basket: basket
    pan: pan; frying pan
    kettle: kettle
    cupboard: cupboard; wardrobe
    radio: radio
    telephone: telephone; phone
    laptop: laptop; notebook computer
    shoe: shoe; trainer; sneaker
    boot: boot
    handbag: handbag; bag
    backpack: backpack; rucksack
    suitcase: suitcase
    hat: hat
    cap: cap; baseball cap
    shirt: shirt; t-shirt
    dress: dress
    pair of trousers: trousers / trousers / pair of / pairs of; pants / pants / pair of / pairs of
    sock: sock
    scarf: scarf / scarves
    mitten: mitten
    watch: watch; wristwatch
    pair of glasses: glasses / glasses / pair of / pairs of; \
        spectacles / spectacles / pair of / pairs of
    umbrella: umbrella
    camera: camera
    bicycle: bicycle; bike
    car: car
    bus: bus
    boat: boat; sailing boat
    balloon: balloon
    kite: kite
    ball: ball
    drum: drum
    guitar: guitar
    tent: tent
    rocket: rocket
    bird house: bird house; nesting box
    watering can: watering can
    bucket: bucket; pail
    skateboard: skateboard
    apple: apple
    banana: banana
    cake: cake
    cat: cat
    fish: fish / fish
    bird: bird
    elephant: elephant
    tortoise: tortoise; turtle
    hammer: hammer
    saw: saw; handsaw
    teddy bear: teddy bear; teddy
    robot: robot
    cactus: cactus / cacti; cactus / cactuses
    tree: tree
    tractor: tractor
    aeroplane: aeroplane; airplane; plane
    : thing; object; item
""")

_ADJECTIVES = lexicon("""
    red: red
    orange: orange
    yellow: yellow
    green: green
    turquoise: turquoise
    blue: blue
    purple: purple; violet
    pink: pink
    brown: brown
    beige: beige
    gold: gold; golden
    black: black
    grey: grey; gray
    white: white
    plain: plain
    striped: striped; stripy
    dotted: dotted; spotted; polka-dot
    checked: checked; chequered
    zigzag: zigzag; zigzag-patterned
    flowery: flowery; floral; flower-patterned
    wooden: wooden
    metallic: metallic; metal
""")

_SETTINGS = lexicon("""
    on a white background: on a white background
    on a grey background: on a grey background; on a gray background
    against a pale blue wall: against a pale blue wall; against a light blue wall
    against a pale pink wall: against a pale pink wall; against a light pink wall
    against a pale yellow wall: against a pale yellow wall; against a light yellow wall
    against a mint wall: against a mint wall; against a mint green wall
    on a wooden table: on a wooden table
    on a meadow: on a meadow; in a meadow
    on a beach: on a beach; at the beach
    in the snow: in the snow
    at night: at night; in the night
    by a brick wall: by a brick wall; against a brick wall
    in a kitchen: in a kitchen; in the kitchen
    in a city street: in a city street; in the city
    in the mountains: in the mountains
    at sunset: at sunset; in the sunset
    in the desert: in the desert
    on a shelf: on a shelf
    in the sky: in the sky
""")

_NUMBERS = {1: "one", 2: "two", 3: "three"}


def _phrase(thing: Thing, count: int, form: Form, rng: Random | None) -> str:
    noun, *rest = pick(_NOUNS[thing.kind], rng)
    many, one_of, many_of = (*rest, "", "")[:3] if rest else (_plural(noun), "", "")
    several = count > 1 or form is Form.PLURAL
    words = [many_of if several else one_of, *_described(thing, rng), many if several else noun]
    name = " ".join(filter(None, words))
    if form is Form.SINGLE or (count > 1 and form is not Form.PLURAL):
        return f"{_NUMBERS[count]} {name}"
    if several or form is Form.BARE:
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _described(thing: Thing, rng: Random | None) -> list[str]:
    words = [pick(_ADJECTIVES[word], rng)[0] for word in (thing.colour, thing.pattern) if word]
    pattern_first = thing.pattern == "plain" or (rng is not None and rng.random() < 0.2)
    return words[::-1] if pattern_first else words


def _plural(noun: str) -> str:
    return f"{noun}es" if noun.endswith(("s", "sh", "ch", "x")) else f"{noun}s"


LANGUAGE = Language(
    phrase=_phrase,
    settings=_SETTINGS,
    relations={
        LEFT: (
            "{a} left of {b}",
            "{b} right of {a}",
            "{a} to the left of {b}",
            "{b} to the right of {a}",
        ),
        ON: ("{a} on {b}", "{b} under {a}", "{a} on top of {b}", "{b} underneath {a}"),
        BEHIND: ("{a} behind {b}", "{b} in front of {a}"),
    },
    pictured=("{0}", "a picture of {0}", "a photo of {0}"),
    placed=("{0} {1}", "{1}, {0}", "a picture of {0} {1}", "a photo of {0} {1}"),
)
