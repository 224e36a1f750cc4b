//! Steps as rules in Rhai, and messages as a run: what the engine plays, and what people read of a
//! difference.

use std::fmt::Write as _;

use rulegate_script::SourceFile;

use super::catalog::{ENTITIES, LONG_AGO, RECORDS, SEEDED, identity_of, record};
use super::compare::Sent;
use super::script::{Act, Ask, Line, Picture, Plan, Single, Source, Tie, User, Who};

/// The files of the rules, and the functions that they share.
pub(crate) fn files(plans: &[&Plan]) -> Vec<SourceFile> {
    let library = SourceFile::new("rules/lib/model.rhai", LIBRARY);
    let file = |plan: &&Plan| {
        SourceFile::new(format!("rules/{}.rhai", plan.name).as_str(), text(plan).as_str())
    };
    [library].into_iter().chain(plans.iter().map(file)).collect()
}

/// The messages of a sequence as a run.
pub(crate) fn run(messages: &[Sent]) -> String {
    let mut text = "// The first seven records are there before the steps are.\n".to_owned();
    for index in 0..SEEDED {
        let record = record(index);
        let _ = writeln!(text, "// r{index} = {record}");
    }
    for Sent { user, ask } in messages {
        let user = match user {
            User::System => format!("as_user({}); ", owner(*user)),
            User::Default => "as_user(); ".to_owned(),
        };
        let mut script = Script { known: true, ..Script::default() };
        let call = script.call(ask);
        let lines = script.lines.concat();
        let _ = writeln!(text, "{user}{lines}{call};");
    }
    text
}

/// A user, as a run finds them.
fn owner(user: User) -> String {
    let name = if user == User::System { "SYSTEM" } else { "User" };
    format!("query(\"systemuser\", #{{ fullname: \"{name}\" }})[0]")
}

/// What rules see, in the words of [`Seen`](super::seen::Seen).
const LIBRARY: &str = r#"
fn show(it) {
    if it == () { return "()"; }
    if type_of(it) == "option" { return `${it.value}`; }
    `${it}`
}

fn fields(of, names) {
    let text = "";
    for name in names { text += ` ${name}=${show(of[name])}`; }
    text
}

fn variables(of) {
    let text = "";
    for name in ["x", "y"] {
        if of[name] != () { text += ` ${name}=${show(of[name])}`; }
    }
    text
}

fn picture(ctx, kind, alias) {
    if alias == "" { if kind == "pre" { ctx.pre } else { ctx.post } } else { ctx.images[alias] }
}

fn seen(ctx, step, pictures) {
    let text = `${step}: ${ctx.message} of ${ctx.entity}, ${ctx.stage}, ${ctx.mode}, depth ${ctx.depth}, `
        + `transaction ${ctx.is_in_transaction}, ${ctx.user.id} for ${ctx.initiating_user.id};`
        + variables(ctx.variables) + " | ";
    let aim = ctx.target;
    text += if type_of(aim) == "record" { fields(aim, aim.names()) } else { show(aim) };
    text += " |";
    for it in pictures {
        let image = picture(ctx, it[0], it[1]);
        let names = if it[2].is_empty() { image.names() } else { it[2] };
        text += ` ${it[0]} ${it[1]}:` + fields(image, names);
    }
    let it = ctx.parent;
    while it != () {
        text += ` < ${it.message} of ${it.entity}, ${it.stage}, depth ${it.depth};` + variables(it.variables);
        it = it.parent;
    }
    text
}

fn own(ctx) {
    let it = ctx.target;
    if type_of(it) == "record" { it = it.lookup(); }
    if it == () { retrieve(it); }
    it
}

fn find(entity, id, of) {
    let filter = #{};
    filter[id] = of;
    let found = query(entity, filter);
    if found.is_empty() { retrieve(()); }
    found[0].lookup()
}

fn target(ctx, name) {
    let it = ctx.target;
    if type_of(it) == "record" { it[name] } else { () }
}

fn parent(ctx, name) {
    let it = ctx.parent;
    while it != () {
        let found = it.variables[name];
        if found != () { return found; }
        it = it.parent;
    }
}
"#;

