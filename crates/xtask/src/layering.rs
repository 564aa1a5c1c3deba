//! Dependencies go downwards only. Reads what cargo resolved, so a renamed or indirect dependency does not slip through.

use std::collections::BTreeSet;
use std::process::Command;

/// What a crate must not depend on. `deep`: not even through others.
struct Rule {
    krate: &'static str,
    forbidden: &'static [&'static str],
    deep: bool,
}

const RULES: &[Rule] = &[
    Rule {
        krate: "daybook-domain",
        forbidden: &["serde", "sled", "tokio", "chrono", "getrandom", "bincode", "axum", "rand", "fastrand"],
        deep: true,
    },
    Rule {
        krate: "daybook-codec",
        forbidden: &["sled", "tokio", "axum", "daybook-ledger", "daybook-engine"],
        deep: true,
    },
    Rule { krate: "daybook-vault", forbidden: &["daybook-domain", "axum", "async-graphql", "sled"], deep: true },
    Rule {
        krate: "daybook-ledger",
        forbidden: &["daybook-domain", "daybook-codec", "axum", "async-graphql"],
        deep: true,
    },
    Rule {
        krate: "daybook-views",
        forbidden: &["chrono", "tokio", "sled", "daybook-engine", "daybook-ledger", "daybook-api", "axum"],
        deep: true,
    },
    Rule { krate: "daybook-engine", forbidden: &["daybook-views", "daybook-api", "axum", "async-graphql"], deep: true },
    Rule {
        krate: "daybook-proof",
        forbidden: &[
            "daybook-engine",
            "daybook-views",
            "daybook-api",
            "tokio-tungstenite",
            "axum",
            "async-graphql",
            "chrono",
        ],
        deep: true,
    },
    Rule { krate: "daybook-automation", forbidden: &["daybook-api", "axum", "async-graphql", "chrono"], deep: true },
    Rule { krate: "daybook-automation", forbidden: &["sled", "daybook-ledger", "daybook-vault"], deep: false },
    Rule {
        krate: "daybook-sheets",
        forbidden: &["daybook-domain", "daybook-codec", "daybook-views", "daybook-engine", "tokio", "axum", "tempfile"],
        deep: true,
    },
    Rule { krate: "daybook-api", forbidden: &["sled", "bincode", "daybook"], deep: false },
    Rule {
        krate: "daybook-console",
        forbidden: &[
            "daybook-ledger",
            "daybook-engine",
            "daybook-views",
            "daybook-domain",
            "daybook-api",
            "async-graphql",
        ],
        deep: true,
    },
    Rule {
        krate: "daybook-peers",
        forbidden: &[
            "daybook-domain",
            "daybook-codec",
            "daybook-vault",
            "daybook-ledger",
            "daybook-engine",
            "daybook-views",
            "daybook-api",
        ],
        deep: true,
    },
    // What we are compared with is no part of what is delivered.
    Rule {
        krate: "daybook",
        forbidden: &["daybook-peers", "tokio-postgres", "async-nats", "fjall", "tonic", "prost"],
        deep: true,
    },
];

/// Checks every rule, after proving that the check can fail.
pub(crate) fn check() -> Result<(), String> {
    let must_fail = Rule { krate: "daybook-ledger", forbidden: &["sled"], deep: false };
    if broken(&must_fail)?.is_empty() {
        return Err("the layering check finds nothing even where there is something: mend the check".into());
    }
    let mut found = Vec::new();
    for rule in RULES {
        found.extend(broken(rule)?.into_iter().map(|dependency| format!("{} depends on {dependency}", rule.krate)));
    }
    if found.is_empty() {
        println!("layering: {} rules hold", RULES.len());
        Ok(())
    } else {
        Err(format!("layering: {}", found.join("; ")))
    }
}

fn broken(rule: &Rule) -> Result<Vec<String>, String> {
    let mut args = vec!["tree", "--package", rule.krate, "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    if !rule.deep {
        args.extend(["--depth", "1"]);
    }
    let output =
        Command::new("cargo").args(&args).output().map_err(|error| format!("cargo could not be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("`cargo {}` failed: {}", args.join(" "), String::from_utf8_lossy(&output.stderr)));
    }
    let names: BTreeSet<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    Ok(rule.forbidden.iter().filter(|name| names.contains(**name)).map(|&name| name.to_owned()).collect())
}
