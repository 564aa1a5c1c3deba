//! A server on a port of its own, and the smallest HTTP client that can talk to it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use daybook_api::{
    Credentials, ExportLimits, ExportMaker, Exports, Host, Incidents, JobRunner, Limits, NewToken, SecurityLog,
    Services, router, router_within,
};
use daybook_domain::command::{Command, IssueToken};
use daybook_domain::{Actor, CommandId, Role, Slot, StreamId, Timestamp};
use daybook_engine::{Clock, Folder, FolderOptions, Request, open_folder};
use daybook_proof::Notary;
use daybook_views::Views;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

/// 2023-11-14T22:13:20Z
pub(crate) const T0: i64 = 1_700_000_000_000_000;
pub(crate) const PLATFORM: &str = "dbk_1111111111111111111111111111111111111111111111111111111111111111";

pub(crate) struct Server {
    pub(crate) services: Services,
    pub(crate) address: SocketAddr,
    pub(crate) micros: Arc<AtomicI64>,
    /// The security log's lines.
    incidents: Arc<Mutex<Vec<Value>>>,
    next_id: AtomicU64,
    jobs: Mutex<Option<JobRunner>>,
    maker: Mutex<Option<ExportMaker>>,
    _dir: Option<TempDir>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) async fn post(&mut self, body: &Value) -> Answer {
        self.send(body).await;
        self.answer().await
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.unwrap();
    }

    pub(crate) async fn send(&mut self, body: &Value) {
        let body = body.to_string();
        let length = body.len();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Authorization: Bearer {PLATFORM}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.write(request.as_bytes()).await;
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).await.unwrap(), 0, "the server hung up");
        }
        let head = head.to_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: String::from_utf8(body).unwrap() }
    }
}

pub(crate) async fn request(address: SocketAddr, line: &str, head: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{head}\r\n");
    once(address, &head, body).await
}

pub(crate) async fn post(address: SocketAddr, body: &[u8]) -> Answer {
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {PLATFORM}\r\n");
    request(address, "POST /graphql", &head, body).await
}

async fn once(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may answer and hang up before it has read everything.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// Another one each time.
fn new_token() -> std::io::Result<NewToken> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    NewToken::make(Uuid::from_u128(0x70CE_0000 + u128::from(number)), |bits| {
        bits.copy_from_slice(&Sha256::digest(number.to_be_bytes()));
        Ok(())
    })
}

