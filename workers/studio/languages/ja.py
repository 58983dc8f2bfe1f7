"""Japanese: no spaces, and numbers with a counter that suits the thing."""

from random import Random

from workers.studio.languages.grammar import Form, Language, lexicon, pick
from workers.studio.scenes import BEHIND, LEFT, ON, Thing

# With the counter, where it isn't the general one.
_NOUNS = lexicon("""
    mug: マグカップ; カップ
    teapot: ティーポット; 急須
    bowl: ボウル; 鉢
    plate: 皿 / 枚; お皿 / 枚
    bottle: ボトル / 本; 瓶 / 本
    vase: 花瓶
    plant pot: 植木鉢; 鉢植え
    chair: 椅子 / 脚; いす / 脚
    stool: スツール / 脚
    sofa: ソファ; ソファー
    table: テーブル; 机
    bed: ベッド / 台
    lamp: ランプ; 電気スタンド
    clock: 時計; 目覚まし時計
    candle: ろうそく / 本; キャンドル / 本
    book: 本 / 冊
    cushion: クッション
    basket: かご; バスケット
    pan: フライパン
    kettle: やかん; ケトル
    cupboard: 戸棚; たんす
    radio: ラジオ / 台
    telephone: 電話 / 台; 電話機 / 台
    laptop: ノートパソコン / 台
    shoe: 靴; スニーカー
    boot: ブーツ
    handbag: ハンドバッグ; バッグ
    backpack: リュックサック; リュック
    suitcase: スーツケース
    hat: 帽子
    cap: キャップ; 野球帽
    shirt: シャツ / 枚; Tシャツ / 枚
    dress: ワンピース / 着; ドレス / 着
    pair of trousers: ズボン / 本
    sock: 靴下
    scarf: マフラー / 本; スカーフ / 枚
    mitten: ミトン; 手袋
    watch: 腕時計
    pair of glasses: 眼鏡 / 本; メガネ / 本
    umbrella: 傘 / 本
    camera: カメラ / 台
    bicycle: 自転車 / 台
    car: 車 / 台; 自動車 / 台
    bus: バス / 台
    boat: 船 / 隻; ヨット / 隻
    balloon: 風船
    kite: 凧
    ball: ボール
    drum: 太鼓; ドラム
    guitar: ギター / 本
    tent: テント
    rocket: ロケット / 機
    bird house: 巣箱; 鳥小屋
    watering can: じょうろ
    bucket: バケツ
    skateboard: スケートボード / 台
    apple: りんご
    banana: バナナ / 本
    cake: ケーキ
    cat: 猫 / 匹; ネコ / 匹
    fish: 魚 / 匹
    bird: 鳥 / 羽; 小鳥 / 羽
    elephant: 象 / 頭; ゾウ / 頭
    tortoise: 亀 / 匹; カメ / 匹
    hammer: ハンマー; 金づち
    saw: のこぎり / 本
    teddy bear: テディベア; くまのぬいぐるみ
    robot: ロボット / 体
    cactus: サボテン
    tree: 木 / 本
    tractor: トラクター / 台
    aeroplane: 飛行機 / 機
    : もの; 物
""")

# As they stand before a noun.
_ADJECTIVES = lexicon("""
    red: 赤い
    orange: オレンジ色の; オレンジの
    yellow: 黄色い; 黄色の
    green: 緑の; 緑色の
    turquoise: ターコイズ色の; 青緑色の
    blue: 青い
    purple: 紫の; 紫色の
    pink: ピンクの; 桃色の
    brown: 茶色の; 茶色い
    beige: ベージュの
    gold: 金色の; ゴールドの
    black: 黒い
    grey: 灰色の; グレーの
    white: 白い
    plain: 無地の
    striped: 縞模様の; ストライプの
    dotted: 水玉模様の; 水玉の
    checked: チェック柄の; 格子柄の
    zigzag: ジグザグ模様の; ジグザグの
    flowery: 花柄の; 花模様の
    wooden: 木製の; 木の
    metallic: 金属製の; メタリックな
""")

_SETTINGS = lexicon("""
    on a white background: 白い背景; 白背景
    on a grey background: 灰色の背景; グレーの背景
    against a pale blue wall: 淡い青色の壁の前; 水色の壁の前
    against a pale pink wall: 淡いピンク色の壁の前; 薄いピンクの壁の前
    against a pale yellow wall: 淡い黄色の壁の前; クリーム色の壁の前
    against a mint wall: ミント色の壁の前; ミントグリーンの壁の前
    on a wooden table: 木のテーブルの上; 木製テーブルの上
    on a meadow: 草原; 草地
    on a beach: 浜辺; 砂浜; ビーチ
    in the snow: 雪の中; 雪の上
    at night: 夜
    by a brick wall: れんがの壁のそば; レンガの壁の前
    in a kitchen: 台所; キッチン
    in a city street: 街の通り; 街中
    in the mountains: 山の中; 山
    at sunset: 夕暮れ; 夕焼け
    in the desert: 砂漠; 砂漠の中
    on a shelf: 棚の上
    in the sky: 空中; 空
""")


def _phrase(thing: Thing, count: int, form: Form, rng: Random | None) -> str:
    noun, *counter = pick(_NOUNS[thing.kind], rng)
    words = (thing.colour, thing.pattern)
    name = "".join([pick(_ADJECTIVES[word], rng)[0] for word in words if word]) + noun
    if form is Form.PLURAL or (count == 1 and form is not Form.SINGLE):
        return name
    number = f"{count}{counter[0] if counter else 'つ'}"
    if rng is not None and rng.random() < 0.3:
        return f"{name}{number}"
    return f"{number}の{name}"


LANGUAGE = Language(
    phrase=_phrase,
    settings=_SETTINGS,
    relations={
        LEFT: ("{b}の左に{a}", "{a}の右に{b}", "{b}の左側に{a}", "{a}の右側に{b}"),
        ON: ("{b}の上に{a}", "{a}の下に{b}"),
        BEHIND: ("{b}の後ろに{a}", "{a}の前に{b}", "{b}の後方に{a}", "{a}の手前に{b}"),
    },
    pictured=("{0}", "写真：{0}", "画像：{0}"),
    placed=("{1}の{0}", "{0}、{1}", "{1}に{0}", "写真：{1}の{0}"),
    arranged=("{1}、{0}", "{0}、{1}", "写真：{1}、{0}"),
)
