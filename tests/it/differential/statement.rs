//! Random statements.

use super::kind::Kind;
use super::rule::{Local, Writer};
use super::sentences::{ENDS, STATEMENTS};

/// How deeply blocks nest.
const DEPTH: usize = 3;
/// The names of variables: few, so that they shadow each other.
const NAMES: [&str; 7] = ["x", "y", "z", "text", "total", "found", "w"];
/// What variables hold, the more frequent ones more than once.
const HELD: [Kind; 19] = [
    Kind::Whole,
    Kind::Whole,
    Kind::Text,
    Kind::Decimal,
    Kind::Flag,
    Kind::Whole,
    Kind::Text,
    Kind::Decimal,
    Kind::Double,
    Kind::Date,
    Kind::Moment,
    Kind::Option,
    Kind::Lookup,
    Kind::Wholes,
    Kind::Texts,
    Kind::Record,
    Kind::Map,
    Kind::Options,
    Kind::Char,
];
/// What is done with an error that was caught.
const CATCHES: &[&str] = &[
    "trace(`caught ${err}`);",
    "trace(err.message);",
    "trace(type_of(err)); throw err;",
    "trace(err.line);",
    "throw;",
];

impl Writer<'_> {
    /// The statements of a block, none at the simplest.
    pub(super) fn block(&mut self, depth: usize) {
        let outer = self.locals.len();
        loop {
            let mark = self.choices.open();
            let goes_on = 0 < self.fuel && self.choices.chance(if depth == 0 { 88 } else { 62 });
            if goes_on {
                self.fuel -= 1;
                self.statement(depth);
            }
            self.choices.close(mark);
            if !goes_on {
                break;
            }
        }
        self.locals.truncate(outer);
    }

    /// What a rule begins with: where it does not hold, nothing is done.
    pub(super) fn guards(&mut self) {
        let mut most = 3;
        while 0 < most && self.choices.chance(35) {
            most -= 1;
            let mark = self.choices.open();
            let kind = *self.choices.pick(&HELD[..12]);
            let read = self.read(kind);
            match self.choices.below(5) {
                0 => {
                    self.line(&format!("if {read} == () {{ return; }}"));
                    self.known(&read, kind);
                }
                1 => {
                    let literal = self.literal(kind);
                    self.line(&format!("if {read} != {literal} {{ return; }}"));
                }
                2 => {
                    let condition = self.expression(Kind::Flag, 2);
                    self.line(&format!("if {condition} {{ return; }}"));
                }
                3 => {
                    let (one, other) = (self.operand(Kind::Flag, 2), self.operand(Kind::Flag, 2));
                    self.line(&format!("if {one} || {other} {{ return; }}"));
                }
                _ => {
                    let literal = self.literal(kind);
                    let end = self.end(2);
                    self.line(&format!("if {read} == {literal} {{ {end} }}"));
                }
            }
            self.choices.close(mark);
        }
    }

    /// From here on the attribute is not null.
    fn known(&mut self, read: &str, kind: Kind) {
        if read.contains('.') {
            let name = read.to_owned();
            self.locals.push(Local { name, kind, is_nullable: false, is_variable: false });
        }
    }

    fn statement(&mut self, depth: usize) {
        let deeper = usize::from(depth < DEPTH);
        let writes = if self.scene.is_changeable() && self.has_ctx { 26 } else { 1 };
        let looping = usize::from(self.in_loop);
        let end = if depth == 0 { 1 } else { 5 };
        let wild = usize::from(!self.is_simple);
        let form = self.choices.weighted(&[
            14,
            26,
            12,
            writes,
            14 * deeper,
            (2 + 3 * wild) * deeper,
            6 * deeper * wild,
            end,
            4 * looping,
            2 * deeper,
            3 * deeper * wild,
            8 * wild,
        ]);
        match form {
            0 | 11 => self.simple(),
            1 => self.definition(),
            2 => self.assignment(),
            3 => self.write(),
            4 => self.condition(depth),
            5 => self.switch(depth),
            6 => self.repetition(depth),
            7 => {
                let end = self.end(1);
                self.line(&end);
            }
            8 => {
                let word = *self.choices.pick(&["break", "continue"]);
                let condition = self.expression(Kind::Flag, 1);
                self.line(&format!("if {condition} {{ {word}; }}"));
            }
            9 => self.within("{", depth, "}"),
            _ => {
                self.within("try {", depth, "} catch (err) {");
                self.indent += 1;
                let line = *self.choices.pick(CATCHES);
                self.line(line);
                self.indent -= 1;
                self.line("}");
            }
        }
    }

    /// The statements between two lines.
    pub(super) fn within(&mut self, first: &str, depth: usize, last: &str) {
        self.line(first);
        self.indent += 1;
        self.block(depth + 1);
        self.indent -= 1;
        self.line(last);
    }

    fn simple(&mut self) {
        let template = self.template(STATEMENTS);
        if !self.is_said_here(template) {
            return;
        }
        let line = self.fill(template, 1);
        self.line(&line);
    }

    fn end(&mut self, depth: usize) -> String {
        let template = self.template(ENDS);
        self.fill(template, depth)
    }

    /// A variable or a constant, under a name that may be taken.
    fn held(&mut self) -> Kind {
        let end = if self.is_simple { 13 } else { HELD.len() };
        let index = self.choices.below(end);
        HELD.get(index).copied().unwrap_or(Kind::Whole)
    }

    fn definition(&mut self) {
        let kind = self.held();
        let name = *self.choices.pick(&NAMES);
        let is_nullable = self.choices.chance(15);
        let value = if is_nullable { self.read(kind) } else { self.expression(kind, 0) };
        let is_variable = !self.choices.chance(15);
        let word = if is_variable { "let" } else { "const" };
        self.line(&format!("{word} {name} = {value};"));
        let name = name.to_owned();
        self.locals.push(Local { name: name.clone(), kind, is_nullable, is_variable });
        if is_nullable && self.choices.chance(40) {
            let end = self.end(1);
            self.line(&format!("if {name} == () {{ {end} }}"));
            self.locals.push(Local { name, kind, is_nullable: false, is_variable });
        }
    }

    /// An assignment to a variable, to a part of one, or a call that changes one.
    fn assignment(&mut self) {
        let variables = self.visible(|it| it.is_variable && !it.is_nullable);
        if variables.is_empty() {
            return self.definition();
        }
        let Local { name, kind, .. } = self.choices.pick(&variables).clone();
        let changes: &'static [&'static str] = match kind {
            Kind::Whole => &[
                "= {i,}", "+= {i,}", "-= {i,}", "*= {i,}", "/= {i,}", "%= {i,}", "**= {n}", "+= 1",
                "&= {i,}", "<<= {n}",
            ],
            Kind::Decimal => {
                &["= {d,}", "+= {d,}", "-= {d,}", "*= {d,}", "/= {d,}", "+= {i,}", "*= {f,}"]
            }
            Kind::Double => &["= {f,}", "+= {f,}", "-= {i,}", "*= {f,}", "/= {f,}", "%= {f,}"],
            Kind::Text => &[
                "= {s,}",
                "+= {s,}",
                "+= {i,}",
                "+= {c,}",
                ".pad({n}, 'x')",
                ".replace({s,}, {s,})",
                ".crop({n})",
                ".truncate({n})",
                ".clear()",
                ".make_upper()",
                "-= {s,}",
                "[{k}] = {c,}",
                ".pad(30000, \"long \")",
                ".append({x,})",
                ".remove({s,})",
                ".pop({n})",
            ],
            Kind::Flag => &["= {b,}", "= !{b}", "&= {b,}", "|= {b,}"],
            Kind::Wholes => &[
                "= {a,}",
                ".push({i,})",
                "[{k}] = {i,}",
                "[{k}] += {i,}",
                "+= {a,}",
                ".insert({n}, {i,})",
                ".pop()",
                ".remove({n})",
                ".reverse()",
                ".retain(|it| it {#} {i})",
                ".sort()",
                ".for_each(|it| trace(it))",
                ".pad({n}, {i,})",
                ".clear()",
                ".truncate({n})",
                ".sort(|a, b| b - a)",
                ".dedup()",
                ".drain({n}..{n})",
                ".for_each(|| this += {i})",
            ],
            Kind::Texts => &["= {p,}", ".push({s,})", "[{k}] = {s,}", ".sort()", "[{k}] += {s,}"],
            Kind::Map => &[
                "= {m,}",
                ".a = {i,}",
                "[\"a\"] = {i,}",
                ".b += {s,}",
                ".a += {i,}",
                ".remove(\"a\")",
                ".c = {x,}",
            ],
            Kind::Record => &[
                "= {r,}",
                ".count = {i,}",
                ".name = {s,}",
                ".price = {d,}",
                ".count += {i,}",
                ".thingid = ctx.target",
            ],
            Kind::Date => &["= {y,}", "= {y,}.add_days({n})"],
            Kind::Moment => &["= {t,}", "= {t,}.add_months({n})"],
            Kind::Option => &["= {o,}"],
            Kind::Options => &["= {O,}", ".push({o,})"],
            Kind::Lookup => &["= {l,}"],
            Kind::Char => &["= {c,}"],
        };
        let change = self.template(changes);
        if change.contains("ctx.") && !self.has_ctx {
            return;
        }
        let change = self.fill(change, 1);
        let gap = if change.starts_with(['.', '[']) { "" } else { " " };
        self.line(&format!("{name}{gap}{change};"));
    }

    /// A change of the target.
    fn write(&mut self) {
        let kind = *self.choices.pick(&HELD[..14]);
        let Some(name) = self.attribute_to_set(kind).filter(|_| self.has_ctx) else {
            return self.simple();
        };
        let place = match self.choices.weighted(&[92, 8]) {
            0 => format!("ctx.target.{name}"),
            _ => format!("ctx.target[\"{name}\"]"),
        };
        let form = self.choices.weighted(&[55, 8, 12, 8, 12, 5]);
        let line = match (form, kind) {
            (1, _) => format!("{place} = ();"),
            (2, Kind::Whole | Kind::Decimal | Kind::Double) => {
                let sign = *self.choices.pick(&["+=", "-=", "*=", "/=", "%="]);
                let value = self.expression(kind, 1);
                format!("{place} {sign} {value};")
            }
            (2, Kind::Text) => {
                let value = self.expression(kind, 1);
                format!("{place} += {value};")
            }
            (3, Kind::Decimal) => {
                let value = self.expression(Kind::Whole, 1);
                format!("{place} = {value};")
            }
            (3, Kind::Option) => {
                let value = self.literal(Kind::Text);
                format!("{place} = {value};")
            }
            (3, Kind::Moment) => {
                let value = self.expression(Kind::Date, 1);
                format!("{place} = {value};")
            }
            (4, _) => {
                let value = self.expression(kind, 1);
                format!("{place} = {place} ?? {value};")
            }
            (5, _) => {
                let kind = self.any_kind();
                let value = self.expression(kind, 1);
                format!("{place} = {value};")
            }
            _ => {
                let value = self.expression(kind, 0);
                format!("{place} = {value};")
            }
        };
        self.line(&line);
    }

    fn condition(&mut self, depth: usize) {
        let outer = self.locals.len();
        let condition = if self.choices.chance(30) {
            let kind = *self.choices.pick(&HELD[..12]);
            let read = self.read(kind);
            self.known(&read, kind);
            format!("{read} != ()")
        } else {
            self.expression(Kind::Flag, 0)
        };
        self.within(&format!("if {condition} {{"), depth, "}");
        self.locals.truncate(outer);
        let mut most = 2;
        while 0 < most && self.choices.chance(25) {
            most -= 1;
            let condition = self.expression(Kind::Flag, 1);
            self.joined(&format!("}} else if {condition} {{"), depth);
        }
        if self.choices.chance(45) {
            self.joined("} else {", depth);
        }
    }

    /// A further branch: the brace before it stands in its line.
    fn joined(&mut self, line: &str, depth: usize) {
        let end = self.text.trim_end().len() - 1;
        self.text.truncate(self.text.get(..end).map_or(0, |it| it.trim_end().len() + 1));
        self.within(line, depth, "}");
    }
}
