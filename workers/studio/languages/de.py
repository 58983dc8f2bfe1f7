"""German: three genders, and the dative after the prepositions of place."""

from random import Random

from workers.studio.languages.grammar import Form, Language, lexicon, pick
from workers.studio.scenes import BEHIND, LEFT, ON, Thing

# Singular, plural, gender; and the dative singular where it has an ending of its own.
_NOUNS = lexicon("""
    mug: Tasse / Tassen / f; Becher / Becher / m; Kaffeetasse / Kaffeetassen / f
    teapot: Teekanne / Teekannen / f
    bowl: Schüssel / Schüsseln / f; Schale / Schalen / f
    plate: Teller / Teller / m
    bottle: Flasche / Flaschen / f
    vase: Vase / Vasen / f; Blumenvase / Blumenvasen / f
    plant pot: Blumentopf / Blumentöpfe / m; Topfpflanze / Topfpflanzen / f
    chair: Stuhl / Stühle / m
    stool: Hocker / Hocker / m; Schemel / Schemel / m
    sofa: Sofa / Sofas / n; Couch / Couches / f
    table: Tisch / Tische / m
    bed: Bett / Betten / n
    lamp: Lampe / Lampen / f; Tischlampe / Tischlampen / f
    clock: Uhr / Uhren / f; Wecker / Wecker / m
    candle: Kerze / Kerzen / f
    book: Buch / Bücher / n
    cushion: Kissen / Kissen / n
    basket: Korb / Körbe / m
    pan: Pfanne / Pfannen / f; Bratpfanne / Bratpfannen / f
    kettle: Wasserkessel / Wasserkessel / m; Wasserkocher / Wasserkocher / m
    cupboard: Schrank / Schränke / m; Kleiderschrank / Kleiderschränke / m
    radio: Radio / Radios / n
    telephone: Telefon / Telefone / n
    laptop: Laptop / Laptops / m; Notebook / Notebooks / n
    shoe: Schuh / Schuhe / m; Turnschuh / Turnschuhe / m
    boot: Stiefel / Stiefel / m
    handbag: Handtasche / Handtaschen / f; Tasche / Taschen / f
    backpack: Rucksack / Rucksäcke / m
    suitcase: Koffer / Koffer / m
    hat: Hut / Hüte / m
    cap: Kappe / Kappen / f; Schirmmütze / Schirmmützen / f
    shirt: Hemd / Hemden / n; T-Shirt / T-Shirts / n
    dress: Kleid / Kleider / n
    pair of trousers: Hose / Hosen / f
    sock: Socke / Socken / f
    scarf: Schal / Schals / m
    mitten: Fäustling / Fäustlinge / m; Handschuh / Handschuhe / m
    watch: Armbanduhr / Armbanduhren / f
    pair of glasses: Brille / Brillen / f
    umbrella: Regenschirm / Regenschirme / m; Schirm / Schirme / m
    camera: Kamera / Kameras / f; Fotoapparat / Fotoapparate / m
    bicycle: Fahrrad / Fahrräder / n
    car: Auto / Autos / n
    bus: Bus / Busse / m
    boat: Boot / Boote / n; Segelboot / Segelboote / n
    balloon: Luftballon / Luftballons / m; Ballon / Ballons / m
    kite: Drachen / Drachen / m
    ball: Ball / Bälle / m
    drum: Trommel / Trommeln / f
    guitar: Gitarre / Gitarren / f
    tent: Zelt / Zelte / n
    rocket: Rakete / Raketen / f
    bird house: Vogelhaus / Vogelhäuser / n; Nistkasten / Nistkästen / m
    watering can: Gießkanne / Gießkannen / f
    bucket: Eimer / Eimer / m
    skateboard: Skateboard / Skateboards / n
    apple: Apfel / Äpfel / m
    banana: Banane / Bananen / f
    cake: Kuchen / Kuchen / m; Torte / Torten / f
    cat: Katze / Katzen / f
    fish: Fisch / Fische / m
    bird: Vogel / Vögel / m
    elephant: Elefant / Elefanten / m / Elefanten
    tortoise: Schildkröte / Schildkröten / f
    hammer: Hammer / Hämmer / m
    saw: Säge / Sägen / f
    teddy bear: Teddybär / Teddybären / m / Teddybären; Teddy / Teddys / m
    robot: Roboter / Roboter / m
    cactus: Kaktus / Kakteen / m
    tree: Baum / Bäume / m
    tractor: Traktor / Traktoren / m; Trecker / Trecker / m
    aeroplane: Flugzeug / Flugzeuge / n
    : Ding / Dinge / n; Sache / Sachen / f; Gegenstand / Gegenstände / m
""")

