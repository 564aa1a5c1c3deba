//! The CSV files, joined by order in memory.

use std::path::Path;
use std::rc::Rc;

use daybook_domain::Timestamp;
use hashbrown::{HashMap, HashSet};

use super::csv_file::{Column, CsvFile, Row};
use super::grouped::Grouped;
use crate::failure::Failure;

/// The data set, by time of purchase.
pub(crate) struct Source {
    orders: Vec<Head>,
    items: Grouped<Item>,
    payments: Grouped<Payment>,
    reviews: Grouped<Review>,
    /// Columns that no event carries.
    pub(super) unmapped: Vec<String>,
}

/// One row of the orders file.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) line: u64,
    pub(super) id: Box<str>,
    pub(super) account: Rc<str>,
    pub(super) status: Rc<str>,
    pub(super) purchase: Timestamp,
    pub(super) approval: Option<Timestamp>,
    pub(super) carrier: Option<Timestamp>,
    pub(super) customer: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Item {
    number: u32,
    pub(super) product: Rc<str>,
    pub(super) title: Rc<str>,
    pub(super) seller: Rc<str>,
    /// Hundredths of a real.
    pub(super) price_minor: i64,
    pub(super) freight_minor: i64,
}

#[derive(Debug)]
pub(super) struct Payment {
    pub(super) sequence: u64,
    pub(super) kind: Rc<str>,
    pub(super) value_minor: i64,
}

#[derive(Debug)]
pub(super) struct Review {
    /// Two at one time are in this order.
    id: Box<str>,
    pub(super) score: u8,
    pub(super) comment: Option<Box<str>>,
    pub(super) created: Option<Timestamp>,
    pub(super) answered: Option<Timestamp>,
}

impl Head {
    /// Of the times that are known.
    pub(super) fn latest(&self) -> Timestamp {
        [self.approval, self.carrier, self.customer].into_iter().flatten().fold(self.purchase, Ord::max)
    }

    /// Whether the order's payments count as captured.
    pub(super) fn is_paid(&self) -> bool {
        self.approval.or(self.carrier).or(self.customer).is_some()
    }
}

impl Review {
    pub(super) fn at(&self, latest: Timestamp) -> Timestamp {
        self.answered.or(self.created).unwrap_or(latest)
    }
}

/// One row of the orders file with all that belongs to it.
#[derive(Debug)]
pub(super) struct OlistOrder {
    pub(super) head: Head,
    /// By item id.
    pub(super) items: Vec<Item>,
    /// By sequence.
    pub(super) payments: Vec<Payment>,
    /// By time.
    pub(super) reviews: Vec<Review>,
}

impl OlistOrder {
    pub(super) fn paid_minor(&self) -> i64 {
        self.payments.iter().map(|payment| payment.value_minor).sum()
    }

    pub(super) fn goods_minor(&self) -> i64 {
        self.items.iter().map(|item| item.price_minor + item.freight_minor).sum()
    }
}

/// Texts that many rows share, each kept once.
#[derive(Default)]
struct Names(HashSet<Rc<str>>);

impl Names {
    fn get(&mut self, text: &str) -> Rc<str> {
        Rc::clone(self.0.get_or_insert_with(text, |text| Rc::from(text)))
    }
}

/// Which order a row belongs to.
struct Orders<'a>(HashMap<&'a str, u32>);

impl Orders<'_> {
    fn of(&self, row: &Row, order_id: Column) -> Result<u32, Failure> {
        let found = self.0.get(row.text(order_id)?).copied();
        found.ok_or_else(|| row.wrong("names no order of the orders file"))
    }
}

impl Source {
    pub(crate) fn len(&self) -> usize {
        self.orders.len()
    }

    /// When the first order was placed; none without orders.
    pub(super) fn begin(&self) -> Option<Timestamp> {
        self.orders.first().map(|head| head.purchase)
    }

    /// Hands the orders on one by one, so that an import's memory is not the whole source's to its end.
    pub(super) fn into_orders(self) -> impl Iterator<Item = OlistOrder> {
        let Self { orders, mut items, mut payments, mut reviews, unmapped: _ } = self;
        orders.into_iter().map(move |head| OlistOrder {
            head,
            items: items.next_group(),
            payments: payments.next_group(),
            reviews: reviews.next_group(),
        })
    }

    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let mut unmapped = Vec::new();
        let mut names = Names::default();
        let heads = orders(folder, &mut names, &mut unmapped)?;
        let by_id = heads.iter().zip(0..).map(|(head, at)| (&*head.id, at)).collect();
        let orders = Orders(by_id);
        let items = items(folder, &orders, &mut names, &mut unmapped)?;
        let payments = payments(folder, &orders, &mut names, &mut unmapped)?;
        let reviews = reviews(folder, &orders, &mut unmapped)?;
        drop(orders);
        let items = Grouped::new(items, heads.len(), |_, a, b| a.number.cmp(&b.number))?;
        let payments = Grouped::new(payments, heads.len(), |_, a, b| a.sequence.cmp(&b.sequence))?;
        let reviews = Grouped::new(reviews, heads.len(), |order, a, b| {
            let latest = heads[order as usize].latest();
            (a.at(latest), &a.id).cmp(&(b.at(latest), &b.id))
        })?;
        // What is known of sellers is their id, which the items have; their file may be missing.
        if let Some(mut sellers) = CsvFile::find(folder, "olist_sellers_dataset")? {
            sellers.column("seller_id")?;
            unmapped.extend(sellers.unmapped());
        }
        Ok(Self { orders: heads, items, payments, reviews, unmapped })
    }
}

