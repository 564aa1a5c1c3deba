//! Results go to standard output, everything else to standard error.

use std::io::{self, ErrorKind, Write};

/// Writes a whole result. Whoever reads us, such as `head`, may have seen enough: that is no failure.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Adds a line to a result.
macro_rules! out {
    ($text:expr, $($line:tt)*) => {{
        $text.push_str(&format!($($line)*));
        $text.push('\n');
    }};
}

pub(crate) use out;
