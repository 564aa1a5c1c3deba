//! The CSV files, gzipped or not, joined by order in memory.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::StringRecord;
use daybook_codec::parse_time;
use daybook_domain::{Currency, Money, Timestamp};
use flate2::read::GzDecoder;
use hashbrown::HashMap;

use crate::failure::Failure;

/// One row of the orders file with all that belongs to it.
#[derive(Debug, Default)]
pub(super) struct OlistOrder {
    /// Its line in the orders file.
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) account: String,
    pub(super) status: String,
    pub(super) purchase: Timestamp,
    pub(super) approval: Option<Timestamp>,
    pub(super) carrier: Option<Timestamp>,
    pub(super) customer: Option<Timestamp>,
    /// By item id.
    pub(super) items: Vec<Item>,
    /// By sequence.
    pub(super) payments: Vec<Payment>,
    /// By time.
    pub(super) reviews: Vec<Review>,
}

#[derive(Debug)]
pub(super) struct Item {
    pub(super) number: u32,
    pub(super) product: String,
    pub(super) title: String,
    pub(super) seller: String,
    /// Hundredths of a real.
    pub(super) price_minor: i64,
    pub(super) freight_minor: i64,
}

#[derive(Debug)]
pub(super) struct Payment {
    pub(super) sequence: u64,
    pub(super) kind: String,
    pub(super) value_minor: i64,
}

#[derive(Debug)]
pub(super) struct Review {
    pub(super) id: String,
    pub(super) score: u8,
    pub(super) comment: Option<String>,
    pub(super) created: Option<Timestamp>,
    pub(super) answered: Option<Timestamp>,
}

impl OlistOrder {
    pub(super) fn latest(&self) -> Timestamp {
        [self.approval, self.carrier, self.customer].into_iter().flatten().fold(self.purchase, Ord::max)
    }

    /// Whether its payments count as captured.
    pub(super) fn is_paid(&self) -> bool {
        self.approval.or(self.carrier).or(self.customer).is_some()
    }

    pub(super) fn paid_minor(&self) -> i64 {
        self.payments.iter().map(|payment| payment.value_minor).sum()
    }

    pub(super) fn goods_minor(&self) -> i64 {
        self.items.iter().map(|item| item.price_minor + item.freight_minor).sum()
    }
}

/// The data set, by time of purchase.
pub(crate) struct Source {
    pub(super) orders: Vec<OlistOrder>,
}

/// Columns that no event carries.
pub(super) const UNMAPPED: &[&str] = &[
    "orders.order_estimated_delivery_date",
    "order_items.shipping_limit_date",
    "order_payments.payment_installments",
    "customers.customer_zip_code_prefix",
    "customers.customer_city",
    "customers.customer_state",
    "sellers.seller_zip_code_prefix",
    "sellers.seller_city",
    "sellers.seller_state",
    "products.product_name_lenght",
    "products.product_description_lenght",
    "products.product_photos_qty",
    "products.product_weight_g",
    "products.product_length_cm",
    "products.product_height_cm",
    "products.product_width_cm",
    "order_reviews.review_id",
];

impl Source {
    pub(crate) fn orders(&self) -> usize {
        self.orders.len()
    }

    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let customers = pairs(folder, "olist_customers_dataset.csv", "customer_id", "customer_unique_id")?;
        let english = pairs(
            folder,
            "product_category_name_translation.csv",
            "product_category_name",
            "product_category_name_english",
        )?;
        let categories = pairs(folder, "olist_products_dataset.csv", "product_id", "product_category_name")?;
        let mut orders = orders(folder, &customers)?;
        let index: HashMap<String, usize> =
            orders.iter().enumerate().map(|(at, order)| (order.id.clone(), at)).collect();
        let place = |table: &Table, row: &Row| {
            index
                .get(row.text("order_id")?)
                .copied()
                .ok_or_else(|| table.wrong(row, "names no order of the orders file"))
        };
        let items = Table::open(folder, "olist_order_items_dataset.csv")?;
        items.each(|row| {
            let category = categories.get(row.text("product_id")?).map_or("", String::as_str);
            let title = match (english.get(category), category) {
                (Some(english), _) => english.as_str(),
                (None, "") => "uncategorised",
                (None, portuguese) => portuguese,
            };
            let item = Item {
                number: row.number("order_item_id")?,
                product: row.text("product_id")?.into(),
                title: title.into(),
                seller: row.text("seller_id")?.into(),
                price_minor: row.money("price")?,
                freight_minor: row.money("freight_value")?,
            };
            orders[place(&items, row)?].items.push(item);
            Ok(())
        })?;
        let payments = Table::open(folder, "olist_order_payments_dataset.csv")?;
        payments.each(|row| {
            let payment = Payment {
                sequence: row.number("payment_sequential")?,
                kind: row.text("payment_type")?.into(),
                value_minor: row.money("payment_value")?,
            };
            orders[place(&payments, row)?].payments.push(payment);
            Ok(())
        })?;
        let reviews = Table::open(folder, "olist_order_reviews_dataset.csv")?;
        reviews.each(|row| {
            let parts = [row.text("review_comment_title")?.trim(), row.text("review_comment_message")?.trim()];
            let comment = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
            let review = Review {
                id: row.text("review_id")?.into(),
                score: row.number("review_score")?,
                comment: Some(comment).filter(|comment| !comment.is_empty()),
                created: row.time("review_creation_date")?,
                answered: row.time("review_answer_timestamp")?,
            };
            orders[place(&reviews, row)?].reviews.push(review);
            Ok(())
        })?;
        for order in &mut orders {
            let latest = order.latest();
            order.items.sort_by_key(|item| item.number);
            order.payments.sort_by_key(|payment| payment.sequence);
            order.reviews.sort_by(|a, b| (a.at(latest), &a.id).cmp(&(b.at(latest), &b.id)));
        }
        orders.sort_by(|a, b| (a.purchase, &a.id).cmp(&(b.purchase, &b.id)));
        Ok(Self { orders })
    }
}

