//! Random statements that hold others: switches and loops.

use super::kind::Kind;
use super::rule::{Local, Writer};

impl Writer<'_> {
    pub(super) fn switch(&mut self, depth: usize) {
        let form = self.choices.below(4);
        let (of, cases) = match form {
            0 => {
                let of = self.expression(Kind::Whole, 1);
                let (low, more) = (self.small(), self.small());
                let literal = self.small();
                let cases = [
                    format!("{literal}"),
                    format!("{low}..{}", low + more),
                    format!("{}..={}", low + more, low + 3 * more),
                ];
                (of, cases)
            }
            1 => {
                let of = self.expression(Kind::Text, 1);
                let cases = [self.literal_case(), self.literal_case(), self.literal_case()];
                (of, cases)
            }
            2 => {
                let of = self.read(Kind::Option);
                (
                    format!("{of}?.name"),
                    ["\"Hot\"", "\"Warm\" | \"Cold\"", "\"Open\""].map(str::to_owned),
                )
            }
            _ => {
                let of = self.read(Kind::Option);
                (of, ["1", "2 | 3", "\"Hot\""].map(str::to_owned))
            }
        };
        self.line(&format!("switch {of} {{"));
        self.indent += 1;
        for case in cases {
            let guard = if self.choices.chance(20) {
                format!(" if {}", self.expression(Kind::Flag, 2))
            } else {
                String::new()
            };
            self.within(&format!("{case}{guard} => {{"), depth, "}");
        }
        if self.choices.chance(70) {
            self.within("_ => {", depth, "}");
        }
        self.indent -= 1;
        self.line("}");
    }

    /// A text that can be a case: one without interpolation.
    pub(super) fn literal_case(&mut self) -> String {
        let text = self.literal(Kind::Text);
        if text.starts_with('`') { "\"raw\"".to_owned() } else { text }
    }

    pub(super) fn repetition(&mut self, depth: usize) {
        let was_in_loop = std::mem::replace(&mut self.in_loop, true);
        let outer = self.locals.len();
        let form = self.choices.weighted(&[30, 10, 25, 10, 12, 8, 5]);
        match form {
            0 => {
                let (low, more) = (self.small(), self.small());
                let signs = *self.choices.pick(&["..", "..="]);
                self.named("k", Kind::Whole);
                self.within(&format!("for k in {low}{signs}{} {{", low + more.min(12)), depth, "}");
            }
            1 => {
                let of = self.operand(Kind::Texts, 1);
                self.named("part", Kind::Text);
                self.within(&format!("for part in {of} {{"), depth, "}");
            }
            2 => {
                let of = self.operand(Kind::Wholes, 1);
                self.named("k", Kind::Whole);
                if self.choices.chance(30) {
                    self.named("at", Kind::Whole);
                    self.within(&format!("for (k, at) in {of} {{"), depth, "}");
                } else {
                    self.within(&format!("for k in {of} {{"), depth, "}");
                }
            }
            3 => {
                let least = self.expression(Kind::Whole, 2);
                self.named("child", Kind::Record);
                let options = *self.choices.pick(&["", ", #{ order: \"count\" }", ", #{ top: 2 }"]);
                let query = format!("query(\"child\", #{{ count: #{{ ge: {least} }} }}{options})");
                self.within(&format!("for child in {query} {{"), depth, "}");
            }
            4 => {
                // A name that nothing else has, so that it counts to its end.
                let name = format!("n{}", self.locals.len());
                if self.is_taken(&name) {
                    self.in_loop = was_in_loop;
                    return;
                }
                let end = self.small().min(12);
                self.line(&format!("let {name} = 0;"));
                self.line(&format!("while {name} < {end} {{"));
                self.indent += 1;
                self.line(&format!("{name} += 1;"));
                let local = Local {
                    name: name.clone(),
                    kind: Kind::Whole,
                    is_nullable: false,
                    is_variable: false,
                };
                self.locals.push(local);
                self.block(depth + 1);
                self.indent -= 1;
                self.line("}");
            }
            5 => {
                let condition = self.expression(Kind::Flag, 1);
                let word = *self.choices.pick(&["while", "until"]);
                self.within("do {", depth, &format!("}} {word} {condition};"));
            }
            _ => {
                let condition = self.expression(Kind::Flag, 1);
                self.within(&format!("while {condition} {{"), depth, "}");
            }
        }
        self.locals.truncate(outer);
        self.in_loop = was_in_loop;
    }

    fn named(&mut self, name: &str, kind: Kind) {
        let name = name.to_owned();
        self.locals.push(Local { name, kind, is_nullable: false, is_variable: false });
    }
}
