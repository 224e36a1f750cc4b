//! Plans: which steps a message to an entity runs, resolved and in order, and where its plan stands.
//!
//! A generation has one table of plans: a row for each entity, a column for each message. So the way from a message
//! to its steps is one look into an array, however many steps there are.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::step::{Hook, ImageRequest, Mode, Reach, Stage, Step};
use crate::message::Message;
use crate::metadata::{AttributeSet, Catalog, EntityIndex, EntityMetadata, LogicalName};

/// All plans of a generation.
#[derive(Debug, Default)]
pub(super) struct Plans {
    all: Vec<Plan>,
    /// The plan of each message to each entity: first a row for no entity, then one for each.
    table: Vec<PlanId>,
    /// How many messages there are.
    columns: usize,
    names: Arc<Names>,
}

/// What plans and entities are called, for those who look back when the steps may be gone.
#[derive(Debug, Default)]
pub(super) struct Names {
    plans: Vec<PlanNames>,
    entities: Vec<Option<LogicalName>>,
}

/// The message of a plan, and the steps of each stage.
#[derive(Debug, Default)]
struct PlanNames {
    message: Option<Message>,
    steps: [Vec<Arc<str>>; 3],
}

/// Where a plan stands among those of its generation; at first where none is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PlanId(usize);

/// The steps of one message to one entity, each stage in the order in which it runs.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pre_validation: Vec<PlannedStep>,
    pre_operation: Vec<PlannedStep>,
    post_operation: Vec<PlannedStep>,
    pub(super) asynchronous: Vec<Arc<PlannedStep>>,
    /// Whether a hook looks at a pre-image, and at a post-image within its message.
    pub(super) wants_pre_image: bool,
    pub(super) wants_post_image: bool,
}

/// A step whose names are resolved.
#[derive(Clone)]
pub(crate) struct PlannedStep {
    pub(super) step: Arc<Step>,
    pub(super) hook: Arc<dyn Hook>,
    /// What an update must carry; `None` for anything.
    pub(super) filter: Option<AttributeSet>,
    pub(super) pre_images: Vec<PlannedImage>,
    pub(super) post_images: Vec<PlannedImage>,
    /// What is said of a message of its plan on which it does not run, for it has a filter, or is of one relationship.
    pub(super) unmet: Option<Arc<str>>,
    /// In whose name it runs, where that is not the caller.
    pub(super) run_as: Option<Uuid>,
    /// What its hook can touch.
    pub(super) reach: Reach,
    /// Whether it looks at them.
    looks_at_images: bool,
}

/// An image whose names are resolved.
#[derive(Debug, Clone)]
pub(super) struct PlannedImage {
    pub(super) alias: Arc<str>,
    /// What it shows; `None` for everything.
    pub(super) attributes: Option<AttributeSet>,
}

/// The plan where no step listens.
static NOTHING: Plan = Plan {
    pre_validation: Vec::new(),
    pre_operation: Vec::new(),
    post_operation: Vec::new(),
    asynchronous: Vec::new(),
    wants_pre_image: false,
    wants_post_image: false,
};

impl Plans {
    /// The plans of all messages, in the order of their columns.
    pub(super) fn new(
        catalog: &Catalog,
        columns: usize,
        by_column: &BTreeMap<usize, Vec<&Step>>,
    ) -> Self {
        let rows = 1 + catalog.places();
        let table = vec![PlanId::default(); rows * columns];
        let all = vec![Plan::default()];
        let mut plans = Self { all, table, columns, names: Arc::default() };
        for (column, steps) in by_column {
            plans.plan(catalog, *column, steps);
        }
        plans.names = Arc::new(Names::new(&plans.all, catalog));
        plans
    }

    pub(super) fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// The plan of a message, by its column, to an entity.
    pub(super) fn find(&self, column: usize, entity: Option<EntityIndex>) -> PlanId {
        let row = entity.map_or(0, |it| it.get() + 1);
        self.table.get(row * self.columns + column).copied().unwrap_or_default()
    }

    pub(super) fn get(&self, id: PlanId) -> &Plan {
        self.all.get(id.0).unwrap_or(&NOTHING)
    }

    /// Plans one message: to no entity, and to each to which more steps listen than the general ones.
    fn plan(&mut self, catalog: &Catalog, column: usize, steps: &[&Step]) {
        let (mut of_any, mut by_entity): (Vec<&Step>, BTreeMap<&LogicalName, Vec<&Step>>) =
            Default::default();
        for step in steps {
            match &step.entity {
                Some(entity) => by_entity.entry(entity).or_default().push(step),
                None => of_any.push(step),
            }
        }
        let general: Vec<&Step> = of_any.iter().filter(|it| !it.is_selective()).copied().collect();
        let general_id = self.add(Plan::new(&general, None));
        for row in 0..=catalog.places() {
            self.put(row, column, general_id);
        }
        for entity in catalog.entities() {
            let named = by_entity.get(entity.logical_name()).into_iter().flatten();
            let own: Vec<&Step> =
                of_any.iter().chain(named).filter(|it| it.listens_to(entity)).copied().collect();
            if own.len() != general.len() {
                let id = self.add(Plan::new(&own, Some(entity)));
                self.put(entity.index().get() + 1, column, id);
            }
        }
    }

    fn add(&mut self, plan: Plan) -> PlanId {
        self.all.push(plan);
        PlanId(self.all.len() - 1)
    }

