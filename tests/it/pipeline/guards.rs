//! Guards: hooks that say beforehand that they would do nothing, and how little they touch.

use rulegate::pipeline::Reach;
use rulegate::settings::TraceLogSetting;
use rulegate::{Context, Engine, Fault, Hook, Message, OrganizationService, Step, Value};

use crate::engines::{Log, at, builder, change, create, engine, update};

/// A hook that would do nothing where its guard holds.
struct Guarded<G> {
    log: Log,
    name: &'static str,
    holds: G,
    is_silent: bool,
    looks_at_images: bool,
}

impl<G: Fn(&Context) -> bool + Send + Sync> Guarded<G> {
    fn new(log: &Log, name: &'static str, holds: G) -> Self {
        Self { log: log.clone(), name, holds, is_silent: true, looks_at_images: true }
    }
}

impl<G: Fn(&Context) -> bool + Send + Sync> Hook for Guarded<G> {
    fn execute(&self, ctx: &mut Context) -> Result<(), Fault> {
        let image = if ctx.pre_image().is_some() { " with image" } else { "" };
        self.log.write(format!("{}{image}", self.name));
        Ok(())
    }

    fn is_idle(&self, ctx: &Context) -> bool {
        if !self.is_silent {
            self.log.write(format!("guard of {}", self.name));
        }
        (self.holds)(ctx)
    }

    fn reach(&self) -> Reach {
        Reach::Target
    }

    fn looks_at_images(&self) -> bool {
        self.looks_at_images
    }
}

fn on_update(stage: u16) -> Step {
    Step::on(Message::Update, "account").at(at(stage))
}

#[test]
fn a_step_that_would_do_nothing_does_not_run() {
    let log = Log::default();
    let busy = |ctx: &Context| ctx.target().is_none_or(|it| !it.has("name"));
    let engine = engine([
        on_update(20).rank(1).run("idle", Guarded::new(&log, "idle", |_| true)),
        on_update(20).rank(2).run("asked", Guarded::new(&log, "asked", busy)),
        on_update(20).rank(3).run("busy", Guarded::new(&log, "busy", |_| false)),
    ]);
    let account = create(&engine, "account", []);

    update(&engine, &account, [("name", "A".into())]);
    update(&engine, &account, [("description", "B".into())]);

    assert_eq!(log.take(), ["asked", "busy", "busy"]);
}

#[test]
fn where_somebody_listens_every_step_runs() {
    // The transcript and the log of all runs are the same, guard or not (E-45).
    let log = Log::default();
    let idle = || on_update(20).run("idle", Guarded::new(&log, "idle", |_| true));
    let quiet = engine([idle()]);
    let account = create(&quiet, "account", []);

    let change_of = |it: &Engine| change(it, &account, [("name", "A".into())]);
    let (transcript, _) = quiet.trace(rulegate::message::Update::new(change_of(&quiet)));
    assert_eq!(transcript.steps_that_ran().collect::<Vec<_>>(), ["idle"]);
    assert_eq!(log.take(), ["idle"]);

    let logging =
        builder().settings(|it| it.trace_log = TraceLogSetting::All).step(idle()).build().unwrap();
    let account = create(&logging, "account", []);
    update(&logging, &account, []);
    assert_eq!((log.take(), logging.trace_log().len()), (vec!["idle".to_owned()], 1));
}

#[test]
fn a_guard_sees_what_its_step_asked_for() {
    // P-59, I-13
    let log = Log::default();
    let is_unchanged = |ctx: &Context| {
        let name = |it: Option<rulegate::pipeline::Image<'_>>| it?.get("name").cloned();
        let sent = ctx.target().and_then(|it| it.get("name")).cloned();
        name(ctx.pre_image_as("before")) == sent && ctx.post_image().is_none()
    };
    let of_system = |ctx: &Context| ctx.user() == rulegate::bootstrap::SYSTEM_USER;
    let engine = engine([
        on_update(20)
            .rank(1)
            .pre_image_as("before", ["name"])
            .run("changed", Guarded::new(&log, "changed", is_unchanged)),
        on_update(20)
            .rank(2)
            .run_as(rulegate::bootstrap::SYSTEM_USER)
            .run("as SYSTEM", Guarded::new(&log, "as SYSTEM", of_system)),
        on_update(20).rank(3).run("as caller", Guarded::new(&log, "as caller", of_system)),
    ]);
    let account = create(&engine, "account", [("name", "A".into())]);

    update(&engine, &account, [("name", "A".into())]);
    update(&engine, &account, [("name", "B".into())]);

    assert_eq!(log.take(), ["as caller", "changed", "as caller"]);
}

