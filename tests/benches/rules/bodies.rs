//! One rule: alone on a context, and within a message that is the same but for it.

use std::sync::Arc;

use rulegate::metadata::Ordinal;
use rulegate::{Context, Engine, Fault, Hook, Message, OrganizationService, Record, Step, Value};
use rulegate_script::{Execution, RuleSet};
use rust_decimal::Decimal;

use crate::peer::Peer;
use crate::table::{QUICK, Row, STEADY, Side, Table, side, turns};
use crate::world::{
    ByHand, GUARDED, MEDIUM, SIMPLE, Script, change, context, engine, places, rule, serving,
};

/// What a hook written by hand does.
type Work = fn(&mut Context, &Places) -> Result<(), Fault>;

/// A rule that is measured, and what it is measured against.
struct Case {
    title: &'static str,
    body: &'static str,
    by_hand: Work,
    /// How the record differs.
    furnish: fn(&mut Record),
    /// How much faster than `call_fn` it is to be.
    speed: Option<f64>,
    /// How much it may add to a message, in nanoseconds.
    added: Option<f64>,
}

const CASES: [Case; 4] = [
    Case {
        title: "simple rule",
        body: SIMPLE,
        by_hand: simple,
        furnish: |_| (),
        speed: Some(20.0),
        added: Some(50.0),
    },
    Case {
        title: "medium rule",
        body: MEDIUM,
        by_hand: medium,
        furnish: |_| (),
        speed: Some(10.0),
        added: None,
    },
    Case {
        title: "false guard",
        body: GUARDED,
        by_hand: guarded,
        furnish: |_| (),
        speed: None,
        added: Some(10.0),
    },
    Case {
        title: "refusal",
        body: SIMPLE,
        by_hand: simple,
        furnish: |it| drop(it.remove("customerid")),
        speed: None,
        added: None,
    },
];

/// The places of the attributes, as a hook of the host knows them.
#[derive(Clone, Copy)]
struct Places {
    estimatedvalue: Ordinal,
    customerid: Ordinal,
    rating: Ordinal,
    quantity: Ordinal,
    price: Ordinal,
    discount: Ordinal,
    total: Ordinal,
    name: Ordinal,
    stage: Ordinal,
    probability: Ordinal,
}

pub(crate) fn measure(table: &mut Table) {
    for case in &CASES {
        if table.wants(&format!("{}, alone", case.title)) {
            case.alone(table);
        }
        if table.wants(&format!("{}, in an Update", case.title)) {
            case.in_message(table);
        }
    }
}

impl Case {
    fn lowered(&self) -> RuleSet {
        rule(Script::on_update(self.body), Execution::Lowered)
    }

    fn interpreted(&self) -> RuleSet {
        rule(Script::on_update(self.body), Execution::Interpreted)
    }

    fn hook(&self) -> impl Hook + use<> {
        let (work, places) = (self.by_hand, Places::of_opportunity());
        ByHand(move |ctx: &mut Context| work(ctx, &places))
    }

    /// The rule without a message around it: what each way to run it takes.
    fn alone(&self, table: &mut Table) {
        let (lowered, interpreted) = (self.lowered(), self.interpreted());
        let [mut of_hook, mut of_rule] = [(); 2].map(|()| context(&lowered, self.furnish));
        let mut of_script = context(&interpreted, self.furnish);
        let record = of_hook.target().unwrap().clone();
        let mut warm = Peer::new(self.body, &record);
        let cold = Peer::new(self.body, &record);
        let only = |set: &RuleSet| Arc::clone(set.steps.first().unwrap().hook());
        let (hook, rule, script) = (self.hook(), only(&lowered), only(&interpreted));
        let turns = turns(
            QUICK,
            vec![
                side("by hand", || hook.execute(&mut of_hook)),
                side("lowered", || rule.execute(&mut of_rule)),
                side("interpreted", || script.execute(&mut of_script)),
                side("Rhai warm", || warm.warm()),
                side("Rhai call_fn", || cold.call()),
            ],
        );
        let title = format!("{}, alone", self.title);
        let beside = |pair| Row::beside(&title, &turns, pair);
        table.add(Row::new(format!("{title}: by hand"), turns.figure("by hand")));
        table.add(beside(("lowered", "by hand")));
        let called = beside(("Rhai call_fn", "lowered"));
        table.add(match self.speed {
            Some(bound) => called.at_least(bound),
            None => called,
        });
        table.add(beside(("Rhai warm", "lowered")));
        table.add(beside(("interpreted", "Rhai warm")).at_most(1.15));
    }