/// A step as a rule.
fn text(plan: &Plan) -> String {
    let stage = match plan.stage {
        10 => "pre-validation",
        20 => "pre-operation",
        _ => "post-operation",
    };
    let mut step =
        format!("message: \"{}\", stage: \"{stage}\", rank: {}", plan.message, plan.rank);
    let entity = plan.entity.unwrap_or("none");
    let _ = write!(step, ", entity: \"{entity}\"");
    if plan.is_async {
        step.push_str(", mode: \"async\"");
    }
    if !plan.filtering.is_empty() {
        let _ = write!(step, ", filtering: {:?}", plan.filtering);
    }
    if let Some(relationship) = plan.relationship {
        let _ = write!(step, ", relationship: \"{relationship}\"");
    }
    for (key, pictures) in [("pre_image", &plan.pre), ("post_image", &plan.post)] {
        let image = |it: &Picture| format!("\"{}\": {:?}", it.alias, it.attributes);
        if !pictures.is_empty() {
            let images: Vec<String> = pictures.iter().map(image).collect();
            let _ = write!(step, ", {key}: #{{ {} }}", images.join(", "));
        }
    }
    if let Some(user) = plan.run_as {
        let user = if user == User::System { "system".to_owned() } else { user.id().to_string() };
        let _ = write!(step, ", run_as: \"{user}\"");
    }
    if !plan.is_enabled {
        step.push_str(", enabled: false");
    }
    let shown = |kind: &'static str, all: &[Picture]| -> Vec<String> {
        let one =
            |it: &Picture| format!("[\"{kind}\", \"{}\", {:?}]", it.alias, sorted(&it.attributes));
        all.iter().map(one).collect()
    };
    let pictures = [shown("pre", &plan.pre), shown("post", &plan.post)].concat().join(", ");
    let mut script = Script { plan: Some(plan), ..Script::default() };
    for line in &plan.lines {
        script.line(line);
    }
    format!(
        "const STEP = #{{ {step} }};\n\nfn run(ctx) {{\n    trace(model::seen(ctx, \"{}\", [{pictures}]));\n{}}}\n",
        plan.name,
        script.lines.concat(),
    )
}

fn sorted(names: &[&'static str]) -> Vec<&'static str> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names
}

/// Lines of a rule, or of a run.
#[derive(Default)]
struct Script<'a> {
    plan: Option<&'a Plan>,
    lines: Vec<String>,
    /// How many values have names so far.
    named: usize,
    /// Whether records are known by name, as in a run.
    known: bool,
}

