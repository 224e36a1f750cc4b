//! Recent steps: which ran last, and what came of them.

use rulegate::engine::EngineBuilder;
use rulegate::pipeline::{RecentStep, StepOutcome};
use rulegate::{Context, Engine, Fault, Message, Mode, OrganizationService, Stage, Step};

use crate::engines::{at, builder, create, engine, refuse, update};

fn on(message: Message, stage: u16) -> Step {
    Step::on(message, "account").at(at(stage))
}

fn nothing(_: &mut Context) -> Result<(), Fault> {
    Ok(())
}

fn names(engine: &Engine) -> Vec<String> {
    engine.recent_steps().iter().map(|it| it.step.to_string()).collect()
}

#[test]
fn what_ran_is_remembered_with_what_came_of_it() {
    let contact = |ctx: &mut Context| {
        let contact = ctx.service().record("contact").unwrap();
        ctx.service().create(contact).map(drop).map_err(Fault::from)
    };
    let engine = engine([
        on(Message::Create, 40).run("sends", contact),
        Step::on_any(Message::Create).at(at(20)).run("everywhere", nothing),
        on(Message::Update, 10).filtering(["telephone1"]).run("unheard", nothing),
        on(Message::Update, 20).run("refuses", refuse("no")),
    ]);

    let account = create(&engine, "account", []);
    let change = engine.change(&account).unwrap();
    engine.update(change).unwrap_err();

    let all = engine.recent_steps();
    let told = |it: &RecentStep| {
        format!("{} {} of {} at {} {}", it.step, it.message, it.entity, it.stage.number(), it.depth)
    };
    assert_eq!(
        all.iter().map(told).collect::<Vec<_>>(),
        [
            "everywhere Create of account at 20 1",
            "everywhere Create of contact at 20 2",
            "sends Create of account at 40 1",
            "refuses Update of account at 20 1",
        ]
    );
    let last = all.last().unwrap();
    assert!(matches!(&last.outcome, StepOutcome::Rejected(why) if why.starts_with("no")));
    assert_eq!((last.generation, last.mode), (0, Mode::Synchronous));
    assert!(all.iter().take(3).all(|it| it.outcome == StepOutcome::Ran));
}

#[test]
fn jobs_are_among_them() {
    let engine = engine([on(Message::Create, 40).asynchronous().run("later", nothing)]);

    create(&engine, "account", []);
    assert!(engine.recent_steps().is_empty());
    engine.run_jobs();

    let [job]: [RecentStep; 1] = engine.recent_steps().try_into().unwrap();
    let place = (&*job.step, &*job.entity, job.stage, job.mode);
    assert_eq!(place, ("later", "account", Stage::PostOperation, Mode::Asynchronous));
}

#[test]
fn the_newest_are_kept_and_none_where_none_are_wanted() {
    let keeping = |count: usize| {
        let builder = builder().settings(|it| it.recent_steps = count);
        let steps = ["a", "b", "c"].map(|it| on(Message::Update, 20).run(it, nothing));
        steps.into_iter().fold(builder, EngineBuilder::step).build().unwrap()
    };
    for (count, kept) in [(0, &[][..]), (2, &["b", "c"]), (5, &["b", "c", "a", "b", "c"])] {
        let engine = keeping(count);
        let account = create(&engine, "account", []);

        update(&engine, &account, []);
        update(&engine, &account, []);

        assert_eq!(names(&engine), kept);
    }
}

#[test]
fn names_outlive_a_reload() {
    let engine = engine([]);
    let account = create(&engine, "account", []);
    let serve = |name: &'static str| {
        let step = on(Message::Update, 20).run(name, nothing);
        engine.reload((*engine.catalog()).clone(), vec![step]).unwrap();
        update(&engine, &account, []);
    };

    ["one", "two", "three", "four", "five"].into_iter().for_each(serve);

    assert_eq!(names(&engine), ["two", "three", "four", "five"]);
}

#[test]
fn threads_remember_side_by_side() {
    let engine = engine([on(Message::Create, 20).run("counted", nothing)]);

    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| drop(create(&engine, "account", []))));
        }
    });

    assert_eq!(names(&engine).len(), 40);
}
