"""A dozen scenes, and the sentences that each language has for them."""

from workers.studio.scenes import ALONE, BEHIND, LEFT, ON, Group, Scene, Thing


def group(kind, colour, pattern="plain", count=1):
    return Group(Thing(kind, colour, pattern), count)


def scene_of(*groups, relation=ALONE, backdrop="on a beach"):
    return Scene(groups, relation, backdrop, seed=1)


SCENES = (
    scene_of(group("mug", "red", "striped")),
    scene_of(group("backpack", "yellow", "plain"), backdrop="in the mountains"),
    scene_of(group("apple", "gold", "flowery", 3), backdrop="in the sky"),
    scene_of(group("pair of trousers", "black", "checked", 2), backdrop="on a shelf"),
    scene_of(
        group("book", "blue", count=2),
        group("pair of glasses", "orange", "dotted"),
        relation=LEFT,
        backdrop="on a shelf",
    ),
    scene_of(
        group("umbrella", "grey", "zigzag"),
        group("backpack", "pink", count=2),
        relation=LEFT,
        backdrop="in a kitchen",
    ),
    scene_of(
        group("bird", "turquoise", "metallic"),
        group("elephant", "purple", "wooden"),
        relation=LEFT,
        backdrop="in the snow",
    ),
    scene_of(
        group("hat", "turquoise", "checked"),
        group("cupboard", "brown", "wooden"),
        relation=ON,
        backdrop="at night",
    ),
    scene_of(
        group("teddy bear", "white", count=2),
        group("sofa", "beige", "flowery"),
        relation=ON,
        backdrop="at sunset",
    ),
    scene_of(
        group("cat", "black"),
        group("elephant", "grey", "dotted"),
        relation=BEHIND,
        backdrop="on a meadow",
    ),
    scene_of(
        group("bicycle", "green", "metallic"),
        group("tree", "white", "striped"),
        relation=BEHIND,
        backdrop="in the desert",
    ),
    scene_of(
        group("stool", "purple", "striped"),
        group("boot", "red"),
        relation=BEHIND,
        backdrop="by a brick wall",
    ),
)


