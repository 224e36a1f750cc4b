//! How it ends: what is finished, what is refused, and who lets go last.

use std::pin::pin;
use std::sync::mpsc::{Sender, channel};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use rulegate::message::Create;
use rulegate::{Context, Engine, ErrorCode, OrganizationService, Stage};
use rulegate_async::{AsyncEngine, OrganizationServiceAsync};

use super::gate::{Gate, Wakes};
use super::{account, block_on, facade, names, on_create};
use crate::engines::engine;

#[test]
fn closing_finishes_what_has_a_place_and_refuses_what_waits_for_one() {
    let (gate, stop) = Gate::new("first");
    let steps = [on_create(Stage::PreOperation).run("stop", stop)];
    let facade = AsyncEngine::builder(engine(steps)).threads(1).queue_bound(1).build().unwrap();
    let mut first = pin!(facade.create(account(&facade, "first")));
    let mut second = pin!(facade.create(account(&facade, "second")));
    let mut third = pin!(facade.create(account(&facade, "third")));
    let (third_wakes, close_wakes) = (Wakes::default(), Wakes::default());
    let mut closed = pin!(facade.close());

    assert!(Wakes::default().poll(first.as_mut()).is_pending());
    gate.wait();
    assert!(Wakes::default().poll(second.as_mut()).is_pending());
    assert!(third_wakes.poll(third.as_mut()).is_pending());

    assert!(close_wakes.poll(closed.as_mut()).is_pending(), "the first stands at the gate");
    assert_eq!(third_wakes.count(), 1);
    let Poll::Ready(Err(error)) = third_wakes.poll(third.as_mut()) else { panic!("no place") };
    assert_eq!(error.code(), ErrorCode::Closed);
    assert_eq!(close_wakes.count(), 0);

    gate.open();
    block_on(closed);
    assert_eq!(names(facade.engine()), ["first", "second"]);
    block_on(first).unwrap();
    block_on(second).unwrap();
}

#[test]
fn what_is_closed_refuses_and_its_engine_serves_on() {
    let facade = facade(2, []);
    let clone = facade.clone();
    let request = || Create::new(account(&facade, "Acme"));

    block_on(facade.close());
    block_on(clone.close()); // Twice is once.

    let error = block_on(clone.execute(request().into())).unwrap_err();
    assert_eq!((error.code(), error.code().name()), (ErrorCode::Closed, "engine.closed"));
    let (transcript, outcome) = block_on(facade.client().trace(request()));
    assert_eq!(outcome.unwrap_err().code(), ErrorCode::Closed);
    assert!(transcript.is_empty());
    let work = block_on(facade.run(Engine::generation));
    assert_eq!(work.unwrap_err().code(), ErrorCode::Closed);

    facade.engine().execute(request().into()).unwrap();
    assert_eq!(names(facade.engine()), ["Acme"]);
}

#[test]
fn a_close_that_nobody_waits_for_closes() {
    let (gate, stop) = Gate::new("Acme");
    let facade = facade(1, [on_create(Stage::PreOperation).run("stop", stop)]);
    let mut created = pin!(facade.create(account(&facade, "Acme")));
    assert!(Wakes::default().poll(created.as_mut()).is_pending());
    gate.wait();

    assert!(Wakes::default().poll(Box::pin(facade.close()).as_mut()).is_pending());

    let refused = block_on(facade.create(account(&facade, "late"))).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Closed);
    gate.open();
    block_on(created).unwrap();
}

/// Tells which thread drops it.
struct Told(Sender<String>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.send(thread::current().name().unwrap_or_default().to_owned()).unwrap();
    }
}

/// Tasks' way to an engine of one thread, with a gate at the end of "Acme". The steps belong to the
/// engine, so that `told` hears when it is dropped, and by which thread.
fn gated(told: Sender<String>) -> (AsyncEngine, Gate) {
    let (gate, stop) = Gate::new("Acme");
    let told = Told(told);
    let keep = move |_: &mut Context| {
        let _kept = &told;
        Ok(())
    };
    let steps = [
        on_create(Stage::PreOperation).run("stop", stop),
        on_create(Stage::PostOperation).run("keep", keep),
    ];
    (facade(1, steps), gate)
}

#[test]
fn the_last_handle_blocks_nobody_and_leaves_the_engine_to_its_threads() {
    let (told, who) = channel();
    let (facade, gate) = gated(told);
    let client = facade.client();
    let mut created = Box::pin(client.create(account(&facade, "Acme")));
    assert!(Wakes::default().poll(created.as_mut()).is_pending());
    gate.wait();

    drop(created);
    drop(facade);
    drop(client); // The last. The message stands at the gate, and nobody waits for it here.
    assert!(who.try_recv().is_err(), "the message has the engine");
    gate.open();

    assert_eq!(who.recv_timeout(Duration::from_mins(1)).unwrap(), "rulegate-1");
}

#[test]
fn the_last_handle_lets_what_began_be_saved() {
    let (told, _who) = channel();
    let (facade, gate) = gated(told);
    let engine = facade.engine().clone();
    let mut created = Box::pin(facade.create(account(&facade, "Acme")));
    assert!(Wakes::default().poll(created.as_mut()).is_pending());
    gate.wait();

    drop(created);
    drop(facade);
    gate.open();

    for _ in 0..60_000 {
        if !names(&engine).is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(names(&engine), ["Acme"]);
}

#[test]
fn once_closed_no_thread_has_the_engine() {
    for _ in 0..200 {
        let (told, who) = channel();
        let (facade, _gate) = gated(told);
        block_on(facade.create(account(&facade, "next"))).unwrap();

        block_on(facade.close());
        drop(facade);

        let here = thread::current().name().unwrap_or_default().to_owned();
        assert_eq!(who.try_recv().unwrap(), here); // So its store is closed by now.
    }
}
