//! The page's own words. Those of events, fields, roles and reasons are the console's.

use crate::cli::LanguageArg;

/// One language's.
pub(super) struct Words {
    /// As HTML names it.
    pub(super) language: &'static str,
    pub(super) title: &'static str,
    pub(super) order: &'static str,
    pub(super) id: &'static str,
    pub(super) merchant: &'static str,
    pub(super) status: &'static str,
    pub(super) total: &'static str,
    pub(super) captured: &'static str,
    pub(super) refunded: &'static str,
    pub(super) checkpoint: &'static str,
    pub(super) records: &'static str,
    pub(super) no_checkpoint: &'static str,
    pub(super) made: &'static str,
    pub(super) number: &'static str,
    pub(super) time: &'static str,
    pub(super) recorded: &'static str,
    pub(super) what: &'static str,
    pub(super) who: &'static str,
    pub(super) because: &'static str,
    pub(super) changed: &'static str,
    pub(super) details: &'static str,
    pub(super) position: &'static str,
    pub(super) masked: &'static str,
    pub(super) note: &'static str,
    pub(super) note_masked: &'static str,
    pub(super) note_personal: &'static str,
}

pub(super) fn words(language: LanguageArg) -> &'static Words {
    match language {
        LanguageArg::En => &EN,
        LanguageArg::ZhCn => &ZH_CN,
    }
}

const EN: Words = Words {
    language: "en",
    title: "History of order",
    order: "Order number",
    id: "Id",
    merchant: "Merchant",
    status: "Status at the end",
    total: "Total",
    captured: "Received",
    refunded: "Refunded",
    checkpoint: "Last signed checkpoint",
    records: "records",
    no_checkpoint: "none was signed yet",
    made: "Written",
    number: "No.",
    time: "Time (UTC)",
    recorded: "recorded",
    what: "What happened",
    who: "Who",
    because: "Reason",
    changed: "What it changed",
    details: "Details",
    position: "Position in the ledger",
    masked: "(hidden)",
    note: "This page is for reading and proves nothing. What proves the same events to somebody who trusts neither side is \
           the bundle that `daybook evidence` writes; `daybook verify-evidence` and docs/verify_evidence.py check it.",
    note_masked: "Accounts, contacts, addresses, texts, tracking and trade numbers are hidden.",
    note_personal: "This page shows personal data: give it only to those who settle the dispute.",
};

const ZH_CN: Words = Words {
    language: "zh-CN",
    title: "订单历史",
    order: "订单号",
    id: "编号",
    merchant: "商家",
    status: "最终状态",
    total: "订单金额",
    captured: "已收金额",
    refunded: "已退金额",
    checkpoint: "最近一次签名的检查点",
    records: "条记录",
    no_checkpoint: "尚未签名",
    made: "生成时间",
    number: "序号",
    time: "时间（UTC）",
    recorded: "记录于",
    what: "事件",
    who: "操作人",
    because: "原因",
    changed: "变更内容",
    details: "详情",
    position: "账本位置",
    masked: "（已隐藏）",
    note: "本页仅供阅读，不构成证明。能向不信任任何一方的人证明同样事件的，是 `daybook evidence` 生成的证据包；可用 `daybook \
           verify-evidence` 或 docs/verify_evidence.py 校验。",
    note_masked: "账号、联系方式、地址、文字内容、运单号和交易号均已隐藏。",
    note_personal: "本页含个人信息：只可提供给处理该纠纷的人员。",
};