#[test]
fn a_guard_that_panics_lets_its_step_run() {
    let log = Log::default();
    let breaks = |_: &Context| panic!("a guard broke");
    let engine = engine([
        on_update(20).rank(1).run("broken", Guarded::new(&log, "broken", breaks)),
        on_update(20).rank(2).run("next", Guarded::new(&log, "next", |_| false)),
    ]);
    let account = create(&engine, "account", []);

    update(&engine, &account, []);

    assert_eq!(log.take(), ["broken", "next"]);
}

#[test]
fn no_step_runs_too_deep_idle_or_not() {
    // P-75
    let log = Log::default();
    let idle = Guarded::new(&log, "idle", |ctx| ctx.depth() != 1);
    let again = |ctx: &mut Context| {
        let target = ctx.service().record("contact").unwrap();
        ctx.service().create(target).map(drop).map_err(Fault::from)
    };
    let engine = builder()
        .settings(|it| it.depth_limit = 1)
        .step(Step::on(Message::Create, "account").at(at(40)).run("again", again))
        .step(Step::on(Message::Create, "contact").run("idle", idle))
        .build()
        .unwrap();

    let error = engine.create(engine.record("account").unwrap()).unwrap_err();

    assert!(error.to_string().contains("idle"), "{error}");
    assert!(log.take().is_empty());
}

#[test]
fn in_a_bulk_message_guards_come_before_bodies() {
    // M-44: what the bodies do comes in the order in which it always comes.
    let log = Log::default();
    let is_short = |ctx: &Context| {
        let name = ctx.target().and_then(|it| it.get("name")).and_then(Value::as_text);
        name.is_none_or(|it| it.len() < 2)
    };
    let step = |name, rank| {
        let hook = Guarded { is_silent: false, ..Guarded::new(&log, name, is_short) };
        on_update(20).rank(rank).run(name, hook)
    };
    let engine = engine([step("first", 1), step("second", 2)]);
    let accounts = [(); 3].map(|()| create(&engine, "account", []));
    let named = |(it, name): (_, &str)| change(&engine, it, [("name", name.into())]);
    let changes = accounts.iter().zip(["AA", "B", "CC"]).map(named).collect();

    engine.update_multiple(changes).unwrap();

    let log = log.take();
    let first_body = log.iter().position(|it| it == "first").unwrap();
    let before = log.iter().take(first_body).filter(|it| it.starts_with("guard")).count();
    assert_eq!(before, 4 + 1, "four guards before all bodies, and one again: {log:?}");
    let bodies = log.iter().filter(|it| !it.starts_with("guard"));
    assert_eq!(bodies.collect::<Vec<_>>(), ["first", "second", "first", "second"]);
}

#[test]
fn an_image_at_which_nobody_looks_is_not_read() {
    // I-26; the step shows it all the same.
    let log = Log::default();
    let hook = || Guarded { looks_at_images: false, ..Guarded::new(&log, "blind", |_| false) };
    let blind = || on_update(20).rank(1).pre_image(["name"]).run("blind", hook());
    let seeing = || {
        let hook = Guarded::new(&log, "seeing", |_| false);
        on_update(20).rank(2).pre_image(["name"]).run("seeing", hook)
    };

    for steps in [vec![blind()], vec![blind(), seeing()]] {
        let engine = engine(steps);
        let account = create(&engine, "account", []);
        update(&engine, &account, []);
        assert_eq!(engine.steps()[0].pre_images().count(), 1);
    }

    // Where another step looks at the record, it is there for both.
    assert_eq!(log.take(), ["blind", "blind with image", "seeing with image"]);
}
