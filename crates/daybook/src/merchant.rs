//! Merchants.

use std::process::ExitCode;

use daybook_domain::command::{Command, RegisterMerchant};
use daybook_engine::Request;

use crate::cli::MerchantArgs;
use crate::failure::Failure;
use crate::{clock, data};

pub(crate) fn create(args: &MerchantArgs) -> Result<ExitCode, Failure> {
    let register = RegisterMerchant {
        id: data::merchant_id(&args.id)?,
        name: args.name.as_deref().unwrap_or(&args.id).into(),
        parent: args.parent.as_deref().map(data::merchant_id).transpose()?,
    };
    let folder = data::open_or_make(&args.data)?;
    let request = Request::live(clock::new_command_id(), data::OPERATOR, Command::RegisterMerchant(register));
    let answer = folder.engine.submit(request).wait();
    folder.engine.shutdown()?;
    eprintln!("merchant {} recorded at position {}", args.id, answer?.position);
    println!("{}", args.id);
    Ok(ExitCode::SUCCESS)
}
