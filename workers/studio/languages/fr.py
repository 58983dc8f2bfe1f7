"""French."""

from workers.studio.languages.grammar import Language, lexicon
from workers.studio.languages.romance import Romance
from workers.studio.scenes import BEHIND, LEFT, ON

_NOUNS = lexicon("""
    mug: f / tasse; m / mug
    teapot: f / théière
    bowl: m / bol
    plate: f / assiette
    bottle: f / bouteille
    vase: m / vase
    plant pot: m / pot de fleurs / pots de fleurs; f / plante en pot / plantes en pot
    chair: f / chaise
    stool: m / tabouret
    sofa: m / canapé; m / sofa
    table: f / table
    bed: m / lit
    lamp: f / lampe
    clock: f / horloge; m / réveil
    candle: f / bougie
    book: m / livre
    cushion: m / coussin
    basket: m / panier
    pan: f / poêle
    kettle: f / bouilloire
    cupboard: f / armoire; m / placard
    radio: f / radio
    telephone: m / téléphone
    laptop: m / ordinateur portable / ordinateurs portables
    shoe: f / chaussure
    boot: f / botte
    handbag: m / sac à main / sacs à main
    backpack: m / sac à dos / sacs à dos
    suitcase: f / valise
    hat: m / chapeau / chapeaux
    cap: f / casquette
    shirt: f / chemise; m / tee-shirt
    dress: f / robe
    pair of trousers: m / pantalon
    sock: f / chaussette
    scarf: f / écharpe
    mitten: f / moufle
    watch: f / montre
    pair of glasses: f / paire de lunettes / paires de lunettes / fp
    umbrella: m / parapluie
    camera: m / appareil photo / appareils photo
    bicycle: m / vélo; f / bicyclette
    car: f / voiture
    bus: m / bus / bus; m / autobus / autobus
    boat: m / bateau / bateaux; m / voilier
    balloon: m / ballon de baudruche / ballons de baudruche; m / ballon gonflable / \
        ballons gonflables
    kite: m / cerf-volant / cerfs-volants
    ball: f / balle
    drum: m / tambour
    guitar: f / guitare
    tent: f / tente
    rocket: f / fusée
    bird house: m / nichoir; f / cabane à oiseaux / cabanes à oiseaux
    watering can: m / arrosoir
    bucket: m / seau / seaux
    skateboard: m / skateboard; f / planche à roulettes / planches à roulettes
    apple: f / pomme
    banana: f / banane
    cake: m / gâteau / gâteaux
    cat: m / chat
    fish: m / poisson
    bird: m / oiseau / oiseaux
    elephant: m / éléphant
    tortoise: f / tortue
    hammer: m / marteau / marteaux
    saw: f / scie
    teddy bear: m / ours en peluche / ours en peluche; m / nounours / nounours
    robot: m / robot
    cactus: m / cactus / cactus
    tree: m / arbre
    tractor: m / tracteur
    aeroplane: m / avion
    : f / chose; m / objet
""")

_ADJECTIVES = lexicon("""
    red: rouge / rouges
    orange: orange
    yellow: jaune / jaunes
    green: vert / verte / verts / vertes
    turquoise: turquoise
    blue: bleu / bleue / bleus / bleues
    purple: violet / violette / violets / violettes
    pink: rose / roses
    brown: marron; brun / brune / bruns / brunes
    beige: beige / beiges
    gold: doré / dorée / dorés / dorées
    black: noir / noire / noirs / noires
    grey: gris / grise / gris / grises
    white: blanc / blanche / blancs / blanches
    plain: uni / unie / unis / unies
    striped: à rayures; rayé / rayée / rayés / rayées
    dotted: à pois
    checked: à carreaux
    zigzag: à zigzags; à motif zigzag
    flowery: à fleurs; fleuri / fleurie / fleuris / fleuries
    wooden: en bois
    metallic: en métal; métallique / métalliques
""")

_SETTINGS = lexicon("""
    on a white background: sur fond blanc; sur un fond blanc
    on a grey background: sur fond gris; sur un fond gris
    against a pale blue wall: devant un mur bleu pâle; devant un mur bleu clair
    against a pale pink wall: devant un mur rose pâle; devant un mur rose clair
    against a pale yellow wall: devant un mur jaune pâle; devant un mur jaune clair
    against a mint wall: devant un mur vert menthe
    on a wooden table: sur une table en bois
    on a meadow: dans un pré; dans une prairie
    on a beach: sur une plage; à la plage
    in the snow: dans la neige
    at night: la nuit; de nuit
    by a brick wall: près d'un mur de briques; contre un mur de briques
    in a kitchen: dans une cuisine; dans la cuisine
    in a city street: dans une rue de la ville; en ville
    in the mountains: dans les montagnes; à la montagne
    at sunset: au coucher du soleil
    in the desert: dans le désert
    on a shelf: sur une étagère
    in the sky: dans le ciel
""")


def _article(gender: str, noun: str) -> str:
    return "un " if gender == "m" else "une "


def _after_de(name: str) -> str:
    return f"d'{name}" if name.startswith("un") else f"de {name}"


_NUMBERS = {2: "deux", 3: "trois"}
_ROMANCE = Romance(
    nouns=_NOUNS,
    adjectives=_ADJECTIVES,
    articles=_article,
    single={"m": "un seul", "f": "une seule"},
    numbers={"m": _NUMBERS, "f": _NUMBERS},
    related=_after_de,
)

LANGUAGE = Language(
    phrase=_ROMANCE.phrase,
    settings=_SETTINGS,
    relations={
        LEFT: ("{a} à gauche {to_b}", "{b} à droite {to_a}"),
        ON: ("{a} sur {b}", "{b} sous {a}"),
        BEHIND: ("{a} derrière {b}", "{b} devant {a}"),
    },
    pictured=("{0}", "une image avec {0}", "une photo avec {0}"),
    placed=("{0} {1}", "{1}, {0}", "une image avec {0} {1}", "une photo avec {0} {1}"),
)
