//! The real binary, served on a free port, and a plain HTTP client.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub fn daybook() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
    command.env_remove("DAYBOOK_MASTER_KEY").env_remove("DAYBOOK_MASTER_KEY_FILE");
    command
}

pub fn run(args: &[&str], data: &Path) -> Output {
    daybook().args(args).arg("--data").arg(data).output().unwrap()
}

pub fn token(data: &Path) -> String {
    let output = run(&["token", "create", "--role", "platform"], data);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A document of the project, read again so that what it shows is what works.
pub fn document(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)).unwrap()
}

/// The answers to what docs/api.md sends with curl, in its order, on a server where it made the merchant m1.
pub fn documented_requests(server: &Server) -> Vec<Value> {
    let text = document("api.md");
    let bodies = text.split("-d '").skip(1).map(|rest| rest.split('\'').next().unwrap());
    let requests = bodies.map(|body| serde_json::from_str::<Value>(body).unwrap());
    let ask = |request: Value| {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let answer = server.query(request["query"].as_str().unwrap(), &request["variables"]);
            // Lists are a moment behind, less than a person is.
            if answer["orders"]["nodes"] != json!([]) || Instant::now() > deadline {
                return answer;
            }
        }
    };
    requests.map(ask).collect()
}

/// A server that ends with its handle.
pub struct Server {
    child: Child,
    pub address: String,
    pub token: String,
}

impl Server {
    pub fn start(data: &Path, token: String) -> Self {
        let mut command = daybook();
        command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--data"]).arg(data);
        Self::spawn(command, token)
    }

    /// Any command that says where it serves on standard error.
    pub fn spawn(mut command: Command, token: String) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.contains("http://") && line.contains("/graphql"))
            .expect("it serves");
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        // Whoever writes to a closed pipe dies of it.
        std::thread::spawn(move || lines.for_each(drop));
        Self::at(child, address, token)
    }

    /// Once it is ready.
    pub fn at(child: Child, address: String, token: String) -> Self {
        let server = Self { child, address, token };
        let deadline = Instant::now() + Duration::from_secs(120);
        while server.request("GET /readyz", "").0 != 200 {
            assert!(Instant::now() < deadline, "never ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn request(&self, line: &str, body: &str) -> (u16, String) {
        self.client().request(line, body).unwrap()
    }

    /// What a thread needs to send requests, also while the server is being killed.
    pub fn client(&self) -> Client {
        Client { address: self.address.clone(), token: self.token.clone() }
    }

    /// The status of an answer.
    pub fn status(&self, line: &str, body: &str) -> u16 {
        self.request(line, body).0
    }

    /// The data of an answer without errors.
    pub fn query(&self, query: &str, variables: &Value) -> Value {
        let (status, body) =
            self.request("POST /graphql", &json!({"query": query, "variables": variables}).to_string());
        let mut answer: Value = serde_json::from_str(&body).unwrap();
        assert!(status == 200 && answer.get("errors").is_none(), "{query}\n{answer:#}");
        answer["data"].take()
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// As `kill -9` does it. Panics if it had ended by itself.
    pub fn kill(&mut self) {
        assert_eq!(self.child.try_wait().unwrap(), None, "the server ended by itself");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As Ctrl-C does it; how it ended.
    #[cfg(unix)]
    pub fn interrupt(mut self) -> Option<i32> {
        let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        self.child.wait().unwrap().code()
    }
}

#[derive(Clone)]
pub struct Client {
    address: String,
    pub token: String,
}

impl Client {
    /// The same for somebody else.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Status and body; an error if the connection ended before both were there.
    pub fn request(&self, line: &str, body: &str) -> io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut)?;
        Ok((status, body.to_owned()))
    }

    /// A whole GraphQL answer, errors and all; an error if there was none.
    pub fn ask(&self, query: &str, variables: &Value) -> io::Result<Value> {
        let body = json!({"query": query, "variables": variables}).to_string();
        let (_, body) = self.request("POST /graphql", &body)?;
        // A body that was cut off is no answer.
        Ok(serde_json::from_str(&body)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
