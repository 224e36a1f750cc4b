//! The model: the pipeline again, as simple as it can be said.
//!
//! The store is a map; a transaction is a copy of it. Contexts are a list, each behind the one around it.
//! Nothing here is shared with the engine but the types of values.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use rulegate::{EntityReference, Value};
use uuid::Uuid;

use super::cast::{Role, gather};
use super::script::{Plan, Request, Row, Target, User};

/// The deepest depth at which a step runs (P-74, P-75).
const DEPTH_LIMIT: u32 = 8;
/// How many messages one outermost message may cause.
pub(crate) const MESSAGE_LIMIT: u32 = 40;
/// How often a job runs that asks for it (E-31).
const ATTEMPT_LIMIT: u32 = 4;

/// What is stored: a record for each entity and identity.
pub(crate) type Store = BTreeMap<(String, Uuid), Row>;

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) steps: Vec<Rc<Plan>>,
    pub(crate) jobs: VecDeque<Job>,
    /// What the hooks wrote down since somebody looked.
    pub(crate) log: Vec<String>,
    pub(crate) now: i64,
    pub(crate) figures: Figures,
    pub(super) versions: i64,
    pub(super) identities: u128,
    /// Of the outermost message, or the job, that is on its way.
    transaction: Transaction,
    pub(super) chain: u64,
    chains: u64,
    pub(super) sent: u32,
    pub(super) written: u32,
}

/// What came to pass, in numbers.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) sequences: u64,
    pub(crate) messages: u64,
    pub(crate) steps: u64,
    pub(crate) nested: u64,
    pub(crate) rejected: u64,
    pub(crate) doomed: u64,
    pub(crate) jobs: u64,
}

impl std::ops::Add for Figures {
    type Output = Self;

    fn add(self, it: Self) -> Self {
        Self {
            sequences: self.sequences + it.sequences,
            messages: self.messages + it.messages,
            steps: self.steps + it.steps,
            nested: self.nested + it.nested,
            rejected: self.rejected + it.rejected,
            doomed: self.doomed + it.doomed,
            jobs: self.jobs + it.jobs,
        }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sequences, messages, steps, nested, rejected, doomed, jobs } = self;
        write!(f, "sequences {sequences} messages {messages} steps-run {steps} nested {nested} ")?;
        write!(f, "rejected {rejected} doomed {doomed} jobs {jobs}")
    }
}

#[derive(Debug, Default)]
enum Transaction {
    #[default]
    None,
    /// What was stored when it began, and the jobs that run if it commits.
    Open(Store, Vec<Job>),
    /// Nothing can be saved any more.
    Doomed(Store),
}

/// What a step sees.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) request: Request,
    /// The request as its caller sent it.
    pub(crate) sent: Request,
    pub(crate) stage: u16,
    pub(crate) depth: u32,
    pub(crate) is_async: bool,
    pub(crate) is_in_transaction: bool,
    /// In whose name the message was sent, and the step runs.
    pub(crate) caller: Caller,
    pub(crate) acting: Caller,
    pub(crate) shared: Row,
    pub(crate) before: Option<Row>,
    pub(crate) after: Option<Row>,
    pub(crate) is_written: bool,
    pub(crate) chain: u64,
    pub(crate) parent: Option<Rc<Scene>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) user: Uuid,
    pub(crate) initiating: Uuid,
}

/// A step that runs after the commit.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) plan: Rc<Plan>,
    scene: Scene,
    attempts: u32,
}

/// Why a message was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) code: String,
    /// The innermost step that stopped a message, and where.
    pub(crate) at: Option<String>,
    /// Whether a step failed, rather than a read itself (E-13, P-30).
    pub(super) is_of_step: bool,
    /// Whether a job that fails so runs again.
    pub(crate) is_again: bool,
}

/// A message within which others are sent: where they stand.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) caller: Caller,
    pub(crate) depth: u32,
    pub(crate) parent: Option<Rc<Scene>>,
}

impl World {
    /// A caller's message: the beginning of a chain.
    pub(crate) fn begin(&mut self, request: Request, user: Uuid) -> Result<Option<Row>, Wrong> {
        self.chains += 1;
        (self.chain, self.sent) = (self.chains, 0);
        let caller = Caller { user, initiating: user };
        self.send(request, &Place { caller, depth: 1, parent: None })
    }

    /// Runs the jobs that wait, and those that they queue.
    pub(crate) fn run_jobs(&mut self) -> Vec<String> {
        let mut done = Vec::new();
        while let Some(mut job) = self.jobs.pop_front() {
            (self.chain, self.sent) = (job.scene.chain, 0);
            self.figures.jobs += 1;
            job.attempts += 1;
            let mut scene = job.scene.clone();
            let outcome = check_depth(&scene).and_then(|()| self.follow(&mut scene, &job.plan));
            let state = match &outcome {
                Ok(()) => "Succeeded",
                Err(wrong) if wrong.is_again && job.attempts < ATTEMPT_LIMIT => "Waiting",
                Err(_) => "Failed",
            };
            let code = outcome.err().map(|it| it.code);
            done.push(format!("{} {state} {} {code:?}", job.plan.name, job.attempts - 1));
            if state == "Waiting" {
                self.jobs.push_back(job);
            }
        }
        done
    }

