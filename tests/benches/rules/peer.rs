//! Rhai as one embeds it who needs nothing else: the same record, the same texts, typed getters by place, no limits.
//!
//! Scripts hold a small handle; the record itself lies in a place of the thread's own, so that no lock is taken and
//! nothing is counted. [`Peer::call`] is `call_fn`; [`Peer::warm`] keeps what Rhai finds out about functions from one
//! run to the next, and is the least that Rhai takes.

use std::cell::RefCell;

use rhai::{
    AST, ASTNode, Caches, CallFnOptions, Dynamic, Engine, EvalAltResult, GlobalRuntimeState, INT,
    ImmutableString, Scope, Stmt,
};
use rulegate::metadata::{AttributeType, Ordinal};
use rulegate::{EntityReference, Record, Value};

type Raised<T> = Result<T, Box<EvalAltResult>>;

/// A script in a Rhai engine of its own.
pub(crate) struct Peer {
    rhai: Engine,
    ast: AST,
    body: Vec<Stmt>,
    global: GlobalRuntimeState,
    caches: Caches,
    scope: Scope<'static>,
}

#[derive(Clone, Copy)]
struct Ctx;

#[derive(Clone, Copy)]
struct Target;

/// An option, which scripts ask for its number.
#[derive(Clone, Copy)]
struct Choice(i32);

thread_local! {
    static TARGET: RefCell<Option<Record>> = const { RefCell::new(None) };
}

/// The engine of a peer, for scripts over the entity of this record.
pub(crate) fn engine(record: &Record) -> Engine {
    let mut rhai = Engine::new();
    rhai.set_max_strings_interned(0); // Else each text goes through a lock of the engine's.
    rhai.register_type_with_name::<Ctx>("context")
        .register_get("target", |_: &mut Ctx| Target)
        // Rhai writes back what it read, and an error for want of a setter would be slow.
        .register_set("target", |_: &mut Ctx, _: Target| ());
    rhai.register_type_with_name::<Choice>("option")
        .register_get("value", |it: &mut Choice| INT::from(it.0))
        .register_fn("reject", |message: ImmutableString| -> Raised<()> {
            Err(message.as_str().into())
        });
    for (ordinal, attribute) in record.metadata().attributes() {
        let kind = attribute.kind.clone();
        rhai.register_get(attribute.logical_name.as_str(), move |_: &mut Target| read(ordinal));
        rhai.register_set(
            attribute.logical_name.as_str(),
            move |_: &mut Target, value: Dynamic| write(ordinal, &kind, &value),
        );
    }
    rhai
}

impl Peer {
    /// The script, on the record of this thread.
    pub(crate) fn new(script: &str, record: &Record) -> Self {
        let rhai = engine(record);
        let ast = rhai.compile(script).unwrap();
        let mut body = Vec::new();
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            if let [ASTNode::Stmt(statement)] = path {
                body.push((*statement).clone());
            }
            true
        });
        let mut global = rhai.new_global_runtime_state();
        global.lib.push(ast.shared_lib().clone());
        let mut scope = Scope::new();
        scope.push("ctx", Ctx);
        TARGET.set(Some(record.clone()));
        Self { rhai, ast, body, global, caches: Caches::new(), scope }
    }

    /// Calls the function, as the manual says.
    pub(crate) fn call(&self) -> Raised<Dynamic> {
        let options = CallFnOptions::new().eval_ast(false);
        let mut scope = Scope::new();
        self.rhai.call_fn_with_options(options, &mut scope, &self.ast, "run", (Ctx,))
    }

    /// Runs the statements of the function, with all that is known of earlier runs.
    pub(crate) fn warm(&mut self) -> Raised<Dynamic> {
        self.scope.rewind(1);
        #[expect(deprecated, reason = "the only way to keep what Rhai found out about functions")]
        self.rhai.eval_statements_raw(
            &mut self.global,
            &mut self.caches,
            &mut self.scope,
            &self.body,
        )
    }
}

fn read(ordinal: Ordinal) -> Dynamic {
    TARGET.with_borrow(|record| match record.as_ref().and_then(|it| it.at(ordinal)) {
        Some(Value::Text(text)) => ImmutableString::from(&**text).into(),
        Some(Value::WholeNumber(value)) => Dynamic::from_int(*value),
        Some(Value::Decimal(value)) => Dynamic::from_decimal(*value),
        Some(Value::Double(value)) => Dynamic::from_float(*value),
        Some(Value::Boolean(value)) => Dynamic::from_bool(*value),
        Some(Value::Choice(value)) => Dynamic::from(Choice(*value)),
        Some(Value::Lookup(value)) => Dynamic::from(value.clone()),
        Some(Value::Moment(value)) => Dynamic::from(*value),
        Some(Value::Date(value)) => Dynamic::from(*value),
        _ => Dynamic::UNIT, // Of the other kinds the entity has none.
    })
}

fn write(ordinal: Ordinal, kind: &AttributeType, value: &Dynamic) -> Raised<()> {
    let value = match (kind, value.as_int()) {
        (AttributeType::Choice(_), Ok(value)) => i32::try_from(value).ok().map(Value::Choice),
        (AttributeType::WholeNumber { .. }, Ok(value)) => Some(Value::WholeNumber(value)),
        (AttributeType::Money { .. } | AttributeType::Decimal { .. }, Ok(value)) => {
            Some(Value::Decimal(value.into()))
        }
        _ => other(value),
    };
    let value = value.ok_or("this attribute cannot hold that")?;
    TARGET.with_borrow_mut(|it| it.as_mut().map(|it| it.put(ordinal, value)));
    Ok(())
}

fn other(value: &Dynamic) -> Option<Value> {
    if value.is_unit() {
        return Some(Value::Null);
    }
    if let Ok(value) = value.as_decimal() {
        return Some(Value::Decimal(value));
    }
    if let Ok(value) = value.as_bool() {
        return Some(Value::Boolean(value));
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Some(text.as_str().into());
    }
    value.read_lock::<EntityReference>().map(|it| Value::Lookup(it.clone()))
}