fn orders(folder: &Path, names: &mut Names, unmapped: &mut Vec<String>) -> Result<Vec<Head>, Failure> {
    let accounts =
        pairs(folder, "olist_customers_dataset", "customer_id", "customer_unique_id", &mut Names::default(), unmapped)?;
    let mut file = CsvFile::open(folder, "olist_orders_dataset")?;
    let (id, customer) = (file.column("order_id")?, file.column("customer_id")?);
    let (status, purchase) = (file.column("order_status")?, file.column("order_purchase_timestamp")?);
    let approved = file.column("order_approved_at")?;
    let (carrier, delivered) =
        (file.column("order_delivered_carrier_date")?, file.column("order_delivered_customer_date")?);
    unmapped.extend(file.unmapped());
    let mut orders = Vec::new();
    file.each(|row| {
        let account = accounts.get(row.text(customer)?);
        orders.push(Head {
            line: row.line,
            id: row.text(id)?.into(),
            account: account.cloned().ok_or_else(|| row.wrong("names no customer of the customers file"))?,
            status: names.get(row.text(status)?),
            purchase: row.time(purchase)?.ok_or_else(|| row.wrong("has no time of purchase"))?,
            approval: row.time(approved)?,
            carrier: row.time(carrier)?,
            customer: row.time(delivered)?,
        });
        Ok(())
    })?;
    orders.sort_by(|a, b| (a.purchase, &a.id).cmp(&(b.purchase, &b.id)));
    Ok(orders)
}

fn items(
    folder: &Path,
    orders: &Orders<'_>,
    names: &mut Names,
    unmapped: &mut Vec<String>,
) -> Result<Vec<(u32, Item)>, Failure> {
    let (portuguese, english) = ("product_category_name", "product_category_name_english");
    let english = pairs(folder, "product_category_name_translation", portuguese, english, names, unmapped)?;
    let categories = pairs(folder, "olist_products_dataset", "product_id", portuguese, names, unmapped)?;
    let mut file = CsvFile::open(folder, "olist_order_items_dataset")?;
    let (order, number) = (file.column("order_id")?, file.column("order_item_id")?);
    let (product, seller) = (file.column("product_id")?, file.column("seller_id")?);
    let (price, freight) = (file.column("price")?, file.column("freight_value")?);
    unmapped.extend(file.unmapped());
    let mut items = Vec::new();
    file.each(|row| {
        let category = categories.get(row.text(product)?).filter(|category| !category.is_empty());
        let title = category.map(|category| english.get(&**category).unwrap_or(category));
        let item = Item {
            number: row.number(number)?,
            product: names.get(row.text(product)?),
            title: title.map_or_else(|| names.get("uncategorised"), Rc::clone),
            seller: names.get(row.text(seller)?),
            price_minor: row.money(price)?,
            freight_minor: row.money(freight)?,
        };
        items.push((orders.of(row, order)?, item));
        Ok(())
    })?;
    Ok(items)
}

fn payments(
    folder: &Path,
    orders: &Orders<'_>,
    names: &mut Names,
    unmapped: &mut Vec<String>,
) -> Result<Vec<(u32, Payment)>, Failure> {
    let mut file = CsvFile::open(folder, "olist_order_payments_dataset")?;
    let (order, sequence) = (file.column("order_id")?, file.column("payment_sequential")?);
    let (kind, value) = (file.column("payment_type")?, file.column("payment_value")?);
    unmapped.extend(file.unmapped());
    let mut payments = Vec::new();
    file.each(|row| {
        let payment = Payment {
            sequence: row.number(sequence)?,
            kind: names.get(row.text(kind)?),
            value_minor: row.money(value)?,
        };
        payments.push((orders.of(row, order)?, payment));
        Ok(())
    })?;
    Ok(payments)
}

fn reviews(folder: &Path, orders: &Orders<'_>, unmapped: &mut Vec<String>) -> Result<Vec<(u32, Review)>, Failure> {
    let mut file = CsvFile::open(folder, "olist_order_reviews_dataset")?;
    let (order, id) = (file.column("order_id")?, file.helper("review_id")?);
    let (title, message) = (file.column("review_comment_title")?, file.column("review_comment_message")?);
    let score = file.column("review_score")?;
    let (created, answered) = (file.column("review_creation_date")?, file.column("review_answer_timestamp")?);
    unmapped.extend(file.unmapped());
    let mut reviews = Vec::new();
    file.each(|row| {
        let parts = [row.text(title)?.trim(), row.text(message)?.trim()];
        let comment = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
        let review = Review {
            id: row.text(id)?.into(),
            score: row.number(score)?,
            comment: Some(comment).filter(|comment| !comment.is_empty()).map(String::into_boxed_str),
            created: row.time(created)?,
            answered: row.time(answered)?,
        };
        reviews.push((orders.of(row, order)?, review));
        Ok(())
    })?;
    Ok(reviews)
}

fn pairs(
    folder: &Path,
    name: &str,
    key: &'static str,
    value: &'static str,
    names: &mut Names,
    unmapped: &mut Vec<String>,
) -> Result<HashMap<Box<str>, Rc<str>>, Failure> {
    let mut file = CsvFile::open(folder, name)?;
    let (key, value) = (file.column(key)?, file.column(value)?);
    unmapped.extend(file.unmapped());
    let mut pairs = HashMap::new();
    file.each(|row| {
        pairs.insert(row.text(key)?.into(), names.get(row.text(value)?));
        Ok(())
    })?;
    Ok(pairs)
}
