//! What the program says: results on standard output, logs and progress on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tracing_subscriber::EnvFilter;

/// Without a terminal, a line of progress is written each time this many rows are done.
const ROWS_PER_LINE: usize = 1000;

/// Starts the logs. `CASA_LOG` filters them; without it, the embedded servers only report what broke, because they
/// log every refused condition and every missing object as a warning.
pub(crate) fn start_logs() {
    let filter = EnvFilter::try_from_env("CASA_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,dynoxide=error,s3s=error,s3s_fs=error"));
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(std::io::stderr);
    // A second start in one process changes nothing.
    let _ = logs.try_init();
}

/// Writes a text with a line end to standard output. A reader that went away is no reason to fail.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end());
    let _ = out.flush();
}

/// Progress through a number of rows or files: a bar on a terminal, else a line now and then.
pub(crate) struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    told: usize,
}

impl Progress {
    pub(crate) fn new(what: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{msg:>10} {wide_bar} {human_pos}/{human_len} {eta:>5}");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.set_message(what);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { what, bar, told: 0 }
    }

    pub(crate) fn set(&mut self, done: usize, total: usize) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
            }
            None if done / ROWS_PER_LINE > self.told / ROWS_PER_LINE && done < total => {
                self.told = done;
                tracing::info!("{}: {done} of {total}", self.what);
            }
            None => {}
        }
    }

    pub(crate) fn finish(self, total: usize) {
        match self.bar {
            Some(bar) => bar.finish_and_clear(),
            None => tracing::info!("{}: all {total} done", self.what),
        }
    }
}
