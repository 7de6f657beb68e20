//! Whether a benchmark is to run at all.

/// `cargo bench` says `--bench`. `cargo test --benches` does not, and
/// `cargo bench -- --test` says `--test` as well: those only want to know that
/// it starts.
pub fn to_measure() -> bool {
    let said = |word: &str| std::env::args().any(|argument| argument == word);
    let asked = said("--bench") && !said("--test");
    if !asked {
        println!("nothing is measured without cargo bench");
    }
    asked
}
