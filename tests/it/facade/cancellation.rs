//! Futures that are dropped: before their message began, and after.

use std::pin::pin;

use rulegate::{Context, Fault, OrganizationService, Stage};
use rulegate_async::OrganizationServiceAsync;

use super::gate::{Gate, Wakes};
use super::{account, block_on, facade, names, on_create, texts};
use crate::engines::{Log, create_task};

#[test]
fn a_message_dropped_before_it_began_does_nothing() {
    let log = Log::default();
    let (gate, stop) = Gate::new("first");
    let see = log.hook(|ctx: &mut Context| format!("{:?}", ctx.target()));
    let steps = [
        on_create(Stage::PreValidation).run("see", see),
        on_create(Stage::PreOperation).run("stop", stop),
    ];
    let facade = facade(1, steps);
    let mut first = pin!(facade.create(account(&facade, "first")));
    let mut second = Box::pin(facade.create(account(&facade, "second")));

    assert!(Wakes::default().poll(first.as_mut()).is_pending());
    gate.wait();
    assert!(Wakes::default().poll(second.as_mut()).is_pending());
    drop(second);
    gate.open();
    block_on(facade.create(account(&facade, "third"))).unwrap();

    assert_eq!(names(facade.engine()), ["first", "third"]);
    assert_eq!(log.take().len(), 2, "no step saw the second");
}

#[test]
fn a_message_dropped_after_it_began_is_saved_whole() {
    for stage in [Stage::PreValidation, Stage::PreOperation, Stage::PostOperation] {
        let (gate, stop) = Gate::new("Acme");
        let steps = [
            on_create(Stage::PreOperation).rank(0).run("before", create_task("before")),
            on_create(stage).rank(1).run("stop", stop),
            on_create(Stage::PostOperation).rank(2).run("after", create_task("after")),
        ];
        let facade = facade(1, steps);
        let mut created = Box::pin(facade.create(account(&facade, "Acme")));

        assert!(Wakes::default().poll(created.as_mut()).is_pending());
        gate.wait();
        drop(created);
        assert_eq!(names(facade.engine()), Vec::<String>::new());
        gate.open();
        block_on(facade.close());

        assert_eq!(names(facade.engine()), ["Acme"], "{stage:?}");
        assert_eq!(texts(facade.engine(), "task", "subject"), ["before", "after"], "{stage:?}");
    }
}

#[test]
fn a_message_dropped_after_it_began_is_undone_whole_where_a_step_refuses_it() {
    let (gate, stop) = Gate::new("Acme");
    let no = |_: &mut Context| Err(Fault::reject("no"));
    let steps = [
        on_create(Stage::PreOperation).run("task", create_task("before")),
        on_create(Stage::PostOperation).rank(1).run("stop", stop),
        on_create(Stage::PostOperation).rank(2).run("no", no),
    ];
    let facade = facade(1, steps);
    let mut created = Box::pin(facade.create(account(&facade, "Acme")));

    assert!(Wakes::default().poll(created.as_mut()).is_pending());
    gate.wait();
    drop(created);
    gate.open();
    block_on(facade.close());

    assert_eq!(names(facade.engine()), Vec::<String>::new());
    assert_eq!(texts(facade.engine(), "task", "subject"), Vec::<String>::new());
}

#[test]
fn an_answer_that_nobody_hears_may_panic_when_it_is_dropped() {
    /// An answer that breaks when it goes.
    struct Broken;
    impl Drop for Broken {
        fn drop(&mut self) {
            panic!("an answer that panics, as the test wants it");
        }
    }
    let (gate, stop) = Gate::new("Acme");
    let facade = facade(1, [on_create(Stage::PreOperation).run("stop", stop)]);
    let target = account(&facade, "Acme");
    let work = facade.run(move |it| {
        it.create(target).unwrap();
        Broken
    });
    let mut work = Box::pin(work);

    assert!(Wakes::default().poll(work.as_mut()).is_pending());
    gate.wait();
    drop(work);
    gate.open();

    block_on(facade.create(account(&facade, "next"))).unwrap(); // The only thread goes on.
    assert_eq!(names(facade.engine()), ["Acme", "next"]);
}
