//! Every conformance case of the specification, and the test that plays it.

use super::clauses::{differences, rows};
use super::page::{Page, quoted};
use super::suite::Suite;

/// The cases of the specification, in its order, with the clauses on which each stands.
const CASES: [(&str, &str); 153] = [
    ("T-001", "P-1, P-8"),
    ("T-002", "P-21"),
    ("T-003", "P-21"),
    ("T-005", "P-21, I-39"),
    ("T-006", "P-21"),
    ("T-007", "M-6"),
    ("T-009", "X-6, X-8"),
    ("T-010", "X-6, P-19"),
    ("T-011", "E-3, E-5"),
    ("T-013", "E-8"),
    ("T-014", "P-25, P-30"),
    ("T-015", "P-24, E-6"),
    ("T-017", "P-29"),
    ("T-018", "P-26"),
    ("T-019", "E-4"),
    ("T-021", "P-32, E-11"),
    ("T-022", "E-30"),
    ("T-023", "E-31"),
    ("T-025", "P-44"),
    ("T-026", "P-45"),
    ("T-027", "P-47"),
    ("T-029", "P-60"),
    ("T-030", "P-15"),
    ("T-031", "P-43"),
    ("T-033", "I-1, I-17"),
    ("T-034", "I-31, I-17"),
    ("T-035", "I-13"),
    ("T-037", "I-15"),
    ("T-038", "I-6"),
    ("T-039", "I-6"),
    ("T-041", "I-5"),
    ("T-042", "I-8"),
    ("T-043", "I-1, C-137"),
    ("T-045", "I-18, I-19"),
    ("T-046", "I-22, P-87"),
    ("T-047", "P-88"),
    ("T-049", "I-24"),
    ("T-050", "I-19, I-33"),
    ("T-051", "I-33"),
    ("T-053", "I-44"),
    ("T-054", "I-44"),
    ("T-055", "I-45"),
    ("T-057", "I-46"),
    ("T-058", "I-49"),
    ("T-059", "I-51"),
    ("T-061", "C-15"),
    ("T-062", "P-70"),
    ("T-063", "P-71"),
    ("T-065", "P-74, P-77, P-78, P-30"),
    ("T-066", "P-75"),
    ("T-067", "P-71, P-63"),
    ("T-069", "P-73"),
    ("T-070", "P-73"),
    ("T-071", "P-80"),
    ("T-073", "P-85"),
    ("T-074", "P-66"),
    ("T-075", "P-65"),
    ("T-077", "V-4"),
    ("T-078", "V-3"),
    ("T-079", "V-2"),
    ("T-081", "V-7"),
    ("T-082", "V-8"),
    ("T-083", "X-14"),
    ("T-085", "X-11"),
    ("T-086", "X-15, X-16"),
    ("T-087", "X-17"),
    ("T-089", "P-9, P-10"),
    ("T-090", "C-5"),
    ("T-091", "C-12"),
    ("T-093", "C-14"),
    ("T-094", "C-6"),
    ("T-095", "C-24, C-25"),
    ("T-097", "C-26"),
    ("T-098", "C-28"),
    ("T-099", "C-29"),
    ("T-101", "C-30"),
    ("T-102", "C-19"),
    ("T-103", "C-10, E-62"),
    ("T-105", "C-3"),
    ("T-106", "C-89"),
    ("T-107", "C-88"),
    ("T-109", "C-57"),
    ("T-110", "P-39"),
    ("T-111", "P-39"),
    ("T-113", "C-70"),
    ("T-114", "C-71"),
    ("T-115", "M-19, M-21"),
    ("T-117", "M-25"),
    ("T-118", "C-117"),
    ("T-119", "C-117"),
    ("T-121", "C-106"),
    ("T-122", "C-108"),
    ("T-123", "C-78"),
    ("T-125", "C-122"),
    ("T-126", "C-127, C-129"),
    ("T-127", "M-30, M-33"),
    ("T-129", "M-32"),
    ("T-130", "M-40"),
    ("T-131", "M-41"),
    ("T-133", "M-47"),
    ("T-134", "M-58"),
    ("T-135", "M-50"),
    ("T-137", "I-67"),
    ("T-138", "I-70"),
    ("T-139", "I-68"),
    ("T-141", "I-64"),
    ("T-142", "I-65"),
    ("T-143", "I-59, I-60"),
    ("T-145", "C-138, O-45"),
    ("T-146", "R-33"),
    ("T-147", "R-39"),
    ("T-149", "R-23, O-58"),
    ("T-150", "R-16"),
    ("T-151", "R-36"),
    ("T-153", "O-18, O-19"),
    ("T-154", "O-14"),
    ("T-155", "O-15"),
    ("T-157", "O-24"),
    ("T-158", "M-1, O-24"),
    ("T-159", "O-23"),
    ("T-161", "O-54"),
    ("T-162", "O-56"),
    ("T-163", "O-52, C-6"),
    ("T-165", "B-23, B-24"),
    ("T-166", "B-20"),
    ("T-167", "B-22"),
    ("T-169", "B-21"),
    ("T-170", "P-30, P-41"),
    ("T-171", "E-35"),
    ("T-173", "L-31"),
    ("T-174", "L-35"),
    ("T-175", "L-35"),
    ("T-177", "L-32"),
    ("T-178", "L-20"),
    ("T-179", "L-25"),
    ("T-181", "L-50, L-51"),
    ("T-182", "L-48"),
    ("T-183", "E-37"),
    ("T-185", "E-47"),
    ("T-186", "E-53, E-51"),
    ("T-187", "P-38"),
    ("T-189", "M-63"),
    ("T-190", "M-64"),
    ("T-191", "X-3, M-14"),
    ("T-193", "P-52, P-53"),
    ("T-194", "I-82"),
    ("T-195", "C-113, C-114"),
    ("T-197", "M-12, M-13"),
    ("T-198", "I-29"),
    ("T-199", "O-21, O-22"),
    ("T-201", "I-62"),
    ("T-202", "O-61"),
    ("T-203", "X-12, M-75"),
];

/// What is wrong with the table of cases.
pub(super) fn problems(page: &Page) -> Vec<String> {
    let (suite, rows) = (Suite::read(), rows(&page.text, "T"));
    let listed = rows.iter().map(|it| it.id.clone()).collect();
    let expected: Vec<String> = CASES.iter().map(|it| it.0.to_owned()).collect();
    let mut problems = differences(&expected, &listed);
    let clauses = |id: &str| CASES.iter().find(|it| it.0 == id).map_or("", |it| it.1);
    let mut played: Vec<&str> = Vec::new();
    for row in &rows {
        for test in quoted(row.what()).filter(|it| it.starts_with("t_")) {
            played.push(test);
            let number = row.id.replace("T-", "t_");
            if !test.starts_with(&format!("{number}_")) {
                problems.push(format!("{}: `{test}` has another number", row.id));
            }
            if suite.first_line.get(test).is_none_or(|it| it != clauses(&row.id)) {
                problems.push(format!("{}: no test `{test}` cites {}", row.id, clauses(&row.id)));
            }
        }
        if row.what().is_empty() {
            problems.push(format!("{}: what becomes of it?", row.id));
        }
    }
    let is_case =
        |it: &&String| it.starts_with("t_0") || it.starts_with("t_1") || it.starts_with("t_2");
    let untold =
        suite.first_line.keys().filter(is_case).filter(|it| !played.contains(&it.as_str()));
    problems.extend(untold.map(|it| format!("`{it}` stands in no row")));
    problems
}