impl Review {
    pub(super) fn at(&self, latest: Timestamp) -> Timestamp {
        self.answered.or(self.created).unwrap_or(latest)
    }
}

fn orders(folder: &Path, customers: &HashMap<String, String>) -> Result<Vec<OlistOrder>, Failure> {
    let table = Table::open(folder, "olist_orders_dataset.csv")?;
    let mut orders = Vec::new();
    table.each(|row| {
        let customer = row.text("customer_id")?;
        let account =
            customers.get(customer).ok_or_else(|| table.wrong(row, "names no customer of the customers file"))?;
        orders.push(OlistOrder {
            line: row.line,
            id: row.text("order_id")?.into(),
            account: account.clone(),
            status: row.text("order_status")?.into(),
            purchase: row
                .time("order_purchase_timestamp")?
                .ok_or_else(|| table.wrong(row, "has no time of purchase"))?,
            approval: row.time("order_approved_at")?,
            carrier: row.time("order_delivered_carrier_date")?,
            customer: row.time("order_delivered_customer_date")?,
            ..OlistOrder::default()
        });
        Ok(())
    })?;
    Ok(orders)
}

fn pairs(folder: &Path, name: &str, key: &str, value: &str) -> Result<HashMap<String, String>, Failure> {
    let mut pairs = HashMap::new();
    Table::open(folder, name)?.each(|row| {
        pairs.insert(row.text(key)?.to_owned(), row.text(value)?.to_owned());
        Ok(())
    })?;
    Ok(pairs)
}

/// A CSV file with named columns.
struct Table {
    name: String,
    text: Vec<u8>,
    columns: HashMap<String, usize>,
}

struct Row<'a> {
    table: &'a Table,
    line: u64,
    record: &'a StringRecord,
}

impl Table {
    fn open(folder: &Path, name: &str) -> Result<Self, Failure> {
        let plain = folder.join(name);
        let gzipped = folder.join(format!("{name}.gz"));
        let mut text = Vec::new();
        let (path, read) = if plain.exists() {
            (plain.clone(), File::open(&plain).and_then(|mut file| file.read_to_end(&mut text)))
        } else {
            (gzipped.clone(), File::open(&gzipped).and_then(|file| GzDecoder::new(file).read_to_end(&mut text)))
        };
        read.map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        // A byte order mark is no part of the first column's name.
        if text.starts_with("\u{feff}".as_bytes()) {
            text.drain(..3);
        }
        let mut reader = csv::Reader::from_reader(text.as_slice());
        let headers = reader.headers().map_err(|error| Failure::new(format!("{name}: {error}")))?;
        let columns = headers.iter().enumerate().map(|(at, column)| (column.to_owned(), at)).collect();
        Ok(Self { name: name.into(), columns, text })
    }

    fn each(&self, mut row: impl FnMut(&Row) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut reader = csv::Reader::from_reader(self.text.as_slice());
        let mut record = StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    row(&Row { table: self, line, record: &record })?;
                }
                Err(error) => return Err(Failure::new(format!("{}: {error}", self.name))),
            }
        }
    }

    fn wrong(&self, row: &Row, what: &str) -> Failure {
        Failure::new(format!("{} line {}: {what}", self.name, row.line))
    }
}

impl Row<'_> {
    fn text(&self, column: &str) -> Result<&str, Failure> {
        let at = self.table.columns.get(column);
        at.and_then(|&at| self.record.get(at)).ok_or_else(|| self.table.wrong(self, &format!("has no column {column}")))
    }

    fn number<N: std::str::FromStr>(&self, column: &str) -> Result<N, Failure> {
        let text = self.text(column)?;
        text.parse().map_err(|_| self.table.wrong(self, &format!("{column}: {text:?} is not such a number")))
    }

    fn money(&self, column: &str) -> Result<i64, Failure> {
        Money::parse(self.text(column)?, Currency::BRL)
            .map(|money| money.minor)
            .map_err(|error| self.table.wrong(self, &format!("{column}: {error}")))
    }

    /// `2017-10-02 10:56:33`, taken as UTC; empty is none.
    fn time(&self, column: &str) -> Result<Option<Timestamp>, Failure> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        parse_time(&format!("{}Z", text.replace(' ', "T")))
            .map(Some)
            .map_err(|_| self.table.wrong(self, &format!("{column}: {text:?} is not a time")))
    }
}