    fn put(&mut self, row: usize, column: usize, id: PlanId) {
        if let Some(place) = self.table.get_mut(row * self.columns + column) {
            *place = id;
        }
    }
}

impl Plan {
    fn new(steps: &[&Step], entity: Option<&EntityMetadata>) -> Self {
        let mut steps = steps.to_vec();
        // Ties of rank: steps without an entity first, then by name (stands for P-45's message-filter id).
        steps.sort_by(|a, b| {
            (a.rank, a.entity.is_some(), &a.name).cmp(&(b.rank, b.entity.is_some(), &b.name))
        });
        let planned: Vec<PlannedStep> =
            steps.into_iter().map(|step| PlannedStep::new(step, entity)).collect();
        let at = |stage, mode| {
            let is_there = move |it: &&PlannedStep| it.step.stage == stage && it.step.mode == mode;
            planned.iter().filter(is_there).cloned()
        };
        let looks = |it: &&PlannedStep| it.looks_at_images;
        let is_awaited = |it: &PlannedStep| it.step.mode == Mode::Synchronous;
        Self {
            pre_validation: at(Stage::PreValidation, Mode::Synchronous).collect(),
            pre_operation: at(Stage::PreOperation, Mode::Synchronous).collect(),
            post_operation: at(Stage::PostOperation, Mode::Synchronous).collect(),
            asynchronous: at(Stage::PostOperation, Mode::Asynchronous).map(Arc::new).collect(),
            wants_pre_image: planned.iter().filter(looks).any(|it| !it.pre_images.is_empty()),
            wants_post_image: (planned.iter().filter(looks))
                .any(|it| is_awaited(it) && !it.post_images.is_empty()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        [&self.pre_validation, &self.pre_operation, &self.post_operation]
            .iter()
            .all(|it| it.is_empty())
            && self.asynchronous.is_empty()
    }

    /// The steps of a stage that run within the message.
    pub(super) fn at(&self, stage: Stage) -> &[PlannedStep] {
        match stage {
            Stage::PreValidation => &self.pre_validation,
            Stage::PreOperation => &self.pre_operation,
            Stage::MainOperation | Stage::PostOperation => &self.post_operation,
        }
    }
}

impl Names {
    fn new(plans: &[Plan], catalog: &Catalog) -> Self {
        let mut entities = vec![None; catalog.places()];
        for entity in catalog.entities() {
            if let Some(place) = entities.get_mut(entity.index().get()) {
                *place = Some(entity.logical_name().clone());
            }
        }
        Self { plans: plans.iter().map(PlanNames::new).collect(), entities }
    }

    /// The message and the name of a step.
    pub(super) fn step(
        &self,
        plan: PlanId,
        stage: Stage,
        index: usize,
    ) -> Option<(&Message, &Arc<str>)> {
        let plan = self.plans.get(plan.0)?;
        let at = Stage::ALL.iter().position(|it| *it == stage)?;
        Some((plan.message.as_ref()?, plan.steps.get(at)?.get(index)?))
    }

    pub(super) fn entity(&self, index: EntityIndex) -> Option<Arc<str>> {
        Some(self.entities.get(index.get())?.as_ref()?.shared())
    }
}

impl PlanNames {
    fn new(plan: &Plan) -> Self {
        let name = |it: &PlannedStep| it.step.shared_name();
        let steps = Stage::ALL.map(|it| plan.at(it).iter().map(name).collect());
        let mut all = Stage::ALL.into_iter().flat_map(|it| plan.at(it));
        Self { message: all.next().map(|it| it.step.message.clone()), steps }
    }
}

impl PlannedStep {
    fn new(step: &Step, entity: Option<&EntityMetadata>) -> Self {
        // INVARIANT: the names were checked, so that none is lost here.
        let set = |names: &[LogicalName]| -> Option<AttributeSet> {
            let entity = entity.filter(|_| !names.is_empty())?;
            Some(names.iter().filter_map(|it| entity.ordinal(it)).collect())
        };
        let images = |requests: &[ImageRequest]| {
            let plan = |it: &ImageRequest| PlannedImage {
                alias: it.alias.as_str().into(),
                attributes: set(&it.attributes),
            };
            requests.iter().map(plan).collect()
        };
        // Filters exist for updates alone (I-47, M-59); on other messages they are ignored (I-54).
        let filters = matches!(step.message, Message::Update | Message::UpdateMultiple)
            && !entity.is_some_and(|it| step.filtering.contains(it.primary_id())); // I-51
        let filter = if filters { set(&step.filtering) } else { None };
        Self {
            unmet: unmet(step, filter.is_some()),
            filter,
            pre_images: images(&step.pre_images),
            post_images: images(&step.post_images),
            hook: Arc::clone(&step.hook),
            run_as: step.run_as,
            reach: step.hook.reach(),
            looks_at_images: step.hook.looks_at_images(),
            step: Arc::new(step.clone()),
        }
    }
}

/// What a step wants of messages, where it does not run on each.
fn unmet(step: &Step, is_filtering: bool) -> Option<Arc<str>> {
    if let Some(wanted) = &step.relationship {
        return Some(format!("another relationship than {wanted}").into());
    }
    is_filtering.then(|| format!("{} not sent", step.filtering.join(", ")).into())
}

impl fmt::Debug for PlannedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlannedStep").field(&self.step).finish()
    }
}
