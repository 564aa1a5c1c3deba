//! How fast pages of 50 orders come over HTTP, client and server in one process:
//! `cargo run --release -p daybook-api --example measure_pages [ORDERS]`.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use daybook_api::{Host, Services, router};
use daybook_domain::command::{Command, IssueToken, PlaceOrder, RegisterMerchant};
use daybook_domain::event::{Line, SkuKind};
use daybook_domain::{Actor, CommandId, Currency, MerchantId, OrderNumber, Role, Sku, Timestamp};
use daybook_engine::{Engine, FolderOptions, Request, open_folder};
use daybook_views::Views;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

const TOKEN: &str = "dbk_1111111111111111111111111111111111111111111111111111111111111111";
const QUERY: &str = r#"query { orders(where: {label: {oneOf: [AWAITING_PAYMENT]}, merchant: {oneOf: ["top"]}},
    scope: SUBTREE, sortBy: {field: PLACED_AT, direction: DESC}, first: 50) {
    nodes { id number placedAt label merchant { id name } buyer { account } total { amount currency }
        axes { lifecycle payment fulfilment afterSales holds } lines { sku title quantity unitPrice { amount currency } } revision }
    edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"#;
const RUN: Duration = Duration::from_secs(5);

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn fill(engine: &Engine, orders: u128) -> Result<()> {
    let actor = Actor { id: Uuid::from_u128(1), role: Role::System };
    let merchants: Vec<MerchantId> =
        (0..100).map(|n| MerchantId::new(&format!("m{n}"))).collect::<std::result::Result<_, _>>()?;
    let top = MerchantId::new("top")?;
    let mut commands = vec![
        Command::IssueToken(IssueToken {
            secret_sha256: Sha256::digest(TOKEN.as_bytes()).into(),
            id: Uuid::from_u128(2),
            role: Role::Platform,
            merchant: None,
            expires_at: None,
            label: "measure".into(),
        }),
        Command::RegisterMerchant(RegisterMerchant { id: top.clone(), name: "Top".into(), parent: None }),
    ];
    commands.extend(merchants.iter().map(|id| {
        Command::RegisterMerchant(RegisterMerchant { id: id.clone(), name: "A shop".into(), parent: Some(top.clone()) })
    }));
    for (n, command) in (1_u128..).zip(commands) {
        engine.submit(Request::live(CommandId(Uuid::from_u128(n)), actor, command)).wait()?;
    }
    let mut waiting = VecDeque::new();
    for n in 0..orders {
        let command = Command::Place(PlaceOrder {
            merchant: merchants[usize::try_from(n % 100)?].clone(),
            number: Some(OrderNumber::new(&format!("N-{n}"))?),
            account: format!("buyer-{}@example.com", n % 20_000),
            contact: None,
            currency: Currency::CNY,
            lines: (0..1 + n % 2)
                .map(|line| {
                    Ok(Line {
                        sku: Sku::new(&format!("card-{line}"))?,
                        title: "Game card, 100 points".into(),
                        kind: SkuKind::Card,
                        quantity: 1,
                        unit_minor: 990,
                        supplier: None,
                        inputs: None,
                    })
                })
                .collect::<Result<_>>()?,
            adjustments: Vec::new(),
        });
        waiting.push_back(engine.submit(Request::live(CommandId(Uuid::from_u128(1_000_000 + n)), actor, command)));
        if waiting.len() > 2_000
            && let Some(first) = waiting.pop_front()
        {
            first.wait()?;
        }
    }
    for pending in waiting {
        pending.wait()?;
    }
    Ok(())
}

async fn client(address: std::net::SocketAddr, until: Instant) -> Result<Vec<Duration>> {
    let body = json!({"query": QUERY}).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut took = Vec::new();
    let mut buffer = vec![0_u8; 256 << 10];
    while Instant::now() < until {
        let start = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let (mut have, mut want) = (0, usize::MAX);
        while have < want {
            let read = stream.read(&mut buffer[have..]).await?;
            have += read;
            if read == 0 {
                return Err("the server hung up".into());
            }
            if want == usize::MAX
                && let Some(end) = buffer[..have].windows(4).position(|four| four == b"\r\n\r\n")
            {
                let head = std::str::from_utf8(&buffer[..end])?.to_lowercase();
                let length =
                    head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()).ok_or("no length")?;
                want = end + 4 + length.trim().parse::<usize>()?;
            }
        }
        took.push(start.elapsed());
        if took.len() == 1 {
            let text = String::from_utf8_lossy(&buffer[..have]);
            assert!(!text.contains("\"errors\"") && text.contains("buyer-"), "{text}");
        }
    }
    Ok(took)
}

fn main() -> Result<()> {
    let orders: u128 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let dir = tempfile::tempdir()?;
    let options = FolderOptions { id_if_new: Some(Uuid::from_u128(9)), ..FolderOptions::default() };
    let origin = Instant::now();
    let clock = Arc::new(move || {
        Timestamp(1_700_000_000_000_000 + i64::try_from(origin.elapsed().as_micros()).unwrap_or(i64::MAX))
    });
    let folder = open_folder(dir.path(), &options, clock)?;
    fill(&folder.engine, orders)?;
    println!("{orders} orders after {:?}", origin.elapsed());
    let mut views = Views::new();
    let mut from = 1;
    loop {
        let mut failed = Ok(());
        let next = folder.reader.for_each(from, 1 << 20, |recorded| {
            if let Err(stopped) = views.apply(&recorded) {
                failed = Err(stopped);
            }
        })?;
        failed?;
        if next == from {
            break;
        }
        from = next;
    }
    let host = Arc::new(Host::new(views));
    let services = Services { engine: folder.engine.clone(), reader: folder.reader.clone(), host, graphiql: false };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, router(services)).await });
        for clients in [1, 4, 32] {
            let until = Instant::now() + RUN;
            let running: Vec<_> = (0..clients).map(|_| tokio::spawn(client(address, until))).collect();
            let mut all = Vec::new();
            for one in running {
                all.extend(one.await??);
            }
            all.sort_unstable();
            let at = |per_mille: usize| all[(all.len() * per_mille / 1000).min(all.len() - 1)];
            println!(
                "{clients} clients: {} pages/s, p50 {:?}, p99 {:?}, max {:?}",
                all.len() as u64 / RUN.as_secs(),
                at(500),
                at(990),
                at(1000)
            );
        }
        folder.engine.shutdown()?;
        Ok(())
    })
}
