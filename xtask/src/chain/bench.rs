//! `cargo xtask bench chain`: how soon, how fast, how large.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::{debian, run};

pub(crate) fn run() -> anyhow::Result<()> {
    let sukashi = run::build()?;
    let scratch = std::env::current_dir()?.join("target/bench-chain");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&scratch)?;
    println!("| measure | must | measured |\n|---|---:|---:|");
    println!("| binary | 80 MB | {:.1} MB |", fs::metadata(&sukashi)?.len() as f64 / 1e6);
    println!("| demonstration ready | 10 s | {:.1} s |", demo_ready(&sukashi, &scratch)?.as_secs_f64());
    let rootfs = debian::find(&debian::installer("armel")?, "kirkwood/initrd.gz")?;
    let ran = run::watch(Command::new(&sukashi).arg("inspect").arg(&rootfs).args(["--format", "json"]))?;
    println!("| NAS root file system inspected (status {}) | 5 min, 2 GB | {} |", ran.status, ran.figures());
    match std::env::var_os("SUKASHI_TEST_DATA") {
        None => println!("| vulnerability import | 5 min, 1 GB | skipped: set SUKASHI_TEST_DATA |"),
        Some(data) => {
            let data = Path::new(&data);
            let mut import = Command::new(&sukashi);
            import.args(["vuln", "import"]).args(["nvd", "cve5", "kev", "epss"].map(|feed| data.join(feed)));
            import.arg("--vuln-db").arg(scratch.join("all.redb"));
            let ran = run::watch(&mut import)?;
            println!("| vulnerability import (status {}) | 5 min, 1 GB | {} |", ran.status, ran.figures());
        }
    }
    Ok(())
}

/// From the start to the last `ready:` line.
fn demo_ready(sukashi: &Path, scratch: &Path) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let mut command = Command::new(sukashi);
    command.args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(scratch.join("demo"));
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start the demonstration")?;
    let output = child.stdout.take().context("the demonstration has no output")?;
    let ready = BufReader::new(output).lines().take(4).filter(|line| line.is_ok()).count();
    let time = start.elapsed();
    child.kill()?;
    child.wait()?;
    if ready < 4 {
        bail!("the demonstration did not get ready");
    }
    Ok(time)
}