TITLES = {
    "en": (
        "Red striped mug on a beach",
        "Yellow backpack in the mountains",
        "Three gold flowery apples in the sky",
        "Two pairs of black checked trousers on a shelf",
        "Two blue books left of a pair of orange dotted glasses on a shelf",
        "Grey zigzag umbrella left of two pink backpacks in a kitchen",
        "Turquoise metallic bird left of a purple wooden elephant in the snow",
        "Turquoise checked hat on a brown wooden cupboard at night",
        "Two white teddy bears on a beige flowery sofa at sunset",
        "Black cat behind a grey dotted elephant on a meadow",
        "Green metallic bicycle behind a white striped tree in the desert",
        "Purple striped stool behind a red boot by a brick wall",
    ),
    "de": (
        "Rote gestreifte Tasse am Strand",
        "Gelber Rucksack in den Bergen",
        "Drei goldene geblümte Äpfel am Himmel",
        "Zwei schwarze karierte Hosen auf einem Regal",
        "Zwei blaue Bücher links von einer gepunkteten orange Brille auf einem Regal",
        "Grauer Regenschirm mit Zickzackmuster links von zwei rosa Rucksäcken in einer Küche",
        "Türkisfarbener Vogel aus Metall links von einem lila Elefanten aus Holz im Schnee",
        "Türkisfarbener karierter Hut auf einem braunen Schrank aus Holz bei Nacht",
        "Zwei weiße Teddybären auf einem geblümten beige Sofa bei Sonnenuntergang",
        "Schwarze Katze hinter einem grauen gepunkteten Elefanten auf einer Wiese",
        "Grünes Fahrrad aus Metall hinter einem weißen gestreiften Baum in der Wüste",
        "Gestreifter lila Hocker hinter einem roten Stiefel an einer Backsteinmauer",
    ),
    "fr": (
        "Tasse rouge à rayures sur une plage",
        "Sac à dos jaune dans les montagnes",
        "Trois pommes dorées à fleurs dans le ciel",
        "Deux pantalons noirs à carreaux sur une étagère",
        "Deux livres bleus à gauche d'une paire de lunettes orange à pois sur une étagère",
        "Parapluie gris à zigzags à gauche de deux sacs à dos roses dans une cuisine",
        "Oiseau turquoise en métal à gauche d'un éléphant violet en bois dans la neige",
        "Chapeau turquoise à carreaux sur une armoire marron en bois la nuit",
        "Deux ours en peluche blancs sur un canapé beige à fleurs au coucher du soleil",
        "Chat noir derrière un éléphant gris à pois dans un pré",
        "Vélo vert en métal derrière un arbre blanc à rayures dans le désert",
        "Tabouret violet à rayures derrière une botte rouge près d'un mur de briques",
    ),
    "es": (
        "Taza roja a rayas en una playa",
        "Mochila amarilla en las montañas",
        "Tres manzanas doradas con flores en el cielo",
        "Dos pantalones negros a cuadros en un estante",
        "Dos libros azules a la izquierda de un par de gafas naranjas de lunares en un estante",
        "Paraguas gris con zigzags a la izquierda de dos mochilas rosas en una cocina",
        "Pájaro turquesa de metal a la izquierda de un elefante morado de madera en la nieve",
        "Sombrero turquesa a cuadros sobre un armario marrón de madera de noche",
        "Dos osos de peluche blancos sobre un sofá beis con flores al atardecer",
        "Gato negro detrás de un elefante gris de lunares en un prado",
        "Bicicleta verde de metal detrás de un árbol blanco a rayas en el desierto",
        "Taburete morado a rayas detrás de una bota roja junto a una pared de ladrillo",
    ),
    "it": (
        "Tazza rossa a righe su una spiaggia",
        "Zaino giallo in montagna",
        "Tre mele dorate a fiori nel cielo",
        "Due paia di pantaloni neri a quadri su uno scaffale",
        "Due libri blu a sinistra di un paio di occhiali arancioni a pois su uno scaffale",
        "Ombrello grigio a zigzag a sinistra di due zaini rosa in una cucina",
        "Uccello turchese di metallo a sinistra di un elefante viola di legno nella neve",
        "Cappello turchese a quadri su un armadio marrone di legno di notte",
        "Due orsacchiotti bianchi su un divano beige a fiori al tramonto",
        "Gatto nero dietro un elefante grigio a pois su un prato",
        "Bicicletta verde di metallo dietro un albero bianco a righe nel deserto",
        "Sgabello viola a righe dietro uno stivale rosso accanto a un muro di mattoni",
    ),
    "pt": (
        "Caneca vermelha listrada numa praia",
        "Mochila amarela nas montanhas",
        "Três maçãs douradas floridas no céu",
        "Duas calças pretas xadrez numa prateleira",
        "Dois livros azuis à esquerda de um par de óculos laranja de bolinhas numa prateleira",
        "Guarda-chuva cinza em zigue-zague à esquerda de duas mochilas rosa numa cozinha",
        "Pássaro turquesa de metal à esquerda de um elefante roxo de madeira na neve",
        "Chapéu turquesa xadrez em cima de um armário marrom de madeira à noite",
        "Dois ursinhos de pelúcia brancos em cima de um sofá bege florido ao pôr do sol",
        "Gato preto atrás de um elefante cinza de bolinhas num prado",
        "Bicicleta verde de metal atrás de uma árvore branca listrada no deserto",
        "Banquinho roxo listrado atrás de uma bota vermelha junto a uma parede de tijolos",
    ),
    "ja": (
        "浜辺の赤い縞模様のマグカップ",
        "山の中の黄色いリュックサック",
        "空中の3つの金色の花柄のりんご",
        "棚の上の2本の黒いチェック柄のズボン",
        "棚の上、オレンジ色の水玉模様の眼鏡の左に2冊の青い本",
        "台所、2つのピンクのリュックサックの左に灰色のジグザグ模様の傘",
        "雪の中、紫の木製の象の左にターコイズ色の金属製の鳥",
        "夜、茶色の木製の戸棚の上にターコイズ色のチェック柄の帽子",
        "夕暮れ、ベージュの花柄のソファの上に2つの白いテディベア",
        "草原、灰色の水玉模様の象の後ろに黒い猫",
        "砂漠、白い縞模様の木の後ろに緑の金属製の自転車",
        "れんがの壁のそば、赤いブーツの後ろに紫の縞模様のスツール",
    ),
    "zh": (
        "海滩上的红色条纹马克杯",
        "山里的黄色背包",
        "天空中的三个金色碎花苹果",
        "架子上的两条黑色格子裤子",
        "架子上，两本蓝色的书在一副橙色圆点眼镜左边",
        "厨房里，灰色锯齿纹雨伞在两个粉色背包左边",
        "雪地里，青绿色金属的鸟在一头紫色木制大象左边",
        "夜晚，青绿色格子帽子在一个棕色木制柜子上面",
        "日落时，两只白色泰迪熊在一张米色碎花沙发上面",
        "草地上，黑色的猫在一头灰色圆点大象后面",
        "沙漠里，绿色金属自行车在一棵白色条纹的树后面",
        "砖墙边，紫色条纹凳子在一只红色靴子后面",
    ),
}

