"""Chinese, in simplified characters: no spaces, and a measure word after every number."""

from random import Random

from workers.studio.languages.grammar import Form, Language, lexicon, pick
from workers.studio.scenes import BEHIND, LEFT, ON, Thing

# With the measure word.
_NOUNS = lexicon("""
    mug: 马克杯 / 个; 杯子 / 个
    teapot: 茶壶 / 把
    bowl: 碗 / 个
    plate: 盘子 / 个; 碟子 / 个
    bottle: 瓶子 / 个
    vase: 花瓶 / 个
    plant pot: 花盆 / 个; 盆栽 / 盆
    chair: 椅子 / 把
    stool: 凳子 / 个
    sofa: 沙发 / 张
    table: 桌子 / 张
    bed: 床 / 张
    lamp: 台灯 / 盏; 灯 / 盏
    clock: 时钟 / 个; 闹钟 / 个
    candle: 蜡烛 / 根
    book: 书 / 本
    cushion: 靠垫 / 个; 抱枕 / 个
    basket: 篮子 / 个
    pan: 平底锅 / 个; 煎锅 / 个
    kettle: 水壶 / 个; 烧水壶 / 个
    cupboard: 柜子 / 个; 衣柜 / 个
    radio: 收音机 / 台
    telephone: 电话 / 部; 电话机 / 部
    laptop: 笔记本电脑 / 台
    shoe: 鞋子 / 只; 运动鞋 / 只
    boot: 靴子 / 只
    handbag: 手提包 / 个; 包 / 个
    backpack: 背包 / 个; 双肩包 / 个
    suitcase: 行李箱 / 个; 手提箱 / 个
    hat: 帽子 / 顶
    cap: 棒球帽 / 顶; 鸭舌帽 / 顶
    shirt: 衬衫 / 件; T恤 / 件
    dress: 连衣裙 / 条; 裙子 / 条
    pair of trousers: 裤子 / 条
    sock: 袜子 / 只
    scarf: 围巾 / 条
    mitten: 连指手套 / 只; 手套 / 只
    watch: 手表 / 块; 腕表 / 块
    pair of glasses: 眼镜 / 副
    umbrella: 雨伞 / 把; 伞 / 把
    camera: 相机 / 台; 照相机 / 台
    bicycle: 自行车 / 辆
    car: 汽车 / 辆; 小汽车 / 辆
    bus: 公共汽车 / 辆; 公交车 / 辆
    boat: 小船 / 艘; 帆船 / 艘
    balloon: 气球 / 个
    kite: 风筝 / 只
    ball: 球 / 个; 皮球 / 个
    drum: 鼓 / 面
    guitar: 吉他 / 把
    tent: 帐篷 / 顶
    rocket: 火箭 / 枚
    bird house: 鸟屋 / 个; 鸟巢箱 / 个
    watering can: 洒水壶 / 个; 浇水壶 / 个
    bucket: 水桶 / 个; 桶 / 个
    skateboard: 滑板 / 块
    apple: 苹果 / 个
    banana: 香蕉 / 根
    cake: 蛋糕 / 个
    cat: 猫 / 只; 猫咪 / 只
    fish: 鱼 / 条
    bird: 鸟 / 只; 小鸟 / 只
    elephant: 大象 / 头
    tortoise: 乌龟 / 只
    hammer: 锤子 / 把
    saw: 锯子 / 把
    teddy bear: 泰迪熊 / 只; 玩具熊 / 只
    robot: 机器人 / 个
    cactus: 仙人掌 / 棵
    tree: 树 / 棵; 大树 / 棵
    tractor: 拖拉机 / 辆
    aeroplane: 飞机 / 架
    : 东西 / 个; 物品 / 个
""")

_ADJECTIVES = lexicon("""
    red: 红色
    orange: 橙色; 橘色
    yellow: 黄色
    green: 绿色
    turquoise: 青绿色; 蓝绿色
    blue: 蓝色
    purple: 紫色
    pink: 粉色; 粉红色
    brown: 棕色; 褐色
    beige: 米色
    gold: 金色
    black: 黑色
    grey: 灰色
    white: 白色
    plain: 纯色
    striped: 条纹
    dotted: 圆点; 波点
    checked: 格子; 格纹
    zigzag: 锯齿纹; 之字纹
    flowery: 碎花; 印花
    wooden: 木制; 木质
    metallic: 金属
""")

_SETTINGS = lexicon("""
    on a white background: 白色背景上; 白色背景前
    on a grey background: 灰色背景上; 灰色背景前
    against a pale blue wall: 浅蓝色墙前; 淡蓝色墙前
    against a pale pink wall: 浅粉色墙前; 淡粉色墙前
    against a pale yellow wall: 浅黄色墙前; 淡黄色墙前
    against a mint wall: 薄荷绿墙前; 薄荷色墙前
    on a wooden table: 木桌上; 木头桌子上
    on a meadow: 草地上
    on a beach: 海滩上; 沙滩上
    in the snow: 雪地里; 雪中
    at night: 夜晚; 夜里
    by a brick wall: 砖墙边; 砖墙前
    in a kitchen: 厨房里; 厨房中
    in a city street: 城市街道上; 街上
    in the mountains: 山里; 群山中
    at sunset: 日落时; 夕阳下
    in the desert: 沙漠里; 沙漠中
    on a shelf: 架子上; 置物架上
    in the sky: 天空中; 天上
""")

_NUMBERS = {1: "一", 2: "两", 3: "三"}


def _phrase(thing: Thing, count: int, form: Form, rng: Random | None) -> str:
    noun, measure = pick(_NOUNS[thing.kind], rng)
    words = (thing.colour, thing.pattern)
    name = "".join([pick(_ADJECTIVES[word], rng)[0] for word in words if word])
    if name and (not thing.kind or len(noun) == 1 or (rng is not None and rng.random() < 0.3)):
        name += "的"
    if form is Form.PLURAL or (count == 1 and form is Form.BARE):
        return f"{name}{noun}"
    return f"{_NUMBERS[count]}{measure}{name}{noun}"


LANGUAGE = Language(
    phrase=_phrase,
    settings=_SETTINGS,
    relations={
        LEFT: ("{a}在{b}左边", "{b}在{a}右边", "{b}左边的{a}", "{a}右边的{b}"),
        ON: ("{a}在{b}上面", "{b}在{a}下面", "{b}上面的{a}", "{a}下面的{b}"),
        BEHIND: ("{a}在{b}后面", "{b}在{a}前面", "{b}后面的{a}", "{a}前面的{b}"),
    },
    pictured=("{0}", "图片：{0}", "照片：{0}"),
    placed=("{1}的{0}", "{0}在{1}", "{1}有{0}", "图片：{1}的{0}"),
    arranged=("{1}，{0}", "{0}，{1}", "在{1}，{0}", "图片：{1}，{0}"),
)
