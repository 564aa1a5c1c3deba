//! `PostgreSQL`: a server of its own in a temporary folder, reached through a Unix socket there, set as somebody would set it
//! who knows it and has this machine.

mod appends;
mod bulk;
mod history;
mod lists;
mod shop;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Signal, geteuid};
use tokio_postgres::{Client, Config, NoTls};

use crate::fetch;
use crate::process::Server;
use crate::{Absent, absent};

pub use appends::PgAppends;
pub use bulk::PgBulk;
pub use history::{PgHistory, event_table_bytes, load_events};
pub use lists::{PgAfter, PgFigures, PgList, PgReader, PgSums, load_shop};
pub use shop::{NewOrder, PgOrders};

/// What differs from how it comes, but for the memory. Every commit is durable before it is answered.
pub const SETTINGS: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("wal_compression", "lz4"),
    ("wal_buffers", "64MB"),
    ("min_wal_size", "4GB"),
    ("max_wal_size", "16GB"),
    ("checkpoint_timeout", "30min"),
    ("max_connections", "600"),
    ("random_page_cost", "1.1"),
    ("effective_io_concurrency", "200"),
    ("work_mem", "256MB"),
    ("maintenance_work_mem", "1GB"),
    ("jit", "off"),
];

/// Of 16 MB each.
const SEGMENTS: u32 = 32;

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    pub version: String,
    server: Option<Server>,
    user: Option<(u32, u32)>,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// A new, empty server, its data below `dir`.
    ///
    /// # Errors
    /// When it is not there or does not start.
    pub async fn start(dir: &Path) -> Result<Self, Absent> {
        let failed = |error: &dyn std::fmt::Display| absent("PostgreSQL", error);
        // It refuses to run as root.
        let user = if geteuid().is_root() { Some(somebody()?) } else { None };
        let folder = tempfile::Builder::new().prefix("daybook-pg-").tempdir_in(dir).map_err(|error| failed(&error))?;
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid)).map_err(|error| failed(&error))?;
        }
        let initdb = fetch::postgres("initdb")?;
        let data = folder.path().join("data");
        let made = as_user(Command::new(initdb), user)
            .args(["--no-sync", "--auth=trust", "--username=bench", "--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(&data)
            .current_dir(folder.path())
            .output()
            .map_err(|error| failed(&error))?;
        if !made.status.success() {
            return Err(absent("initdb", String::from_utf8_lossy(&made.stderr).trim()));
        }
        let version = fetch::version(&mut Command::new(fetch::postgres("postgres")?));
        let mut postgres = Self { version, server: None, user, folder };
        postgres.run().await?;
        postgres.make_segments().await?;
        Ok(postgres)
    }

    /// Ends the server in good order.
    pub fn stop(&mut self) {
        drop(self.server.take());
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn run(&mut self) -> Result<(), Absent> {
        let failed = |error: &dyn std::fmt::Display| absent("PostgreSQL", error);
        let mut command = as_user(Command::new(fetch::postgres("postgres")?), self.user);
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        command.args(["-c", "listen_addresses="]);
        for (name, value) in
            memory().iter().map(|(name, value)| (*name, value.as_str())).chain(SETTINGS.iter().copied())
        {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // SIGINT: connections are broken off, and all is written.
        let mut server = Server::start(&mut command, Signal::INT).map_err(|error| failed(&error))?;
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            match self.connect().await {
                Ok(_) => break,
                Err(error) if !server.is_running() || Instant::now() > until => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        self.server = Some(server);
        Ok(())
    }

    /// Files of its log that it writes over again, as a server has them that has run for a while: a new one is filled with
    /// zeros first, while those wait who commit.
    async fn make_segments(&self) -> Result<(), Absent> {
        let client = self.connect().await?;
        client.batch_execute("CREATE TABLE warm (n integer)").await.map_err(failed)?;
        for _ in 0..SEGMENTS {
            // A file is left only when there is something in it.
            client.batch_execute("INSERT INTO warm VALUES (1)").await.map_err(failed)?;
            client.batch_execute("SELECT pg_switch_wal()").await.map_err(failed)?;
        }
        for statement in ["DROP TABLE warm", "CHECKPOINT"] {
            client.batch_execute(statement).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Where its files are.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// # Errors
    /// When the server does not answer.
    pub async fn connect(&self) -> Result<Client, Absent> {
        let mut config = Config::new();
        config.host_path(self.folder.path()).user("bench").dbname("postgres");
        let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
        // It ends with its client.
        tokio::spawn(connection);
        Ok(client)
    }
}

/// What the server said, where it said anything.
fn failed(error: tokio_postgres::Error) -> Absent {
    match error.as_db_error() {
        Some(said) => absent("PostgreSQL", said),
        None => absent("PostgreSQL", error),
    }
}

/// Of the machine's memory: a quarter for its own buffers, and what it may suppose that the system caches.
pub fn memory() -> [(&'static str, String); 2] {
    let told = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes =
        told.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok());
    let megabytes = kilobytes.unwrap_or(4 << 20) >> 10;
    let buffers: u64 = (megabytes / 4).min(8 << 10);
    [("shared_buffers", format!("{buffers}MB")), ("effective_cache_size", format!("{}MB", buffers * 2))]
}

fn as_user(mut command: Command, user: Option<(u32, u32)>) -> Command {
    use std::os::unix::process::CommandExt;

    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// A user and its group whom root may run the server as.
fn somebody() -> Result<(u32, u32), Absent> {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let found = ids("postgres").or_else(|| ids("nobody"));
    found.ok_or_else(|| absent("PostgreSQL", "it does not run as root, and there is no user postgres or nobody"))
}
