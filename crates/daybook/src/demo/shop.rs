//! Who sells what to whom.

use daybook_domain::command::{MoveMerchant, RegisterMerchant, SetProfile};
use daybook_domain::event::{ProfileSet, SkuKind};
use daybook_domain::{Command, MerchantId};

use super::random::Random;
use crate::data::merchant_id;
use crate::failure::Failure;

pub(super) const AGENT: &str = "huaxia";
const PAY_URL: &str = "https://pay.huaxia.example/cashier?order={number}&amount={amount}&currency={currency}";

pub(super) struct Merchant {
    pub(super) id: &'static str,
    name: &'static str,
    parent: Option<&'static str>,
    /// Begins its order numbers.
    pub(super) prefix: &'static str,
    /// Of 100 orders, how many are its own.
    pub(super) share: u64,
    /// Of 1000 times, how often something is left lying.
    pub(super) slow: u64,
    pub(super) goods: &'static [Product],
}

pub(super) struct Product {
    pub(super) sku: &'static str,
    pub(super) title: &'static str,
    pub(super) kind: SkuKind,
    /// 分.
    pub(super) price_minor: i64,
}

const fn product(sku: &'static str, title: &'static str, kind: SkuKind, price_minor: i64) -> Product {
    Product { sku, title, kind, price_minor }
}

use SkuKind::{Card, Physical, TopUp};

pub(super) const MERCHANTS: &[Merchant] = &[
    Merchant { id: AGENT, name: "华夏数码代理", parent: None, prefix: "HX", share: 0, slow: 0, goods: &[] },
    Merchant {
        id: "xinghe",
        name: "星河点卡",
        parent: Some(AGENT),
        prefix: "XH",
        share: 30,
        slow: 30,
        goods: &[
            product("xh-card-30", "星河点卡 30 元", Card, 2_950),
            product("xh-card-50", "星河点卡 50 元", Card, 4_900),
            product("xh-card-100", "星河点卡 100 元", Card, 9_750),
            product("steam-20", "Steam gift card 20 USD", Card, 14_200),
            product("xh-month", "星河月卡", Card, 2_800),
        ],
    },
    Merchant {
        id: "xinghe-2",
        name: "星河点卡二店",
        parent: Some("xinghe"),
        prefix: "XE",
        share: 9,
        slow: 90,
        goods: &[
            product("xh-card-50", "星河点卡 50 元", Card, 4_880),
            product("video-year", "视频会员年卡", Card, 19_800),
            product("music-quarter", "音乐会员季卡", Card, 3_800),
        ],
    },
    Merchant {
        id: "fengche",
        name: "风车直充",
        parent: Some(AGENT),
        prefix: "FC",
        share: 25,
        slow: 60,
        goods: &[
            product("gems-60", "60 gems, any server", TopUp, 590),
            product("gems-300", "300 gems, any server", TopUp, 2_880),
            product("phone-50", "手机话费 50 元", TopUp, 4_980),
            product("phone-100", "手机话费 100 元", TopUp, 9_950),
            product("pass-season", "Season pass 第 12 季", TopUp, 6_800),
        ],
    },
    Merchant {
        id: "lantian",
        name: "蓝天数码",
        parent: Some(AGENT),
        prefix: "LT",
        share: 18,
        slow: 70,
        goods: &[
            product("mouse-x1", "无线鼠标 X1", Physical, 12_900),
            product("keyboard-k7", "机械键盘 K7", Physical, 39_900),
            product("cable-usb-c", "USB-C 数据线 1 米", Physical, 1_990),
            product("headset-h3", "Headset H3, black", Physical, 25_900),
            product("pad-xl", "鼠标垫 XL", Physical, 3_500),
        ],
    },
    Merchant {
        id: "pixelport",
        name: "Pixel Port",
        parent: Some(AGENT),
        prefix: "PP",
        share: 10,
        slow: 60,
        goods: &[
            product("pp-controller", "Wireless controller", Physical, 36_900),
            product("pp-dock", "Charging dock", Physical, 9_900),
            product("pp-card-10", "Pixel gift card 10 USD", Card, 7_200),
            product("pp-case", "Travel case", Physical, 5_900),
        ],
    },
    Merchant {
        id: "qingmu",
        name: "青木生活",
        parent: Some(AGENT),
        prefix: "QM",
        share: 8,
        slow: 190,
        goods: &[
            product("cup-350", "保温杯 350 毫升", Physical, 7_900),
            product("lamp-desk", "护眼台灯", Physical, 18_900),
            product("towel-3", "毛巾三条装", Physical, 3_990),
        ],
    },
];

