//! Credentials.

use std::process::ExitCode;

use daybook_domain::Role;
use daybook_domain::command::{Command, IssueToken};
use daybook_engine::Request;
use sha2::{Digest, Sha256};

use crate::cli::{RoleArg, TokenArgs};
use crate::failure::Failure;
use crate::{clock, data};

fn role(role: RoleArg) -> Role {
    match role {
        RoleArg::Platform => Role::Platform,
        RoleArg::Owner => Role::Owner,
        RoleArg::Clerk => Role::Clerk,
        RoleArg::Support => Role::Support,
        RoleArg::Auditor => Role::Auditor,
        RoleArg::Analyst => Role::Analyst,
        RoleArg::Buyer => Role::Buyer,
        RoleArg::Webhook => Role::Webhook,
    }
}

/// 256 random bits as `dbk_` and 64 hexadecimal digits: the prefix lets scanners for leaked secrets find it.
fn new_secret() -> Result<String, Failure> {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits).map_err(|error| Failure::new(format!("the system gave no random bytes: {error}")))?;
    let hex: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("dbk_{hex}"))
}

/// A new secret, and the command that makes it a credential.
pub(crate) fn new_platform_token(label: &str) -> Result<(String, Request), Failure> {
    let secret = new_secret()?;
    let issue = IssueToken {
        secret_sha256: Sha256::digest(secret.as_bytes()).into(),
        id: clock::random_id(),
        role: Role::Platform,
        merchant: None,
        expires_at: None,
        label: label.into(),
    };
    let request = Request::live(clock::new_command_id(), data::OPERATOR, Command::IssueToken(issue));
    Ok((secret, request))
}

pub(crate) fn create(args: &TokenArgs) -> Result<ExitCode, Failure> {
    let merchant = args.merchant.as_deref().map(data::merchant_id).transpose()?;
    let secret = new_secret()?;
    let folder = data::open_or_make(&args.data)?;
    let id = clock::random_id();
    let issue = IssueToken {
        secret_sha256: Sha256::digest(secret.as_bytes()).into(),
        id,
        role: role(args.role),
        merchant,
        expires_at: None,
        label: args.label.as_str().into(),
    };
    let request = Request::live(clock::new_command_id(), data::OPERATOR, Command::IssueToken(issue));
    let answer = folder.engine.submit(request).wait();
    folder.engine.shutdown()?;
    let receipt = answer?;
    eprintln!(
        "token {id} of role {}, recorded at position {}; it is shown only now:",
        role(args.role).name(),
        receipt.position
    );
    println!("{secret}");
    Ok(ExitCode::SUCCESS)
}
