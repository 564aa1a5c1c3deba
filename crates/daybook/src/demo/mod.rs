//! A believable shop: an agent with merchants below it, sixty days of their orders made by a seeded generator through
//! ordinary commands under a clock of its own, and then new orders, one about every second.

mod afterwards;
mod card_stock;
mod cards;
mod clock;
mod clocks;
mod exports;
mod forgotten;
mod holds;
mod jobs;
mod life;
mod live;
mod parcels;
mod past;
mod paying;
mod people;
mod policies;
mod random;
mod refunds;
mod rhythm;
mod shop;
mod stock;
mod topups;
mod warnings;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use daybook_api::{
    Credentials, ExportLimits, ExportMaker, Exports, Forgetting, JobRunner, Limits, PhoneFollower, Services,
};
use daybook_engine::{Folder, FolderOptions, open_folder};
use daybook_ledger::Ledger;

use crate::automation::Automation;
use crate::cli::DemoArgs;
use crate::data::Opened;
use crate::failure::Failure;
use crate::follower::{self, Followers};
use crate::owner::Owner;
use crate::security_log::Writing;
use crate::serve::{Front, listen};
use crate::uses::Keeping;
use crate::{clock as wall, serve, token};

pub(crate) fn run(args: &DemoArgs) -> Result<ExitCode, Failure> {
    serve::log_to_stderr();
    let began = Instant::now();
    let runtime = serve::runtime()?;
    let ended = runtime.block_on(async { serve::ended_by_signal() })?;
    let place = runtime.block_on(listen::place(&args.listen, false))?;
    // Removed when it is dropped, however this ends.
    let (dir, _temporary) = match &args.data {
        Some(dir) => (dir.clone(), None),
        None => {
            let own = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            let temporary = tempfile::Builder::new().prefix("daybook-demo-").permissions(own).tempdir()?;
            (temporary.path().to_path_buf(), Some(temporary))
        }
    };
    // Before it is opened: the demo's clock begins long ago, and would be found to be wrong.
    if Ledger::exists(&dir) {
        return Err(Failure::new(format!(
            "{0} holds a ledger already: `daybook serve --data {0}` serves it; a demo needs a new folder",
            dir.display()
        )));
    }
    eprintln!("making up {} orders of the past; this takes some seconds ...", args.orders);
    let system = wall::system();
    let now = system();
    let plan = past::plan(args.seed, args.orders, now)?;
    let clock = clock::DemoClock::new(rhythm::start(now), system);
    let options = FolderOptions { id_if_new: Some(wall::random_id()), ..FolderOptions::default() };
    let folder = open_folder(&dir, &options, clock.clock())?;
    let host = serve::new_host();
    let followers = Followers::start(&folder.reader, &host, follower::store(&dir, &folder.reader))?;
    let (token, future) = begin(&folder, &clock, (args.seed, plan), now)?;
    let Folder { engine, reader, .. } = folder;
    if args.past_only {
        say_what_is_there(&dir, args, reader.watermark(), began);
        println!("Token:       {token}\n\ndaybook serve --data {}", dir.display());
        return serve::end(&engine, None, followers, Ok(()));
    }
    let phones = PhoneFollower::start(reader.clone(), host.clone())?;
    let (uses, keeping) = Keeping::start(&dir)?;
    let (writer, log) = (engine.clone(), reader.clone());
    let credentials = Credentials::new(token::new_token).with_uses(uses.clone());
    let exports = Exports::in_folder(dir.join(serve::EXPORTS), ExportLimits::default())?;
    let forgetting = Some(Forgetting::new(engine.clone(), host.clone(), exports.clone(), Some(&credentials)));
    let opened =
        Opened { engine: writer, reader: log, host: Some(host.clone()), forgetting, uses: Some(uses), notary: None };
    let owner = Owner::start(opened);
    // From now on: in the past the plan itself brings about what automation would have done.
    let automation = Automation::start(engine.clone(), host.clone())?;
    let (security, writing) = Writing::start(&dir, wall::system())?;
    let (writer, log) = (engine.clone(), reader.clone());
    let services =
        Services { engine: writer, reader: log, host, credentials, security, exports, notary: None, graphiql: true };
    let jobs = JobRunner::start(services.clone())?;
    let maker = ExportMaker::start(&services)?;
    let served = runtime.block_on(async {
        let listener = place.listen().await?;
        say_what_is_there(&dir, args, reader.watermark(), began);
        say_where_to_look(&listener.local_addr()?.to_string(), &token, &dir, args.data.is_none());
        let going_on = tokio::spawn(live::go_on(engine.clone(), args.seed, args.orders, future, wall::system()));
        serve::serve(Front { listener, tls: None, limits: Limits::default() }, services, ended).await;
        going_on.abort();
        Ok(())
    });
    drop(runtime);
    maker.stop();
    jobs.stop();
    phones.stop();
    writing.finish();
    keeping.stop();
    automation.stop();
    serve::end(&engine, owner, followers, served)
}

/// The past, up to now; returns a token and what is still to come.
fn begin(
    folder: &Folder,
    clock: &clock::DemoClock,
    (seed, plan): (u64, Vec<life::Step>),
    now: daybook_domain::Timestamp,
) -> Result<(String, Vec<life::Step>), Failure> {
    let whom = forgotten::first(&plan);
    let future = past::live_through(&folder.engine, clock, plan, now)?;
    clock.arrive();
    forgotten::forget(&folder.engine, seed, whom)?;
    let (secret, issue) = token::new_platform_token("demo")?;
    folder.engine.submit(issue).wait()?;
    Ok((secret, future))
}

fn say_what_is_there(dir: &Path, args: &DemoArgs, events: u64, began: Instant) {
    eprintln!(
        "{} orders, {events} events in {} (seed {}), ready after {:.1} s\n",
        args.orders,
        dir.display(),
        args.seed,
        began.elapsed().as_secs_f32()
    );
}

fn say_where_to_look(address: &str, token: &str, dir: &Path, is_temporary: bool) {
    let data = dir.display();
    println!(
        "Orders:      http://{address}/\nGraphQL:     http://{address}/graphql\nToken:       {token}\n\n\
         curl -s http://{address}/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer {token}' \\\n  \
         -d '{{\"query\":\"{{ orders(where: {{label: {{oneOf: [TO_SHIP]}}}}, scope: SUBTREE, first: 3) {{ nodes {{ number label placedAt \
         merchant {{ name }} total {{ amount currency }} lines {{ title quantity }} }} }} \
         ordersCount(where: {{label: {{oneOf: [EXCEPTION]}}}}, scope: SUBTREE) }}\"}}'\n\n\
         Others see less: daybook token create --role clerk --merchant qingmu --data {data}\n\n\
         A new order comes about every second. Ctrl-C ends it{}.",
        if is_temporary { " and removes the folder" } else { "" }
    );
}