/// As they are written, on a thread that ends with the server.
fn collect(incidents: Incidents) -> Arc<Mutex<Vec<Value>>> {
    let lines: Arc<Mutex<Vec<Value>>> = Arc::default();
    let written = Arc::clone(&lines);
    std::thread::spawn(move || {
        while let Some(line) = incidents.next() {
            written.lock().unwrap().push(serde_json::from_str(&line).unwrap());
        }
    });
    lines
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Server {
    pub(crate) async fn start() -> Server {
        let server = Self::start_without_follower().await;
        server.follow();
        server.carry_on_jobs();
        server
    }

    pub(crate) fn carry_on_jobs(&self) {
        *self.jobs.lock().unwrap() = Some(JobRunner::start(self.services.clone()).unwrap());
    }

    pub(crate) fn make_exports(&self) {
        *self.maker.lock().unwrap() = Some(ExportMaker::start(&self.services).unwrap());
    }

    /// Exports wait from now on; what is not whole is not made any more.
    pub(crate) fn stop_exports(&self) {
        let maker = self.maker.lock().unwrap().take();
        maker.unwrap().stop();
    }

    /// As at the end of a server: what is under way is carried on by the next.
    pub(crate) fn stop_jobs(&self) {
        let jobs = self.jobs.lock().unwrap().take();
        jobs.unwrap().stop();
    }

    pub(crate) fn follow(&self) {
        let (host, reader) = (Arc::clone(&self.services.host), self.services.reader.clone());
        tokio::spawn(async move {
            let mut watermark = reader.subscribe();
            loop {
                let events = reader.events(host.position() + 1, 64 << 10).unwrap();
                if !events.is_empty() {
                    host.apply(&events).unwrap();
                } else if watermark.wait_for(|&at| at > host.position()).await.is_err() {
                    return;
                }
            }
        });
    }

    /// As [`Server::start`], within these limits.
    pub(crate) async fn start_within(limits: Limits) -> Server {
        let server = Self::start_with(|services| router_within(services, &limits)).await;
        server.follow();
        server
    }

    pub(crate) async fn start_without_follower() -> Server {
        Self::start_with(router).await
    }

    pub(crate) async fn start_with(router: impl FnOnce(Services) -> Router) -> Server {
        let dir = TempDir::new().unwrap();
        let server = Self::start_at(dir.path(), router).await;
        Server { _dir: Some(dir), ..server }
    }

    /// A server that follows its ledger, in this folder.
    pub(crate) async fn start_in(dir: &Path) -> Server {
        let server = Self::start_at(dir, router).await;
        server.follow();
        server
    }

    /// A server on a folder that had one before: its tokens are there.
    pub(crate) async fn reopened_in(dir: &Path) -> Server {
        let server = Self::open_at(dir, router, Credentials::new(new_token)).await;
        server.follow();
        server
    }

    /// A server that follows its ledger, and takes other credentials too.
    pub(crate) async fn start_with_credentials(credentials: impl FnOnce(Credentials) -> Credentials) -> Server {
        let dir = TempDir::new().unwrap();
        // Wrong ones are sent without end.
        let limits = Limits { wrong_tokens: None, ..Limits::default() };
        let router = |services| router_within(services, &limits);
        let server = Self::open_at(dir.path(), router, credentials(Credentials::new(new_token))).await;
        server.issue(PLATFORM, Role::Platform).await;
        server.follow();
        Server { _dir: Some(dir), ..server }
    }

    async fn start_at(dir: &Path, router: impl FnOnce(Services) -> Router) -> Server {
        let server = Self::open_at(dir, router, Credentials::new(new_token)).await;
        server.issue(PLATFORM, Role::Platform).await;
        server
    }

    async fn open_at(dir: &Path, router: impl FnOnce(Services) -> Router, credentials: Credentials) -> Server {
        let micros = Arc::new(AtomicI64::new(T0));
        let clock: Clock = {
            let micros = Arc::clone(&micros);
            Arc::new(move || Timestamp(micros.fetch_add(1, Ordering::Relaxed)))
        };
        let options = FolderOptions { id_if_new: Some(Uuid::from_u128(0xDA)), ..FolderOptions::default() };
        let Folder { engine, reader, .. } = open_folder(dir, &options, Arc::clone(&clock)).unwrap();
        let host = Arc::new(Host::new(Views::new()));
        let (security, incidents) = SecurityLog::new(Arc::clone(&clock));
        let exports =
            Exports::in_folder(dir.join("exports"), ExportLimits { under_way_of_one: 2, ..ExportLimits::default() })
                .unwrap();
        let notary = Arc::new(Notary::open(reader.ledger().clone(), None).unwrap());
        if notary.verifier().is_none() {
            notary.create_key(Some("api.test/ledger")).unwrap();
        }
        let notary = Some(notary);
        let services = Services { engine, reader, host, credentials, security, exports, notary, graphiql: true };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = router(services.clone());
        tokio::spawn(
            async move { axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await },
        );
        let (incidents, jobs) = (collect(incidents), Mutex::default());
        let (next_id, maker) = (AtomicU64::new(1), Mutex::default());
        Server { services, address, micros, incidents, next_id, jobs, maker, _dir: None }
    }

    /// Another server on a port of its own, which shares what the services share.
    pub(crate) async fn serve_again(&self, services: Services) -> Server {
        let (security, incidents) = SecurityLog::new(Arc::new(|| Timestamp(T0)));
        let services = Services { security, ..services };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = router(services.clone());
        tokio::spawn(
            async move { axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await },
        );
        let (micros, incidents) = (Arc::clone(&self.micros), collect(incidents));
        // Far from those of the other one.
        let next_id = AtomicU64::new(1 << 20);
        Server {
            services,
            address,
            micros,
            incidents,
            next_id,
            jobs: Mutex::default(),
            maker: Mutex::default(),
            _dir: None,
        }
    }

    pub(crate) async fn issue(&self, token: &str, role: Role) {
        self.issue_as(7, token, role).await;
    }

    pub(crate) async fn issue_as(&self, actor: u128, token: &str, role: Role) {
        let merchant = (role != Role::Platform).then_some("m1");
        self.issue_to(actor, token, role, merchant, (role == Role::Buyer).then_some(Slot(u32::MAX))).await;
    }

    /// For these orders: of a merchant, of one of its buyers.
    pub(crate) async fn issue_to(
        &self,
        actor: u128,
        token: &str,
        role: Role,
        merchant: Option<&str>,
        buyer: Option<Slot>,
    ) {
        let merchant = merchant.map(|id| daybook_domain::MerchantId::new(id).unwrap());
        let issue = IssueToken {
            secret_sha256: hash(token),
            id: Uuid::from_u128(actor),
            role,
            merchant,
            expires_at: None,
            label: "test".into(),
            buyer,
        };
        self.execute(Command::IssueToken(issue)).await;
    }

    /// Of somebody else.
    pub(crate) async fn other_platform_token(&self) -> String {
        let token = format!("dbk_{}", "3".repeat(64));
        self.issue_as(8, &token, Role::Platform).await;
        token
    }

    pub(crate) async fn revoke(&self, token: &str) {
        self.execute(Command::RevokeToken { token: StreamId::token(&hash(token)) }).await;
    }

    pub(crate) async fn execute(&self, command: Command<String>) {
        let id = CommandId(self.uuid().parse().unwrap());
        let actor = Actor { id: Uuid::from_u128(1), role: Role::System };
        self.services.engine.execute(Request::live(id, actor, command)).await.unwrap();
    }

    pub(crate) fn uuid(&self) -> String {
        Uuid::from_u128(0xC0DE_0000 + u128::from(self.next_id.fetch_add(1, Ordering::Relaxed))).to_string()
    }

    /// `head`: more header lines.
    pub(crate) async fn http(&self, line: &str, head: &str, body: &[u8]) -> Answer {
        request(self.address, line, head, body).await
    }

    /// As [`Server::post`], without saying beforehand how long the body is.
    pub(crate) async fn post_in_chunks(&self, body: &[u8]) -> Answer {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\
             Content-Type: application/json\r\nAuthorization: Bearer {PLATFORM}\r\n\r\n"
        );
        let mut chunks = Vec::with_capacity(body.len() + 4096);
        for chunk in body.chunks(64 << 10) {
            chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            chunks.extend_from_slice(chunk);
            chunks.extend_from_slice(b"\r\n");
        }
        chunks.extend_from_slice(b"0\r\n\r\n");
        once(self.address, &head, &chunks).await
    }

    /// A connection that is used again and again.
    pub(crate) async fn connect(&self) -> Connection {
        Connection(BufReader::new(TcpStream::connect(self.address).await.unwrap()))
    }

    pub(crate) async fn post(&self, body: &[u8]) -> Answer {
        post(self.address, body).await
    }

    /// The whole answer, errors included.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        self.post(json!({"query": query, "variables": variables}).to_string().as_bytes()).await.json()
    }

    /// `data`, where no error is expected.
    #[track_caller]
    pub(crate) fn data<'a>(&'a self, query: &'a str, variables: Value) -> impl Future<Output = Value> + 'a {
        let at = std::panic::Location::caller();
        async move {
            let mut answer = self.ask(query, variables).await;
            assert_eq!(answer.get("errors"), None, "{at}: {answer}");
            answer["data"].take()
        }
    }

    /// Runs a mutation of an order; returns `{receipt, order, userErrors}`.
    pub(crate) async fn mutate(&self, name: &str, mut input: Value) -> Value {
        let object = input.as_object_mut().unwrap();
        object.entry("commandId").or_insert_with(|| self.uuid().into());
        let kind = format!("{}{}Input!", name[..1].to_uppercase(), &name[1..]);
        let kind = if name.ends_with("Hold") { "HoldInput!" } else { &kind };
        let query = format!(
            "mutation ($input: {kind}) {{ result: {name}(input: $input) {{ receipt {{ position commandId repeated }}
             order {{ id number revision label axes {{ lifecycle payment fulfilment afterSales holds }} total {{ amount }} }}
             userErrors {{ field code message }} }} }}"
        );
        self.data(&query, json!({"input": input})).await["result"].take()
    }

    /// As [`Server::mutate`], where no refusal is expected.
    pub(crate) async fn done(&self, name: &str, input: Value) -> Value {
        let result = self.mutate(name, input).await;
        assert_eq!(result["userErrors"], json!([]), "{name}");
        assert!(result["receipt"]["position"].is_string());
        result
    }

    /// The only refusal's code and field.
    pub(crate) async fn refused(&self, name: &str, input: Value) -> (String, String) {
        let result = self.mutate(name, input).await;
        assert_eq!((&result["order"], &result["receipt"]), (&Value::Null, &Value::Null), "{result}");
        let errors = result["userErrors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{errors:?}");
        let field: Vec<&str> =
            errors[0]["field"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
        (errors[0]["code"].as_str().unwrap().to_owned(), field.join("."))
    }

    pub(crate) async fn merchant(&self, id: &str, parent: Option<&str>) {
        let input = json!({"commandId": self.uuid(), "id": id, "name": format!("Shop {id}"), "parent": parent});
        let query = "mutation ($input: RegisterMerchantInput!) { registerMerchant(input: $input) { merchant { id name }
                     receipt { position } userErrors { code field } } }";
        let data = self.data(query, json!({"input": input})).await;
        assert_eq!(data["registerMerchant"]["merchant"]["id"], id, "{data}");
    }

    pub(crate) async fn place(&self, merchant: &str, number: &str, account: &str) -> Value {
        self.done("placeOrder", order(merchant, number, account)).await
    }

    /// Until the views have all that the ledger has.
    pub(crate) async fn settle(&self) {
        let position = self.services.reader.watermark();
        self.services.host.wait_for(position, std::time::Duration::from_secs(5)).await.unwrap();
    }

    /// The security log's lines so far, once there are so many.
    pub(crate) async fn incidents(&self, count: usize) -> Vec<Value> {
        let enough = async {
            loop {
                let lines = self.incidents.lock().unwrap().clone();
                if lines.len() >= count {
                    return lines;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), enough).await.expect("so many incidents")
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.micros.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

pub(crate) fn cny(amount: &str) -> Value {
    json!({"amount": amount, "currency": "CNY"})
}

pub(crate) fn order(merchant: &str, number: &str, account: &str) -> Value {
    json!({"merchant": merchant, "number": number, "buyer": {"account": account},
           "lines": [{"sku": "card", "title": "Card", "quantity": 2, "kind": "CARD", "unitPrice": cny("5.00")}]})
}

pub(crate) fn by(merchant: &str, number: &str) -> Value {
    json!({"number": {"merchant": merchant, "number": number}})
}

pub(crate) fn payment(merchant: &str, number: &str, trade: &str, amount: &str) -> Value {
    json!({"order": by(merchant, number), "provider": "alipay", "tradeNumber": trade, "amount": cny(amount)})
}
