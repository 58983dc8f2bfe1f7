"""Italian."""

import re

from workers.studio.languages.grammar import Language, lexicon
from workers.studio.languages.romance import Romance
from workers.studio.scenes import BEHIND, LEFT, ON

_NOUNS = lexicon("""
    mug: f / tazza / tazze
    teapot: f / teiera / teiere
    bowl: f / ciotola / ciotole; f / scodella / scodelle
    plate: m / piatto / piatti
    bottle: f / bottiglia / bottiglie
    vase: m / vaso / vasi
    plant pot: f / pianta in vaso / piante in vaso
    chair: f / sedia / sedie
    stool: m / sgabello / sgabelli
    sofa: m / divano / divani; m / sofà / sofà
    table: m / tavolo / tavoli
    bed: m / letto / letti
    lamp: f / lampada / lampade
    clock: m / orologio / orologi; f / sveglia / sveglie
    candle: f / candela / candele
    book: m / libro / libri
    cushion: m / cuscino / cuscini
    basket: m / cesto / cesti; m / cestino / cestini
    pan: f / padella / padelle
    kettle: m / bollitore / bollitori
    cupboard: m / armadio / armadi
    radio: f / radio / radio
    telephone: m / telefono / telefoni
    laptop: m / computer portatile / computer portatili; m / portatile / portatili
    shoe: f / scarpa / scarpe
    boot: m / stivale / stivali
    handbag: f / borsa / borse; f / borsetta / borsette
    backpack: m / zaino / zaini
    suitcase: f / valigia / valigie
    hat: m / cappello / cappelli
    cap: m / berretto / berretti; m / cappellino / cappellini
    shirt: f / camicia / camicie; f / maglietta / magliette
    dress: m / vestito / vestiti; m / abito / abiti
    pair of trousers: m / paio di pantaloni / paia di pantaloni / mp
    sock: m / calzino / calzini
    scarf: f / sciarpa / sciarpe
    mitten: f / muffola / muffole
    watch: m / orologio da polso / orologi da polso
    pair of glasses: m / paio di occhiali / paia di occhiali / mp
    umbrella: m / ombrello / ombrelli
    camera: f / macchina fotografica / macchine fotografiche; f / fotocamera / fotocamere
    bicycle: f / bicicletta / biciclette; f / bici / bici
    car: f / auto / auto; f / macchina / macchine; f / automobile / automobili
    bus: m / autobus / autobus
    boat: f / barca / barche; f / barca a vela / barche a vela
    balloon: m / palloncino / palloncini
    kite: m / aquilone / aquiloni
    ball: f / palla / palle; m / pallone / palloni
    drum: m / tamburo / tamburi
    guitar: f / chitarra / chitarre
    tent: f / tenda / tende
    rocket: m / razzo / razzi
    bird house: f / casetta per uccelli / casette per uccelli
    watering can: m / annaffiatoio / annaffiatoi
    bucket: m / secchio / secchi
    skateboard: m / skateboard / skateboard
    apple: f / mela / mele
    banana: f / banana / banane
    cake: f / torta / torte
    cat: m / gatto / gatti
    fish: m / pesce / pesci
    bird: m / uccello / uccelli
    elephant: m / elefante / elefanti
    tortoise: f / tartaruga / tartarughe
    hammer: m / martello / martelli
    saw: f / sega / seghe
    teddy bear: m / orsacchiotto / orsacchiotti; \
        m / orsetto di peluche / orsetti di peluche
    robot: m / robot / robot
    cactus: m / cactus / cactus
    tree: m / albero / alberi
    tractor: m / trattore / trattori
    aeroplane: m / aereo / aerei; m / aeroplano / aeroplani
    : f / cosa / cose; m / oggetto / oggetti
""")

_ADJECTIVES = lexicon("""
    red: rosso / rossa / rossi / rosse
    orange: arancione / arancioni
    yellow: giallo / gialla / gialli / gialle
    green: verde / verdi
    turquoise: turchese / turchesi
    blue: blu
    purple: viola
    pink: rosa
    brown: marrone / marroni
    beige: beige
    gold: dorato / dorata / dorati / dorate
    black: nero / nera / neri / nere
    grey: grigio / grigia / grigi / grigie
    white: bianco / bianca / bianchi / bianche
    plain: a tinta unita; in tinta unita
    striped: a righe; a strisce
    dotted: a pois; a pallini
    checked: a quadri; a quadretti
    zigzag: a zigzag
    flowery: a fiori; floreale / floreali
    wooden: di legno; in legno
    metallic: di metallo; metallico / metallica / metallici / metalliche
""")

_SETTINGS = lexicon("""
    on a white background: su sfondo bianco; su uno sfondo bianco
    on a grey background: su sfondo grigio; su uno sfondo grigio
    against a pale blue wall: contro una parete azzurro chiaro; contro un muro azzurro pallido
    against a pale pink wall: contro una parete rosa chiaro; contro un muro rosa pallido
    against a pale yellow wall: contro una parete giallo chiaro; contro un muro giallo pallido
    against a mint wall: contro una parete verde menta; contro un muro verde menta
    on a wooden table: su un tavolo di legno; sul tavolo di legno
    on a meadow: su un prato; sul prato
    on a beach: su una spiaggia; sulla spiaggia
    in the snow: nella neve; sulla neve
    at night: di notte
    by a brick wall: accanto a un muro di mattoni; contro un muro di mattoni
    in a kitchen: in una cucina; in cucina
    in a city street: in una strada di città; in città
    in the mountains: in montagna; tra le montagne
    at sunset: al tramonto
    in the desert: nel deserto
    on a shelf: su uno scaffale; su una mensola
    in the sky: nel cielo; in cielo
""")

_UNO = re.compile("z|gn|ps|x|y|s[^aeiou]")


def _article(gender: str, noun: str) -> str:
    if gender == "m":
        return "uno " if _UNO.match(noun) else "un "
    return "un'" if noun[0] in "aeiou" else "una "


_NUMBERS = {2: "due", 3: "tre"}
_ROMANCE = Romance(
    nouns=_NOUNS,
    adjectives=_ADJECTIVES,
    articles=_article,
    single={"m": "un solo", "f": "una sola"},
    numbers={"m": _NUMBERS, "f": _NUMBERS},
)

LANGUAGE = Language(
    phrase=_ROMANCE.phrase,
    settings=_SETTINGS,
    relations={
        LEFT: ("{a} a sinistra di {b}", "{b} a destra di {a}"),
        ON: ("{a} su {b}", "{b} sotto {a}", "{a} sopra {b}", "{b} al di sotto di {a}"),
        BEHIND: ("{a} dietro {b}", "{b} davanti a {a}"),
    },
    pictured=("{0}", "un'immagine di {0}", "una foto di {0}"),
    placed=("{0} {1}", "{1}, {0}", "un'immagine di {0} {1}", "una foto di {0} {1}"),
)