    /// Any message: sees to what its failure means for those around it (E-12, E-13).
    pub(super) fn send(&mut self, request: Request, at: &Place) -> Result<Option<Row>, Wrong> {
        let is_joined = matches!(self.transaction, Transaction::Open(..));
        let is_read = ["Retrieve", "RetrieveMultiple"].contains(&request.message());
        let written = self.written;
        self.figures.nested += u64::from(1 < at.depth);
        let outcome = self.resolve(request).and_then(|it| self.carry(it, at));
        if let Err(wrong) = &outcome
            && is_joined
            && (!is_read || wrong.is_of_step || self.written != written)
        {
            self.doom();
        }
        outcome
    }

    /// Upsert becomes Create or Update (M-30, M-31).
    fn resolve(&mut self, request: Request) -> Result<Request, Wrong> {
        let Request::Upsert(target) = request else { return Ok(request) };
        let Some(id) = target.id else { return Err(Wrong::new("message.id-missing")) };
        if let Transaction::Doomed(_) = self.transaction {
            return Err(Wrong::new("operation.doomed"));
        }
        let is_there = self.store.contains_key(&(target.entity.clone(), id));
        Ok(if is_there { Request::Update(target) } else { Request::Create(target) })
    }

    /// The pipeline.
    fn carry(&mut self, request: Request, at: &Place) -> Result<Option<Row>, Wrong> {
        if let Transaction::Doomed(_) = self.transaction {
            return Err(Wrong::new("operation.doomed"));
        }
        let mut cast = self.cast(request, at)?;
        for role in &mut cast {
            role.scene.before = self.before(role);
        }

        self.run_stage(&mut cast, 10)?;

        for Role { scene, .. } in &mut cast {
            if ["Create", "Update", "Delete"].contains(&scene.request.message()) {
                scene.parent = Some(Rc::new(scene.at(30))); // V-4, P-65, P-66
                scene.shared.clear();
            }
        }
        if self.is_open() {
            return self.in_parts(&mut cast);
        }
        self.transaction = Transaction::Open(self.store.clone(), Vec::new());
        for role in &mut cast {
            role.scene.is_in_transaction = true;
            role.scene.before = self.before(role); // As stage 10 left it (I-17).
        }
        let outcome = self.in_parts(&mut cast);
        match (std::mem::take(&mut self.transaction), outcome) {
            (Transaction::Open(_, jobs), Ok(found)) => {
                self.jobs.extend(jobs);
                Ok(found)
            }
            (Transaction::Open(before, _) | Transaction::Doomed(before), outcome) => {
                self.store = before;
                Err(outcome.err().unwrap_or_else(|| Wrong::new("operation.doomed")))
            }
            (Transaction::None, _) => Err(Wrong::new("the model lost its transaction")),
        }
    }

    /// An update of a state and more happens twice: without the state, then with nothing else (M-19).
    fn in_parts(&mut self, cast: &mut [Role]) -> Result<Option<Row>, Wrong> {
        let mut second = super::cast::split(cast);
        let found = self.within(cast)?;
        if second.is_empty() {
            return Ok(found);
        }
        for role in &mut second {
            role.scene.before = self.before(role);
        }
        self.within(&mut second)
    }

    /// What happens in the transaction.
    fn within(&mut self, cast: &mut [Role]) -> Result<Option<Row>, Wrong> {
        for role in cast.iter_mut() {
            self.prepare(&mut role.scene)?;
        }
        self.run_stage(cast, 20)?;
        let mut found = None;
        for role in cast.iter_mut().filter(|it| !it.is_bulk()) {
            role.scene.stage = 30;
            found = self.main_operation(&mut role.scene)?;
        }
        for Role { scene, .. } in cast.iter_mut() {
            scene.is_written = true;
            scene.after = self.record(scene);
        }
        self.run_stage(cast, 40)?;
        gather(cast);
        for Role { scene, steps, .. } in cast.iter_mut() {
            scene.after = self.record(scene); // P-88
            for plan in steps.iter().filter(|it| it.is_async && !is_skipped(it, scene)) {
                self.queue(plan, scene.at(40));
            }
        }
        Ok(found)
    }

    fn queue(&mut self, plan: &Rc<Plan>, mut scene: Scene) {
        (scene.is_async, scene.is_in_transaction) = (true, false);
        if let Transaction::Open(_, jobs) = &mut self.transaction {
            jobs.push(Job { plan: Rc::clone(plan), scene, attempts: 0 });
        }
    }

    /// Behind the steps of a bulk message, those of its records (M-44).
    fn run_stage(&mut self, cast: &mut [Role], stage: u16) -> Result<(), Wrong> {
        gather(cast);
        cast.iter_mut().try_for_each(|it| self.run_steps(&mut it.scene, &it.steps, stage))
    }