impl Script<'_> {
    fn line(&mut self, line: &Line) {
        if let Some(depth) = line.down_to {
            self.lines.push(format!("    if ctx.depth <= {depth} {{\n"));
        }
        self.act(&line.act);
        if line.down_to.is_some() {
            self.lines.push("    }\n".to_owned());
        }
    }

    fn act(&mut self, act: &Act) {
        let text = match act {
            Act::Set(name, source) => {
                let value = self.value(source);
                format!("ctx.target[\"{name}\"] = {value};")
            }
            Act::Remove(name) => format!("ctx.target.remove(\"{name}\");"),
            Act::Share(key, source) => {
                let value = self.value(source);
                format!("ctx.variables[\"{key}\"] = {value};")
            }
            Act::Send { ask, swallows } => {
                let call = self.call(ask);
                if *swallows {
                    format!("try {{ {call}; }} catch (it) {{ trace(`caught ${{it.code}}`); }}")
                } else {
                    format!("{call};")
                }
            }
            Act::Reject => "reject(\"no\");".to_owned(),
            Act::Retry => "reject(\"again\"); // A hook asks to be run again.".to_owned(),
            Act::Fail => "retrieve(());".to_owned(),
            Act::Panic => "retrieve(()); // A hook panics.".to_owned(),
        };
        self.lines.push(format!("    {text}\n"));
    }

    /// Gives a value a name: it is made before the message is sent in which it stands.
    fn named(&mut self, value: &str) -> String {
        self.named += 1;
        let name = format!("v{}", self.named);
        let end = if self.known { " " } else { "\n" };
        self.lines.push(format!("    let {name} = {value};{end}"));
        name
    }

    fn who(&mut self, who: Who) -> String {
        match who {
            Who::Own => self.named("model::own(ctx)"),
            Who::Record(index) if self.known => format!("r{index}"),
            Who::Record(index) => {
                let entity = RECORDS.get(index).copied().unwrap_or(ENTITIES[0]);
                let (name, id) = (identity_of(entity), record(index).id);
                self.named(&format!("model::find(\"{entity}\", \"{name}\", \"{id}\")"))
            }
        }
    }

    fn value(&mut self, source: &Source) -> String {
        let image = |is_pre: bool, index: usize, name: &str| {
            let pictures = self.plan.map(|it| if is_pre { &it.pre } else { &it.post });
            let picture = pictures.and_then(|it| it.get(index)).filter(|it| it.shows(name));
            let kind = if is_pre { "pre" } else { "post" };
            picture.map_or("()".to_owned(), |it| {
                format!("model::picture(ctx, \"{kind}\", \"{}\")[\"{name}\"]", it.alias)
            })
        };
        match source {
            Source::Null => "()".to_owned(),
            Source::Number(number) => number.to_string(),
            Source::Text(text) => format!("{text:?}"),
            Source::Record(who) => self.who(*who),
            Source::User => "ctx.user".to_owned(),
            Source::Initiating => "ctx.initiating_user".to_owned(),
            Source::Owner(user) => owner(*user),
            Source::Moment => format!("datetime(\"{LONG_AGO}\")"),
            Source::Depth => "ctx.depth".to_owned(),
            Source::Shared(key) => format!("ctx.variables[\"{key}\"]"),
            Source::Parent(key) => format!("model::parent(ctx, \"{key}\")"),
            Source::Target(name) => format!("model::target(ctx, \"{name}\")"),
            Source::Pre(index, name) => image(true, *index, name),
            Source::Post(index, name) => image(false, *index, name),
            Source::Stored(name) => {
                let own = self.who(Who::Own);
                self.named(&format!("retrieve({own})[\"{name}\"]"))
            }
        }
    }

    fn values(&mut self, id: Option<(&str, usize)>, sources: &[(&'static str, Source)]) -> String {
        let id =
            id.map(|(entity, index)| format!("{}: \"{}\"", identity_of(entity), record(index).id));
        let values = sources.iter().map(|(name, source)| format!("{name}: {}", self.value(source)));
        let all: Vec<String> = id.into_iter().chain(values).collect();
        if all.is_empty() { "#{}".to_owned() } else { format!("#{{ {} }}", all.join(", ")) }
    }

    fn call(&mut self, ask: &Ask) -> String {
        match ask {
            Ask::Create(entity, index, sources) => {
                let values = self.values(index.map(|it| (*entity, it)), sources);
                format!("create(\"{entity}\", {values})")
            }
            Ask::Upsert(entity, index, sources) => {
                let values = self.values(index.map(|it| (*entity, it)), sources);
                format!("upsert(\"{entity}\", #{{}}, {values})")
            }
            Ask::Update(who, sources) => {
                let who = self.who(*who);
                let values = self.values(None, sources);
                format!("update({who}, {values})")
            }
            Ask::Bulk(is_new, entity, singles) => {
                let word = if *is_new { "create_multiple" } else { "update_multiple" };
                let single =
                    |(index, sources): &Single| self.values(index.map(|it| (*entity, it)), sources);
                let singles: Vec<String> = singles.iter().map(single).collect();
                format!("{word}(\"{entity}\", [{}])", singles.join(", "))
            }
            Ask::Delete(who) => format!("delete({})", self.who(*who)),
            Ask::Retrieve(who) => format!("retrieve({})", self.who(*who)),
            Ask::Misread(who) => format!("retrieve({}, [\"nothing\"])", self.who(*who)),
            Ask::Assign(who, owner) => {
                let who = self.who(*who);
                let owner = self.value(owner);
                format!("assign({who}, {owner})")
            }
            Ask::SetState(who, state) => format!("set_state({}, {state})", self.who(*who)),
            Ask::Link(Tie { is_taken_away, relationship }, who, others) => {
                let who = self.who(*who);
                let others: Vec<String> = others.iter().map(|it| self.who(*it)).collect();
                let word = if *is_taken_away { "disassociate" } else { "associate" };
                format!("{word}({who}, \"{relationship}\", [{}])", others.join(", "))
            }
        }
    }
}
