"""Spanish."""

from workers.studio.languages.grammar import Language, lexicon
from workers.studio.languages.romance import Romance
from workers.studio.scenes import BEHIND, LEFT, ON

_NOUNS = lexicon("""
    mug: f / taza
    teapot: f / tetera
    bowl: m / cuenco; m / bol / boles
    plate: m / plato
    bottle: f / botella
    vase: m / jarrón / jarrones; m / florero
    plant pot: f / maceta; m / tiesto
    chair: f / silla
    stool: m / taburete
    sofa: m / sofá
    table: f / mesa
    bed: f / cama
    lamp: f / lámpara
    clock: m / reloj / relojes; m / despertador / despertadores
    candle: f / vela
    book: m / libro
    cushion: m / cojín / cojines
    basket: f / cesta; f / canasta
    pan: f / sartén / sartenes
    kettle: m / hervidor / hervidores
    cupboard: m / armario
    radio: f / radio
    telephone: m / teléfono
    laptop: m / ordenador portátil / ordenadores portátiles; m / portátil / portátiles
    shoe: m / zapato; f / zapatilla
    boot: f / bota
    handbag: m / bolso
    backpack: f / mochila
    suitcase: f / maleta
    hat: m / sombrero
    cap: f / gorra
    shirt: f / camisa; f / camiseta
    dress: m / vestido
    pair of trousers: m / pantalón / pantalones
    sock: m / calcetín / calcetines
    scarf: f / bufanda
    mitten: f / manopla
    watch: m / reloj de pulsera / relojes de pulsera
    pair of glasses: m / par de gafas / pares de gafas / fp; \
        m / par de anteojos / pares de anteojos / mp
    umbrella: m / paraguas / paraguas
    camera: f / cámara; f / cámara de fotos / cámaras de fotos
    bicycle: f / bicicleta; f / bici
    car: m / coche; m / auto
    bus: m / autobús / autobuses
    boat: m / barco; m / velero
    balloon: m / globo
    kite: f / cometa
    ball: f / pelota; m / balón / balones
    drum: m / tambor / tambores
    guitar: f / guitarra
    tent: f / tienda de campaña / tiendas de campaña; f / carpa
    rocket: m / cohete
    bird house: f / casita para pájaros / casitas para pájaros; f / pajarera
    watering can: f / regadera
    bucket: m / cubo; m / balde
    skateboard: m / monopatín / monopatines
    apple: f / manzana
    banana: m / plátano; f / banana
    cake: m / pastel / pasteles; f / tarta
    cat: m / gato
    fish: m / pez / peces
    bird: m / pájaro
    elephant: m / elefante
    tortoise: f / tortuga
    hammer: m / martillo
    saw: f / sierra; m / serrucho
    teddy bear: m / oso de peluche / osos de peluche; m / osito de peluche / ositos de peluche
    robot: m / robot
    cactus: m / cactus / cactus
    tree: m / árbol / árboles
    tractor: m / tractor / tractores
    aeroplane: m / avión / aviones
    : f / cosa; m / objeto
""")

_ADJECTIVES = lexicon("""
    red: rojo / roja / rojos / rojas
    orange: naranja / naranjas
    yellow: amarillo / amarilla / amarillos / amarillas
    green: verde / verdes
    turquoise: turquesa
    blue: azul / azules
    purple: morado / morada / morados / moradas; violeta / violetas
    pink: rosa / rosas
    brown: marrón / marrones
    beige: beis
    gold: dorado / dorada / dorados / doradas
    black: negro / negra / negros / negras
    grey: gris / grises
    white: blanco / blanca / blancos / blancas
    plain: liso / lisa / lisos / lisas
    striped: a rayas; de rayas
    dotted: de lunares; con lunares
    checked: a cuadros; de cuadros
    zigzag: con zigzags
    flowery: con flores; de flores; floreado / floreada / floreados / floreadas
    wooden: de madera
    metallic: de metal; metálico / metálica / metálicos / metálicas
""")

_SETTINGS = lexicon("""
    on a white background: sobre fondo blanco; sobre un fondo blanco
    on a grey background: sobre fondo gris; sobre un fondo gris
    against a pale blue wall: contra una pared azul claro; ante una pared azul pálido
    against a pale pink wall: contra una pared rosa claro; ante una pared rosa pálido
    against a pale yellow wall: contra una pared amarillo claro; ante una pared amarillo pálido
    against a mint wall: contra una pared verde menta; ante una pared verde menta
    on a wooden table: sobre una mesa de madera; en una mesa de madera
    on a meadow: en un prado; en una pradera
    on a beach: en una playa; en la playa
    in the snow: en la nieve
    at night: de noche; por la noche
    by a brick wall: junto a una pared de ladrillo; contra un muro de ladrillo
    in a kitchen: en una cocina; en la cocina
    in a city street: en una calle de la ciudad; en la ciudad
    in the mountains: en las montañas; en la montaña
    at sunset: al atardecer; a la puesta del sol
    in the desert: en el desierto
    on a shelf: en un estante; en una estantería
    in the sky: en el cielo
""")


def _article(gender: str, noun: str) -> str:
    return "un " if gender == "m" else "una "


_NUMBERS = {2: "dos", 3: "tres"}
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
        LEFT: ("{a} a la izquierda de {b}", "{b} a la derecha de {a}"),
        ON: ("{a} sobre {b}", "{b} debajo de {a}", "{a} encima de {b}", "{b} bajo {a}"),
        BEHIND: ("{a} detrás de {b}", "{b} delante de {a}"),
    },
    pictured=("{0}", "una imagen de {0}", "una foto de {0}"),
    placed=("{0} {1}", "{1}, {0}", "una imagen de {0} {1}", "una foto de {0} {1}"),
)