# The sixth, the ninth and the tenth scene, from the other thing's point of view.
TURNED = {
    "en": (
        "two pink backpacks right of a grey zigzag umbrella in a kitchen",
        "a beige flowery sofa under two white teddy bears at sunset",
        "a grey dotted elephant in front of a black cat on a meadow",
    ),
    "de": (
        "zwei rosa Rucksäcke rechts von einem grauen Regenschirm mit Zickzackmuster in einer Küche",
        "ein geblümtes beige Sofa unter zwei weißen Teddybären bei Sonnenuntergang",
        "ein grauer gepunkteter Elefant vor einer schwarzen Katze auf einer Wiese",
    ),
    "fr": (
        "deux sacs à dos roses à droite d'un parapluie gris à zigzags dans une cuisine",
        "un canapé beige à fleurs sous deux ours en peluche blancs au coucher du soleil",
        "un éléphant gris à pois devant un chat noir dans un pré",
    ),
    "es": (
        "dos mochilas rosas a la derecha de un paraguas gris con zigzags en una cocina",
        "un sofá beis con flores debajo de dos osos de peluche blancos al atardecer",
        "un elefante gris de lunares delante de un gato negro en un prado",
    ),
    "it": (
        "due zaini rosa a destra di un ombrello grigio a zigzag in una cucina",
        "un divano beige a fiori sotto due orsacchiotti bianchi al tramonto",
        "un elefante grigio a pois davanti a un gatto nero su un prato",
    ),
    "pt": (
        "duas mochilas rosa à direita de um guarda-chuva cinza em zigue-zague numa cozinha",
        "um sofá bege florido embaixo de dois ursinhos de pelúcia brancos ao pôr do sol",
        "um elefante cinza de bolinhas na frente de um gato preto num prado",
    ),
    "ja": (
        "台所、灰色のジグザグ模様の傘の右に2つのピンクのリュックサック",
        "夕暮れ、2つの白いテディベアの下にベージュの花柄のソファ",
        "草原、黒い猫の前に灰色の水玉模様の象",
    ),
    "zh": (
        "厨房里，两个粉色背包在一把灰色锯齿纹雨伞右边",
        "日落时，一张米色碎花沙发在两只白色泰迪熊下面",
        "草地上，一头灰色圆点大象在一只黑色的猫前面",
    ),
}
