//! Everything that is shipped, both ways.

use rulegate_script::{Execution, LoadOptions, Playground, RuleSet};

use crate::runs::sources;

#[test]
fn every_run_gives_one_transcript_both_ways() {
    let project = support::root();
    let rules = sources(&project, "rules", &["rhai", "toml"]);
    let messages = support::shipped().messages();
    let [lowered, interpreted] = [Execution::Lowered, Execution::Interpreted].map(|execution| {
        let messages = messages.clone();
        let options = LoadOptions { messages, execution, ..LoadOptions::default() };
        RuleSet::load(&rules, None, &options).unwrap()
    });
    let limits = LoadOptions::default().limits;
    let runs = sources(&project, "tests/runs", &["rhai"]);
    assert!(!runs.is_empty());
    for run in runs {
        let [one, other] = [&lowered, &interpreted]
            .map(|set| Playground::new(set, hooks::install, &limits).unwrap().play(&run));
        let path = &run.path;
        assert_eq!(one.transcript, other.transcript, "{path}");
        assert_eq!(one.failure, other.failure, "{path}");
        assert_eq!(one.broken, other.broken, "{path}");
        assert_eq!((one.steps, one.is_rejected), (other.steps, other.is_rejected), "{path}");
    }
}
