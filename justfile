# Each habit is a recipe; `just` lists them.
_default:
    @just --list

# The main job: a believable shop on http://127.0.0.1:8080/graphql
demo *args:
    cargo run --release -- demo {{args}}

# Everything that must hold
test:
    cargo xtask test

# Before a commit: format, lints, dependencies, spelling, layering
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --quiet -- -D warnings
    cargo xtask layering
    @command -v typos >/dev/null && typos || echo "typos is not installed: pip install typos"
    @command -v cargo-deny >/dev/null && just deny || echo "cargo-deny is not installed: cargo install cargo-deny --locked"

# Licences, sources and advisories of what we depend on; advisories only where their database can be reached
deny:
    cargo deny --log-level error check bans licenses sources
    @cargo deny --log-level error check advisories 2>/dev/null || echo "advisories: not checked, or found some: run 'cargo deny check advisories'"

# Rewrite schemas and golden views; review the difference
bless:
    cargo xtask bless

# The pictures in docs/screenshots again; SCREENSHOTS_ONLY=desk only those with that in their name
screenshots:
    cargo xtask screenshots

# A long run of kill -9 and power loss (the test run does 40 and 25 cycles); CRASH_SEED repeats one
crash kills="1000" cuts="300":
    CRASH_CYCLES={{kills}} POWER_CYCLES={{cuts}} cargo test --release --package daybook-testkit --test ledger_torture -- --nocapture --test-threads 1 nothing_is_lost

# Many flipped bits, cut files and zeroed sectors in folders made of orders; DAMAGE_SEED repeats a run
damage flips="1000" cuts="500" sectors="500":
    FLIPS={{flips}} CUTS={{cuts}} SECTORS={{sectors}} cargo test --release --package daybook-testkit --test real -- --nocapture damage

# A full disk and an I/O error at each call that changes something, or at so many of each kind; FAULT_SEED says where those begin
fault-points points="all":
    FAULT_POINTS={{points}} cargo test --release --package daybook-testkit --test real -- --nocapture points

# All of docs/reliability.md that takes long, one after the other
faults: crash damage fault-points
    SERVE_CYCLES=100 cargo test --release --package daybook --test crash -- --nocapture every_receipt

# Bytes from anywhere through whatever reads them, each target for so many seconds; FUZZ_SEED repeats a run
fuzz seconds="600":
    cargo xtask fuzz {{seconds}}

# Speed beside the limit; WHAT alone, --seconds N
bench *what:
    cargo run --release --package daybook-benches -- {{what}}

# All of them, as docs/benchmarks.txt has them
bench-record:
    cargo run --release --package daybook-benches -- --seconds 6 > target/benchmarks.txt
    mv target/benchmarks.txt docs/benchmarks.txt

# Daybook beside what people would use instead; PARTS (append, order, lists, history, folds, bulk) alone, --write FILE for the tables
compare *parts:
    cargo run --release --package daybook-benches -- compare {{parts}}

# Lists and figures of ten million orders, as docs/ten-million.md has them: 25 minutes
compare-large:
    cargo run --release --package daybook-benches -- compare lists --orders 10000000

# Appends of Daybook and of the bare file alone, a minute for each width
compare-alone:
    cargo run --release --package daybook-benches -- compare alone --seconds 60

# How soon a browser that was never here shows the order desk
first-page:
    BROWSER_ONLY=first-page BROWSER_ORDERS=20000 FIRST_PAGE_VISITS=15 BROWSER_LONGEST_MS=600000 cargo test --release --package daybook --test browser -- --exact pages --nocapture

# What everything costs with ten million orders (--orders N: with so many), a tenth and a hundredth of them
growth *args:
    cargo run --release --package daybook-benches -- growth --write docs/performance.md {{args}}

# The documentation of the crates
doc:
    cargo doc --workspace --no-deps --open