pub(super) fn registrations() -> Result<Vec<Command<String>>, Failure> {
    MERCHANTS
        .iter()
        .map(|merchant| {
            Ok(Command::RegisterMerchant(RegisterMerchant {
                id: merchant_id(merchant.id)?,
                name: merchant.name.into(),
                parent: merchant.parent.map(merchant_id).transpose()?,
            }))
        })
        .collect()
}

/// What the roots tell of themselves holds for all that stand below them.
pub(super) fn profiles() -> impl Iterator<Item = (&'static Merchant, Result<Command<String>, Failure>)> {
    let roots = MERCHANTS.iter().filter(|merchant| merchant.parent.is_none());
    roots.map(|merchant| {
        let set = ProfileSet { time_zone: Some("Asia/Shanghai".into()), pay_url: Some(PAY_URL.into()) };
        (merchant, merchant_id(merchant.id).map(|merchant| Command::SetProfile(SetProfile { merchant, set })))
    })
}

/// The shop that opened, and did not last.
const TRIAL: (&str, &str) = ("yuanli", "园里试营业");

/// What became of it: days from the start, and what was done.
pub(super) fn trial() -> Result<Vec<(i64, Command<String>)>, Failure> {
    let (id, name) = TRIAL;
    let merchant = || merchant_id(id);
    let register = RegisterMerchant { id: merchant()?, name: name.into(), parent: Some(merchant_id(AGENT)?) };
    let below = MoveMerchant { merchant: merchant()?, parent: merchant_id("xinghe")? };
    Ok(vec![
        (1, Command::RegisterMerchant(register)),
        (9, Command::MoveMerchant(below)),
        (16, Command::CloseMerchant { merchant: merchant()? }),
        (21, Command::ReopenMerchant { merchant: merchant()? }),
        (40, Command::CloseMerchant { merchant: merchant()? }),
    ])
}

/// The merchant of one order, by share.
pub(super) fn some_merchant(random: &mut Random) -> (&'static Merchant, Result<MerchantId, Failure>) {
    let mut left = random.below(100);
    let mut found = &MERCHANTS[1];
    for merchant in MERCHANTS {
        if left < merchant.share {
            found = merchant;
            break;
        }
        left -= merchant.share;
    }
    (found, merchant_id(found.id))
}

const SURNAMES: &[(&str, &str)] = &[
    ("wang", "王"),
    ("li", "李"),
    ("zhang", "张"),
    ("liu", "刘"),
    ("chen", "陈"),
    ("yang", "杨"),
    ("zhao", "赵"),
    ("huang", "黄"),
    ("zhou", "周"),
    ("wu", "吴"),
];
const GIVEN: &[(&str, &str)] = &[
    ("wei", "伟"),
    ("fang", "芳"),
    ("na", "娜"),
    ("min", "敏"),
    ("jing", "静"),
    ("lei", "磊"),
    ("yan", "艳"),
    ("jun", "军"),
    ("mei", "梅"),
    ("hao", "浩"),
];
const STREETS: &[&str] =
    &["上海市中山路", "杭州市文三路", "成都市春熙路", "广州市天河路", "西安市长安路", "武汉市珞喻路"];

pub(super) struct Buyer {
    pub(super) account: String,
    pub(super) contact: String,
    /// What a top-up goes to.
    pub(super) inputs: String,
}

/// Few buy often, many buy once.
pub(super) fn some_buyer(random: &mut Random) -> Buyer {
    const BUYERS: u64 = 9_000;
    let first = random.below(BUYERS);
    let number = random.below(first + 1);
    let part =
        |list: &'static [(&'static str, &'static str)], of: u64| list[usize::try_from(of).unwrap_or(0) % list.len()];
    let (surname, surname_zh) = part(SURNAMES, number);
    let (given, given_zh) = part(GIVEN, number / 10);
    let street = STREETS[usize::try_from(number).unwrap_or(0) % STREETS.len()];
    let telephone = 13_000_000_000 + number * 7_919;
    Buyer {
        account: format!("{surname}.{given}{number}@example.org"),
        contact: format!(
            r#"{{"name":"{surname_zh}{given_zh}","tel":"{telephone}","address":"{street} {} 号"}}"#,
            number % 400 + 1
        ),
        inputs: format!(r#"{{"account":"{surname}{number}","server":"{}"}}"#, number % 12 + 1),
    }
}