    fn run_steps(
        &mut self,
        scene: &mut Scene,
        steps: &[Rc<Plan>],
        stage: u16,
    ) -> Result<(), Wrong> {
        for plan in steps.iter().filter(|it| it.stage == stage && !it.is_async) {
            if is_skipped(plan, scene) {
                continue;
            }
            check_depth(scene)?;
            scene.stage = stage;
            self.follow(scene, plan).map_err(|wrong| {
                let (message, entity) = (scene.request.message(), scene.request.entity());
                let (name, depth) = (&plan.name, scene.depth);
                let here = format!("{name}: {message} of {entity} at {stage}, depth {depth}");
                Wrong { at: wrong.at.or(Some(here)), is_of_step: true, is_again: false, ..wrong }
            })?;
            if let Transaction::Doomed(_) = self.transaction {
                return Err(Wrong::new("operation.doomed")); // E-12
            }
        }
        Ok(())
    }

    /// Follows the script of a step.
    fn follow(&mut self, scene: &mut Scene, plan: &Rc<Plan>) -> Result<(), Wrong> {
        self.figures.steps += 1;
        scene.acting = Caller {
            user: plan.run_as.map_or(scene.caller.user, User::id),
            initiating: scene.caller.initiating,
        };
        super::actor::follow(self, scene, plan)
    }

    /// The record at which a message is aimed.
    pub(super) fn record(&self, scene: &Scene) -> Option<Row> {
        if scene.request.message() == "Create" && !scene.is_written {
            return None;
        }
        self.row(&EntityReference::new(scene.request.entity(), scene.request.id()?)).cloned()
    }

    pub(super) fn row(&self, record: &EntityReference) -> Option<&Row> {
        self.store.get(&(record.entity.to_string(), record.id))
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.transaction, Transaction::Open(..))
    }

    fn doom(&mut self) {
        if let Transaction::Open(before, _) = &mut self.transaction {
            self.transaction = Transaction::Doomed(std::mem::take(before));
            self.figures.doomed += 1;
        }
    }
}

/// Whether a step has anything to do with a message.
pub(super) fn listens(plan: &Plan, scene: &Scene) -> bool {
    plan.is_enabled
        && plan.message == scene.request.message()
        && plan.entity.is_none_or(|it| it == scene.request.entity())
}

/// Whether a step that listens has nothing to do now: the filters (I-44 to I-54, P-100).
fn is_skipped(plan: &Plan, scene: &Scene) -> bool {
    if let Request::Link(tie, ..) = &scene.request {
        return plan.relationship.is_some_and(|it| it != tie.relationship);
    }
    let targets = scene.request.updates();
    if targets.is_empty() {
        return false; // Only updates have filters.
    }
    let identity = super::catalog::identity_of(scene.request.entity());
    let is_sent = |name: &&&str| targets.iter().any(|it| it.values.contains_key(**name));
    !plan.filtering.is_empty()
        && !plan.filtering.contains(&identity) // I-51
        && !plan.filtering.iter().any(|it| is_sent(&it))
}

fn check_depth(scene: &Scene) -> Result<(), Wrong> {
    if DEPTH_LIMIT < scene.depth {
        return Err(Wrong { is_of_step: true, ..Wrong::new("operation.too-deep") });
    }
    Ok(())
}

/// The order of steps: rank, those without an entity first, name.
pub(crate) fn sort(steps: &mut [Rc<Plan>]) {
    steps.sort_by(|a, b| {
        (a.rank, a.entity.is_some(), &a.name).cmp(&(b.rank, b.entity.is_some(), &b.name))
    });
}

impl Scene {
    pub(super) fn new(request: Request, at: Place, chain: u64) -> Self {
        Self {
            sent: request.clone(),
            request,
            stage: 10,
            depth: at.depth,
            is_async: false,
            is_in_transaction: false,
            caller: at.caller,
            acting: at.caller,
            shared: Row::new(),
            before: None,
            after: None,
            is_written: false,
            chain,
            parent: at.parent,
        }
    }

    /// The same message, at another stage.
    pub(super) fn at(&self, stage: u16) -> Self {
        Self { stage, ..self.clone() }
    }

    /// Where messages stand that are sent from here.
    pub(super) fn inside(&self, caller: Caller) -> Place {
        Place { caller, depth: self.depth + 1, parent: Some(Rc::new(self.clone())) }
    }

    pub(super) fn target(&self) -> Option<&Target> {
        self.request.target()
    }

    pub(crate) fn set(&mut self, attribute: &str, value: Value) {
        if let Some(target) = self.request.target_mut() {
            target.values.insert(attribute.to_owned(), value);
        }
    }
}

impl Wrong {
    pub(crate) fn new(code: &str) -> Self {
        Self { code: code.to_owned(), at: None, is_of_step: false, is_again: false }
    }

    pub(crate) fn words(&self) -> String {
        let at = self.at.as_ref().map(|it| format!(" in {it}")).unwrap_or_default();
        format!("{}{at}", self.code)
    }
}
