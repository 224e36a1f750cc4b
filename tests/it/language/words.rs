//! Every word of the language: there is one, and what it says of arguments that it cannot take.

use rulegate_script::WORDS;

use super::said;

const WRONG: [&str; 8] =
    ["", "()", "1", "\"nothing\"", "[]", "#{}", "1, 2", "\"x\", \"y\", \"z\", 4"];

#[test]
fn every_word_says_what_it_cannot_take() {
    let mut lines = Vec::new();
    for word in WORDS {
        for wrong in WRONG {
            let call = format!("{}({wrong})", word.name);
            let answer = said(&format!("throw `${{{call}}}`;"));
            let names_it = answer.starts_with("= ") || answer.contains(&format!("`{}", word.name));
            lines.push(format!("{}{call}\n    {answer}", if names_it { "" } else { "! " }));
        }
    }
    let said = lines.join("\n");
    insta::assert_snapshot!(said);
}

#[test]
fn no_word_can_be_hidden() {
    for word in WORDS {
        let text = said(&format!("}}\nfn {}(a) {{ a", word.name));
        assert!(text.contains("is a word of the language"), "{}: {text}", word.name);
    }
}