    /// What the rule adds to a message that carries all that it writes, so that nothing else differs.
    fn in_message(&self, table: &mut Table) {
        let by_hand = Step::on(Message::Update, "opportunity").run("by hand", self.hook());
        let turns = turns(
            STEADY,
            vec![
                self.updates("no rule", engine(Vec::new())),
                self.updates("by hand", engine(vec![by_hand])),
                self.updates("lowered", serving(&self.lowered())),
                self.updates("interpreted", serving(&self.interpreted())),
            ],
        );
        let title = format!("{}, in an Update", self.title);
        if self.title == "refusal" {
            // Such a message ends early: nothing can be said of what it takes more than another.
            table.add(Row::new(format!("{title}: by hand"), turns.figure("by hand")));
            table.add(Row::beside(&title, &turns, ("lowered", "by hand")));
            table.add(Row::beside(&title, &turns, ("interpreted", "by hand")));
            return;
        }
        table.add(Row::new(format!("{title}: no rule"), turns.figure("no rule")));
        let lowered = Row::added(&title, &turns, ("lowered", "by hand", "no rule"));
        table.add(match self.added {
            Some(bound) => lowered.within(bound),
            None => lowered,
        });
        table.add(Row::added(&title, &turns, ("interpreted", "by hand", "no rule")));
    }

    fn updates(&self, name: &str, engine: Engine) -> Side<'static> {
        let mut change = change(&engine);
        (self.furnish)(&mut change);
        side(name, move || engine.update(change.clone()))
    }
}

impl Places {
    fn of_opportunity() -> Self {
        let [
            estimatedvalue,
            customerid,
            rating,
            quantity,
            price,
            discount,
            total,
            name,
            stage,
            probability,
        ] = places([
            "estimatedvalue",
            "customerid",
            "opportunityratingcode",
            "quantity",
            "priceperunit",
            "discount",
            "totalamount",
            "name",
            "salesstage",
            "closeprobability",
        ]);
        Self {
            estimatedvalue,
            customerid,
            rating,
            quantity,
            price,
            discount,
            total,
            name,
            stage,
            probability,
        }
    }
}

fn is_above(target: &Record, place: Ordinal, bound: i64) -> bool {
    matches!(target.at(place), Some(Value::Decimal(it)) if Decimal::from(bound) < *it)
}

fn target(ctx: &Context) -> Result<&Record, Fault> {
    ctx.target().ok_or_else(|| Fault::failed("no target"))
}

fn simple(ctx: &mut Context, places: &Places) -> Result<(), Fault> {
    let target = target(ctx)?;
    let has_customer = target.at(places.customerid).is_some_and(|it| !it.is_null());
    if is_above(target, places.estimatedvalue, 100_000) && !has_customer {
        return Err(Fault::reject("a large opportunity needs a customer"));
    }
    ctx.target_mut()?.put(places.rating, Value::Choice(1));
    Ok(())
}

fn guarded(ctx: &mut Context, places: &Places) -> Result<(), Fault> {
    if !is_above(target(ctx)?, places.estimatedvalue, 1_000_000) {
        return Ok(());
    }
    let target = ctx.target_mut()?;
    target.put(places.rating, Value::Choice(1));
    target.put(places.probability, Value::WholeNumber(90));
    Ok(())
}

fn medium(ctx: &mut Context, places: &Places) -> Result<(), Fault> {
    let too_large = || Fault::failed("a number is too large");
    let target = ctx.target_mut()?;
    let number = |it| target.at(it).and_then(Value::as_whole_number).ok_or_else(too_large);
    let amount = number(places.quantity)?.checked_mul(number(places.price)?);
    let total = amount.ok_or_else(too_large)?.checked_sub(number(places.discount)?);
    let total = total.ok_or_else(too_large)?;
    if total < 0 {
        return Err(Fault::reject(format!("a total of {total} is negative")));
    }
    let name = target.at(places.name).and_then(Value::as_text);
    let is_rated = name.is_some_and(|it| 20 < it.chars().count() && !it.contains("TEST"));
    let stage = target.at(places.stage).and_then(Value::as_choice);
    target.put(places.total, Value::WholeNumber(total));
    if is_rated {
        let rating = if 10_000 < total { 1 } else { 2 + i32::from(total <= 1_000) };
        target.put(places.rating, Value::Choice(rating));
    }
    let probability = match stage {
        Some(1) => 10,
        Some(2) => 50,
        _ => 0,
    };
    target.put(places.probability, Value::WholeNumber(probability));
    Ok(())
}
