//! SQL text from records, queries and metadata: what stores on SQL databases share, without a driver.
//!
//! An entity is a [`Table`] with real columns. Its identity is the primary key, its row version stands in
//! `row$version`, and a lookup has a second column that says at which entity it points. Attributes that
//! the platform computes elsewhere ([`Virtual`](rulegate::metadata::AttributeType::Virtual)) have none.
//! A `$` in a name is ours: no logical name has one.
//!
//! [`Shapes::select`] says what a [`QueryPlan`](rulegate::record::QueryPlan) says, exactly: which records, in
//! which order, from which one on. Where SQL cannot say it (thousands of values in one condition), there is
//! no statement, and the store asks the plan itself. What it says is written once for all plans of one shape.
//!
//! What differs between databases is a [`Dialect`].

mod column;
mod condition;
mod dialect;
mod draft;
mod order;
mod rows;
mod select;
mod shape;
mod statement;
mod table;
mod texts;
mod view;

pub use self::column::{Column, ColumnKind};
pub use self::dialect::Dialect;
pub use self::rows::Misfit;
pub use self::select::{Select, Shape, Shapes};
pub use self::statement::{Parameter, Statement};
pub use self::table::{Index, Table, VERSION};
pub use self::view::View;
