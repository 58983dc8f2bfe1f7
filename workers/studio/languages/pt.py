"""Portuguese, as it is written in Brazil."""

from workers.studio.languages.grammar import Language, lexicon
from workers.studio.languages.romance import Romance
from workers.studio.scenes import BEHIND, LEFT, ON

_NOUNS = lexicon("""
    mug: f / caneca; f / xícara
    teapot: m / bule
    bowl: f / tigela
    plate: m / prato
    bottle: f / garrafa
    vase: m / vaso
    plant pot: m / vaso de planta / vasos de planta; f / planta em vaso / plantas em vaso
    chair: f / cadeira
    stool: m / banquinho; f / banqueta
    sofa: m / sofá
    table: f / mesa
    bed: f / cama
    lamp: f / luminária; m / abajur / abajures
    clock: m / relógio; m / despertador / despertadores
    candle: f / vela
    book: m / livro
    cushion: f / almofada
    basket: f / cesta; m / cesto
    pan: f / frigideira
    kettle: f / chaleira
    cupboard: m / armário; m / guarda-roupa
    radio: m / rádio
    telephone: m / telefone
    laptop: m / laptop; m / notebook
    shoe: m / sapato; m / tênis / tênis
    boot: f / bota
    handbag: f / bolsa
    backpack: f / mochila
    suitcase: f / mala
    hat: m / chapéu
    cap: m / boné
    shirt: f / camisa; f / camiseta
    dress: m / vestido
    pair of trousers: f / calça
    sock: f / meia
    scarf: m / cachecol / cachecóis
    mitten: f / luva
    watch: m / relógio de pulso / relógios de pulso
    pair of glasses: m / par de óculos / pares de óculos / mp
    umbrella: m / guarda-chuva
    camera: f / câmera; f / máquina fotográfica / máquinas fotográficas
    bicycle: f / bicicleta; f / bike
    car: m / carro
    bus: m / ônibus / ônibus
    boat: m / barco; m / veleiro
    balloon: m / balão / balões
    kite: f / pipa
    ball: f / bola
    drum: m / tambor / tambores
    guitar: m / violão / violões; f / guitarra
    tent: f / barraca; f / tenda
    rocket: m / foguete
    bird house: f / casinha de passarinho / casinhas de passarinho
    watering can: m / regador / regadores
    bucket: m / balde
    skateboard: m / skate
    apple: f / maçã
    banana: f / banana
    cake: m / bolo; f / torta
    cat: m / gato
    fish: m / peixe
    bird: m / pássaro; m / passarinho
    elephant: m / elefante
    tortoise: f / tartaruga
    hammer: m / martelo
    saw: f / serra; m / serrote
    teddy bear: m / ursinho de pelúcia / ursinhos de pelúcia; \
        m / urso de pelúcia / ursos de pelúcia
    robot: m / robô
    cactus: m / cacto
    tree: f / árvore
    tractor: m / trator / tratores
    aeroplane: m / avião / aviões
    : f / coisa; m / objeto
""")

_ADJECTIVES = lexicon("""
    red: vermelho / vermelha / vermelhos / vermelhas
    orange: laranja
    yellow: amarelo / amarela / amarelos / amarelas
    green: verde / verdes
    turquoise: turquesa
    blue: azul / azuis
    purple: roxo / roxa / roxos / roxas
    pink: rosa; cor-de-rosa
    brown: marrom / marrons; castanho / castanha / castanhos / castanhas
    beige: bege / beges
    gold: dourado / dourada / dourados / douradas
    black: preto / preta / pretos / pretas
    grey: cinza
    white: branco / branca / brancos / brancas
    plain: liso / lisa / lisos / lisas
    striped: listrado / listrada / listrados / listradas; de listras
    dotted: de bolinhas
    checked: xadrez; quadriculado / quadriculada / quadriculados / quadriculadas
    zigzag: em zigue-zague; com zigue-zagues
    flowery: florido / florida / floridos / floridas; com flores
    wooden: de madeira
    metallic: de metal; metálico / metálica / metálicos / metálicas
""")

_SETTINGS = lexicon("""
    on a white background: em fundo branco; sobre um fundo branco
    on a grey background: em fundo cinza; sobre um fundo cinza
    against a pale blue wall: contra uma parede azul-clara; diante de uma parede azul-clara
    against a pale pink wall: contra uma parede rosa-clara; diante de uma parede rosa-clara
    against a pale yellow wall: contra uma parede amarelo-clara; \
        diante de uma parede amarelo-clara
    against a mint wall: contra uma parede verde-menta; diante de uma parede verde-menta
    on a wooden table: numa mesa de madeira; sobre uma mesa de madeira
    on a meadow: num prado; no gramado
    on a beach: numa praia; na praia
    in the snow: na neve
    at night: à noite; de noite
    by a brick wall: junto a uma parede de tijolos; contra um muro de tijolos
    in a kitchen: numa cozinha; na cozinha
    in a city street: numa rua da cidade; na cidade
    in the mountains: nas montanhas; na serra
    at sunset: ao pôr do sol
    in the desert: no deserto
    on a shelf: numa prateleira; na prateleira
    in the sky: no céu
""")


def _article(gender: str, noun: str) -> str:
    return "um " if gender == "m" else "uma "


_ROMANCE = Romance(
    nouns=_NOUNS,
    adjectives=_ADJECTIVES,
    articles=_article,
    single={"m": "um único", "f": "uma única"},
    numbers={"m": {2: "dois", 3: "três"}, "f": {2: "duas", 3: "três"}},
)

LANGUAGE = Language(
    phrase=_ROMANCE.phrase,
    settings=_SETTINGS,
    relations={
        LEFT: ("{a} à esquerda de {b}", "{b} à direita de {a}"),
        ON: ("{a} em cima de {b}", "{b} embaixo de {a}", "{a} sobre {b}", "{b} sob {a}"),
        BEHIND: ("{a} atrás de {b}", "{b} na frente de {a}"),
    },
    pictured=("{0}", "uma imagem de {0}", "uma foto de {0}"),
    placed=("{0} {1}", "{1}, {0}", "uma imagem de {0} {1}", "uma foto de {0} {1}"),
)
