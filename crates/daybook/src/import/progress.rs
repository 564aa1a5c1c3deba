//! How far it is: a bar on a terminal, a line every few seconds elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::console::Console;

const LINE_EVERY: Duration = Duration::from_secs(5);

pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    done: u64,
    all: u64,
    unit: &'static str,
    last_line: Instant,
}

impl Progress {
    pub(crate) fn new(all: u64, unit: &'static str, console: &Console<'_>) -> Self {
        let bar = console.has_bar.then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %, {eta} left");
            let bar = ProgressBar::new(all);
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, done: 0, all, unit, last_line: Instant::now() }
    }

    pub(crate) fn advance(&mut self, by: u64, console: &mut Console<'_>) {
        self.done += by;
        match &self.bar {
            Some(bar) => bar.inc(by),
            None if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                console.say(&format!("{} of {} {}", self.done, self.all, self.unit));
            }
            None => {}
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
