//! Real orders: after an import every figure that is answered over HTTP is the one that independent code
//! (`olist_expected.py`) computes from the CSV files. They may not be part of the project, so they are looked for where
//! `DAYBOOK_OLIST` points, else in `../shared/data/olist` beside the workspace.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use daybook_domain::posting::{Metric, Milestones, Posting, postings};
use daybook_domain::time::DAY_MICROS;
use daybook_domain::{Currency, Event, Order, Recorded, StreamId, Timestamp};
use daybook_engine::{FolderOptions, open_folder};
use daybook_views::Views;
use daybook_views::query::{Basis, Contributor, ContributorQuery, DashboardQuery, ForecastQuery, HoursOfWeek};
use serde_json::{Value, json};
use support::{Server, daybook, run, token};

const FIGURES: &str = "placedOrders paidOrders conversionRate paidAmount { amount } averageOrderValue { amount }";

fn source() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/olist");
    let folder = std::env::var_os("DAYBOOK_OLIST").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no Olist data in {}; set DAYBOOK_OLIST to its folder", folder.display());
    None
}

fn expected(source: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/olist_expected.py");
    let output = Command::new("python3").arg(script).arg(source).output().expect("python3 is needed for this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn import(source: &Path, data: &Path) -> Value {
    let output = run(&["import", "olist", source.to_str().unwrap(), "--json"], data);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What is in the source, as its description counts it.
fn check_report(report: &Value) {
    assert_eq!(report["notImported"], 0);
    for (class, count) in [
        ("carrier before approval", 1359),
        ("carrier before purchase", 166),
        ("delivered before carrier", 23),
        ("delivered without approval time", 14),
        ("delivered without carrier time", 2),
        ("delivered without customer time", 8),
        ("orders without items", 775),
        ("orders without payment", 1),
        ("orders with several sellers", 1278),
        ("orders with several payments", 2961),
        ("payments of value 0: no event", 9),
        ("orders whose payments differ from items and freight", 576),
        ("orders without review", 768),
        ("orders with several reviews", 547),
        ("reviews without creation date", 12),
        ("reviews without answer time", 48),
        ("cancelled although paid, no refund in the source", 484),
    ] {
        assert_eq!(report["anomalies"][class], count, "{class}");
    }
    assert!(report["unmappedColumns"].as_array().unwrap().iter().any(|column| column == "order_reviews.review_id"));
}

/// Those in use: spare ones have another name.
fn wal_files(data: &Path) -> usize {
    let Ok(files) = std::fs::read_dir(data.join("wal")) else { return 0 };
    files.filter(|file| file.as_ref().is_ok_and(|file| file.path().extension().is_some_and(|end| end == "wal"))).count()
}

/// Killed in the middle, then run again, then once more.
fn import_in_pieces(source: &Path, data: &Path) {
    let mut child = daybook()
        .args(["import", "olist", source.to_str().unwrap(), "--data"])
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The second write-ahead file comes with about half of the events, however fast it is.
    let deadline = Instant::now() + Duration::from_secs(300);
    while wal_files(data) < 2 {
        assert_eq!(child.try_wait().unwrap(), None, "it was over before it could be killed");
        assert!(Instant::now() < deadline, "it never got anywhere");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "it was over before it could be killed");
    let resumed = import(source, data);
    let count = |report: &Value, field: &str| report[field].as_u64().unwrap();
    let all = count(&resumed, "imported") + count(&resumed, "alreadyThere");
    assert_eq!(all, 500_852, "{resumed}");
    let (there, new) = (count(&resumed, "alreadyThere"), count(&resumed, "imported"));
    eprintln!("{there} actions were there when the import was killed, {new} were not");
    assert!(there > 0 && new > 0, "not killed midway");
    check_report(&resumed);
    let again = import(source, data);
    assert_eq!((count(&again, "imported"), count(&again, "alreadyThere")), (0, all));
}

#[test]
fn all_figures_are_those_of_the_source() {
    let Some(source) = source() else { return };
    let expected = expected(&source);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    import_in_pieces(&source, &data);
    let server = Server::start(&data, token(&data));
    check_labels(&server, &expected);
    check_dashboard(&server, &expected);
    check_months(&server, &expected);
    check_sellers(&server, &expected);
    check_buyers(&server, &expected);
    #[cfg(unix)]
    assert_eq!(server.interrupt(), Some(0));
    check_script(&data, &expected);
    let events = Events::read(&data);
    events.check_explained();
    events.print_forecast_errors();
}

/// The log folded here, without a server.
struct Events {
    views: Views,
    /// What each event contributed to which figure: when it happened, and how much.
    posted: HashMap<StreamId, Vec<(Metric, Timestamp, i64)>>,
    placed_at: HashMap<StreamId, Timestamp>,
}

impl Events {
    fn read(data: &Path) -> Self {
        let clock = std::sync::Arc::new(|| Timestamp(i64::MAX / 2));
        let folder = open_folder(data, &FolderOptions::default(), clock).unwrap();
        let mut views = Views::new();
        let mut orders: HashMap<StreamId, Order> = HashMap::new();
        let mut events = Self { views: Views::new(), posted: HashMap::new(), placed_at: HashMap::new() };
        let mut from = 1;
        loop {
            let next = folder.reader.for_each(from, 1 << 20, |recorded| {
                views.apply(&recorded).unwrap();
                events.post(&mut orders, &recorded);
            });
            match next.unwrap() {
                next if next == from => break,
                next => from = next,
            }
        }
        folder.engine.shutdown().unwrap();
        Self { views, ..events }
    }

    fn post(&mut self, orders: &mut HashMap<StreamId, Order>, recorded: &Recorded) {
        let id = recorded.stream;
        let (before, after) = match (orders.remove(&id), &recorded.event) {
            (None, Event::OrderPlaced(placed)) => {
                self.placed_at.insert(id, recorded.occurred_at);
                (Milestones::default(), Order::placed(placed, recorded.origin, recorded.occurred_at))
            }
            (None, _) => return,
            (Some(mut order), _) => {
                let before = Milestones::of(&order);
                order.apply(recorded);
                (before, order)
            }
        };
        let posted = self.posted.entry(id).or_default();
        postings(before, &after, recorded, |posting| {
            if let Posting::Count { metric, amount } = posting {
                posted.push((metric, recorded.occurred_at, amount));
            }
        });
        orders.insert(id, after);
    }

    /// The events behind each figure come to the figure, over all and over parts.
    fn check_explained(&self) {
        let real = Currency::new("BRL").unwrap();
        let day = |n: i64| Timestamp(n * DAY_MICROS);
        let ranges = [(0, 40_000), (17_167, 17_198), (17_500, 17_501), (17_650, 17_800)];
        let mut explained = 0;
        for (metric, basis) in
            Metric::ALL.into_iter().flat_map(|metric| [(metric, Basis::Cohort), (metric, Basis::Booked)])
        {
            for (from, to) in ranges.map(|(from, to)| (day(from), day(to))) {
                let query = DashboardQuery {
                    merchant: None,
                    subtree: true,
                    under: None,
                    from,
                    to,
                    zone: &[],
                    currency: real,
                    basis,
                    merchants: 0,
                };
                let figure = self.views.dashboard().unwrap().answer(&query).unwrap().figure(metric);
                let mut query = ContributorQuery {
                    merchant: None,
                    subtree: true,
                    under: None,
                    from,
                    to,
                    currency: real,
                    basis,
                    metric,
                    hours: HoursOfWeek::default(),
                    zone: &[],
                    from_order: None,
                    first: usize::MAX,
                    looks: 1_000,
                };
                let mut sum = 0;
                loop {
                    let step = self.views.dashboard().unwrap().contributors(&query);
                    sum += step.found.iter().map(|found| self.contributed(found, &query)).sum::<i64>();
                    explained += step.found.len();
                    query.from_order = step.next;
                    if step.next.is_none() {
                        break;
                    }
                }
                assert_eq!(sum, figure, "{metric:?} {basis:?} {from:?}");
            }
        }
        assert!(explained > 500_000, "{explained}");
    }

    fn contributed(&self, found: &Contributor, query: &ContributorQuery<'_>) -> i64 {
        let placed_at = self.placed_at[&found.order];
        let counts = self.posted[&found.order].iter().filter(|(metric, at, _)| {
            let at = if query.basis == Basis::Cohort { placed_at } else { *at };
            let is_on_day = at.0.div_euclid(DAY_MICROS) == i64::from(found.day);
            *metric == query.metric && is_on_day && (query.from..query.to).contains(&at)
        });
        counts.map(|(_, _, amount)| amount).sum()
    }

    /// Beside a forecast that says: as last week.
    fn print_forecast_errors(&self) {
        for (name, day) in [("2018-02-01", 17_563), ("2018-05-01", 17_652), ("2018-08-01", 17_744)] {
            let query = ForecastQuery {
                merchant: None,
                subtree: true,
                under: None,
                at: Timestamp(day * DAY_MICROS),
                zone: &[],
                currency: Currency::new("BRL").unwrap(),
                hours: 168,
            };
            let forecast = self.views.dashboard().unwrap().forecast(&query).unwrap();
            let error = forecast.error.unwrap();
            let percent = |millionths: Option<u64>| millionths.unwrap() / 10_000;
            let (ours, naive) = (percent(error.share_millionths()), percent(error.naive_share_millionths()));
            eprintln!(
                "the week before {name}, {} orders: forecast hour by hour, {ours} % off; as the week before, {naive} % off",
                error.placed
            );
            assert_eq!((forecast.weeks, forecast.hours.len()), (8, 168));
        }
    }
}

fn check_labels(server: &Server, expected: &Value) {
    let query = "query($label: OrderLabel!) { ordersCount(where: {label: {oneOf: [$label]}}, scope: SUBTREE) }";
    for label in
        ["AWAITING_PAYMENT", "TO_SHIP", "SHIPPED", "COMPLETED", "CANCELLED", "REFUNDED", "AFTER_SALES", "EXCEPTION"]
    {
        let count = &server.query(query, &json!({"label": label}))["ordersCount"];
        assert_eq!(count.as_u64(), Some(expected["labels"][label].as_u64().unwrap_or(0)), "{label}");
    }
}

fn dashboard(server: &Server, merchant: &str, scope: &str, from: &str, to: &str, what: &str) -> Value {
    let query = format!(
        "query($merchant: String, $scope: Scope, $from: DateTime!, $to: DateTime!) {{ dashboard(merchant: $merchant, scope: $scope, \
         range: {{gte: $from, lt: $to}}, timeZone: \"UTC\", currency: \"BRL\", basis: COHORT) {{ {what} }} }}"
    );
    server.query(&query, &json!({"merchant": merchant, "scope": scope, "from": from, "to": to}))["dashboard"].take()
}

const FROM: &str = "2016-01-01T00:00:00Z";
const TO: &str = "2019-01-01T00:00:00Z";

/// `found` as it is answered, `expected` as the script writes it.
fn same(found: &Value, expected: &Value, what: &str) {
    let answer = json!({
        "placedOrders": found["placedOrders"],
        "paidOrders": found["paidOrders"],
        "conversionRate": found["conversionRate"],
        "paidAmount": found["paidAmount"]["amount"],
        "averageOrderValue": found["averageOrderValue"]["amount"],
    });
    let mut expected = expected.clone();
    expected.as_object_mut().unwrap().remove("id");
    assert_eq!(answer, expected, "{what}");
}

fn check_dashboard(server: &Server, expected: &Value) {
    let what = format!(
        "{FIGURES} peak {{ weekday hour placedOrders }} byWeekdayHour {{ weekday hour placedOrders paidOrders }} \
         byDay {{ date placedOrders paidOrders paidAmount {{ amount }} }}"
    );
    let found = dashboard(server, "olist", "SUBTREE", FROM, TO, &what);
    same(&found, &expected["total"], "all orders");
    assert_eq!(found["peak"], expected["peak"]);
    assert_eq!(found["byWeekdayHour"], expected["hours"]);
    let days = expected["days"].as_object().unwrap();
    let mut with_orders = 0;
    for day in found["byDay"].as_array().unwrap() {
        match days.get(day["date"].as_str().unwrap()) {
            Some(expected) => {
                with_orders += 1;
                let amount = &day["paidAmount"]["amount"];
                assert_eq!(
                    (&day["placedOrders"], &day["paidOrders"], amount),
                    (&expected["placedOrders"], &expected["paidOrders"], &expected["paidAmount"]),
                    "{day}"
                );
            }
            None => assert_eq!(day["placedOrders"], 0, "{day}"),
        }
    }
    assert_eq!(with_orders, days.len());
}

fn check_months(server: &Server, expected: &Value) {
    for (month, expected) in expected["months"].as_object().unwrap() {
        let (year, number) = month.split_once('-').unwrap();
        let (year, number): (u32, u32) = (year.parse().unwrap(), number.parse().unwrap());
        let next = format!("{}-{:02}", year + number / 12, number % 12 + 1);
        let start = |month: &str| format!("{month}-01T00:00:00Z");
        same(&dashboard(server, "olist", "SUBTREE", &start(month), &start(&next), FIGURES), expected, month);
    }
}

fn check_sellers(server: &Server, expected: &Value) {
    let sellers = expected["sellers"].as_array().unwrap();
    let what = "byMerchant(first: 250) { merchant { id } placedOrders paidAmount { amount } }";
    let found = dashboard(server, "olist", "SUBTREE", FROM, TO, what);
    let found = found["byMerchant"].as_array().unwrap();
    assert_eq!(found.len(), 250);
    for (found, expected) in found.iter().zip(sellers) {
        let answer = (&found["merchant"]["id"], &found["placedOrders"], &found["paidAmount"]["amount"]);
        assert_eq!(answer, (&expected["id"], &expected["placedOrders"], &expected["paidAmount"]));
    }
    for expected in sellers {
        let id = expected["id"].as_str().unwrap();
        same(&dashboard(server, id, "OWN", FROM, TO, FIGURES), expected, id);
    }
}

fn check_buyers(server: &Server, expected: &Value) {
    let query = "query($buyer: String!) { orders(where: {buyer: {eq: $buyer}}, scope: SUBTREE, first: 250) { \
                 nodes { placedAt number label merchant { id } buyer { account } } pageInfo { hasNextPage } } }";
    for (buyer, expected) in expected["buyers"].as_object().unwrap() {
        let found = server.query(query, &json!({"buyer": buyer}))["orders"].take();
        assert_eq!(found["pageInfo"]["hasNextPage"], false);
        let mut orders: Vec<Value> = found["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| {
                assert_eq!(&node["buyer"]["account"], buyer);
                json!([node["placedAt"], node["number"], node["label"], node["merchant"]["id"]])
            })
            .collect();
        let times: Vec<_> = orders.iter().map(|order| order[0].as_str().unwrap().to_owned()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "{buyer}: newest first");
        orders.sort_by_key(|order| std::cmp::Reverse(order.to_string()));
        assert_eq!(&Value::from(orders), expected, "{buyer}");
    }
}

/// The script of docs/ over the whole export.
fn check_script(data: &Path, expected: &Value) {
    let mut export = daybook()
        .args(["export", "events", "--format", "jsonl", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rebuild-figure.py");
    let output = Command::new("python3").arg(script).stdin(export.stdout.take().unwrap()).output().unwrap();
    assert!(export.wait().unwrap().success());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let amount: String = expected["total"]["paidAmount"].as_str().unwrap().replace('.', "");
    assert_eq!(found["BRL"]["paidOrders"], expected["total"]["paidOrders"]);
    assert_eq!(found["BRL"]["paidAmountMinor"].to_string(), amount);
}