# Declined, unless marked: some colours never are, and some patterns follow the noun.
_ADJECTIVES = lexicon("""
    red: rot
    orange: orange / undeclined; orangefarben
    yellow: gelb
    green: grün
    turquoise: türkisfarben; türkis / undeclined
    blue: blau
    purple: lila / undeclined; violett
    pink: rosa / undeclined
    brown: braun
    beige: beige / undeclined
    gold: golden; goldfarben
    black: schwarz
    grey: grau
    white: weiß
    plain: einfarbig
    striped: gestreift
    dotted: gepunktet
    checked: kariert
    zigzag: mit Zickzackmuster / after
    flowery: geblümt; mit Blumenmuster / after
    wooden: aus Holz / after; hölzern
    metallic: aus Metall / after; metallisch
""")

_SETTINGS = lexicon("""
    on a white background: auf weißem Hintergrund; vor weißem Hintergrund
    on a grey background: auf grauem Hintergrund; vor grauem Hintergrund
    against a pale blue wall: vor einer hellblauen Wand; vor einer blassblauen Wand
    against a pale pink wall: vor einer hellrosa Wand; vor einer blassrosa Wand
    against a pale yellow wall: vor einer hellgelben Wand; vor einer blassgelben Wand
    against a mint wall: vor einer mintgrünen Wand
    on a wooden table: auf einem Holztisch
    on a meadow: auf einer Wiese
    on a beach: am Strand; an einem Strand
    in the snow: im Schnee
    at night: bei Nacht; in der Nacht
    by a brick wall: an einer Backsteinmauer; vor einer Ziegelmauer
    in a kitchen: in einer Küche; in der Küche
    in a city street: auf einer Straße in der Stadt; in der Stadt
    in the mountains: in den Bergen; im Gebirge
    at sunset: bei Sonnenuntergang
    in the desert: in der Wüste
    on a shelf: auf einem Regal; im Regal
    in the sky: am Himmel
""")

_NUMBERS = {2: "zwei", 3: "drei"}
_NOMINATIVE = {"m": ("ein", "er"), "f": ("eine", "e"), "n": ("ein", "es")}
_DATIVE = {"m": ("einem", "en"), "f": ("einer", "en"), "n": ("einem", "en")}


def _phrase(thing: Thing, count: int, form: Form, rng: Random | None) -> str:
    one, many, gender, *weak = pick(_NOUNS[thing.kind], rng)
    dative = form is Form.RELATED
    if count > 1 or form is Form.PLURAL:
        noun = f"{many}n" if dative and not many.endswith(("n", "s")) else many
        words = [noun] if form is Form.PLURAL else [_NUMBERS[count], noun]
        return _described(words, "en" if dative else "e", thing, rng)
    article, ending = (_DATIVE if dative else _NOMINATIVE)[gender]
    words = [weak[0] if weak and dative else one]
    if form is Form.SINGLE:
        words.insert(0, f"einzeln{ending}")
    if form is not Form.BARE:
        words.insert(0, article)
    return _described(words, ending, thing, rng)


def _described(words: list[str], ending: str, thing: Thing, rng: Random | None) -> str:
    """The words with the adjectives before the last of them, the noun, or after it."""
    before, beside, after = [], [], []
    for word in (thing.colour, thing.pattern):
        if word:
            adjective, *manner = pick(_ADJECTIVES[word], rng)
            if manner == ["after"]:
                after.append(adjective)
            elif manner:
                beside.append(adjective)
            else:
                before.append(f"{adjective}{ending}")
    # What isn't declined stands beside the noun: in "lila gestreift" the stripes are lilac.
    return " ".join([*words[:-1], *before, *beside, words[-1], *after])


LANGUAGE = Language(
    phrase=_phrase,
    settings=_SETTINGS,
    relations={
        LEFT: (
            "{a} links von {to_b}",
            "{b} rechts von {to_a}",
            "{a} links neben {to_b}",
            "{b} rechts neben {to_a}",
        ),
        ON: ("{a} auf {to_b}", "{b} unter {to_a}"),
        BEHIND: ("{a} hinter {to_b}", "{b} vor {to_a}"),
    },
    pictured=("{0}", "auf dem Bild: {0}", "ein Foto: {0}"),
    placed=("{0} {1}", "{1}: {0}", "auf dem Bild: {0} {1}", "ein Foto: {0} {1}"),
)
