//! Numbers: a literal with a point is a decimal, and decimals go with whole numbers and doubles.

use rhai::{Engine, FLOAT, INT, LexError, Token};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::error::{Raise, Raised};
use super::value::decimal;

/// Registers what Rhai lacks between decimals and other numbers.
pub(super) fn register(rhai: &mut Engine) {
    rhai.register_fn("round", |it: Decimal, digits: INT| round(it, digits))
        .register_fn("round", |it: Decimal| round(it, 0))
        // A whole number has no digits to lose: `(amount ?? 0).round(2)` is one or the other.
        .register_fn("round", |it: INT, _digits: INT| it)
        .register_fn("round", |it: INT| it)
        .register_fn("abs", |it: Decimal| it.abs())
        .register_fn("min", |a: Decimal, b: Decimal| a.min(b))
        .register_fn("max", |a: Decimal, b: Decimal| a.max(b))
        .register_fn("min", |a: Decimal, b: INT| a.min(b.into()))
        .register_fn("max", |a: Decimal, b: INT| a.max(b.into()))
        .register_fn("min", |a: INT, b: Decimal| b.min(a.into()))
        .register_fn("max", |a: INT, b: Decimal| b.max(a.into()))
        .register_fn("decimal", decimal)
        .register_fn("decimal", |it: INT| Decimal::from(it))
        .register_fn("decimal", |it: Decimal| it)
        .register_fn("decimal", |it: &str| {
            it.trim().parse::<Decimal>().map_err(|_| Raise::text(format!("{it:?} is no number")))
        });
    register_mixed(rhai);
}

/// Decimals with doubles: the double becomes the nearest decimal, so that money stays exact.
fn register_mixed(rhai: &mut Engine) {
    macro_rules! mixed {
        ($($sign:literal => $apply:expr;)*) => {
            $({
                let apply: fn(Decimal, Decimal) -> Option<Decimal> = $apply;
                rhai.register_fn($sign, move |a: Decimal, b: FLOAT| calculate(apply, a, decimal(b)?))
                    .register_fn($sign, move |a: FLOAT, b: Decimal| calculate(apply, decimal(a)?, b));
            })*
        };
    }
    mixed! {
        "+" => |a, b| a.checked_add(b);
        "-" => |a, b| a.checked_sub(b);
        "*" => |a, b| a.checked_mul(b);
        "/" => |a, b| a.checked_div(b);
        "%" => |a, b| a.checked_rem(b);
    }
    macro_rules! compare {
        ($($sign:literal => $apply:expr;)*) => {
            $({
                let apply: fn(FLOAT, FLOAT) -> bool = $apply;
                rhai.register_fn($sign, move |a: Decimal, b: FLOAT| apply(double(a), b))
                    .register_fn($sign, move |a: FLOAT, b: Decimal| apply(a, double(b)));
            })*
        };
    }
    #[expect(
        clippy::float_cmp,
        reason = "a rule that compares doubles for equality gets what it asks for"
    )]
    {
        compare! {
            "==" => |a, b| a == b;
            "!=" => |a, b| a != b;
            "<" => |a, b| a < b;
            "<=" => |a, b| a <= b;
            ">" => |a, b| a > b;
            ">=" => |a, b| a >= b;
        }
    }
}

fn calculate(
    apply: fn(Decimal, Decimal) -> Option<Decimal>,
    a: Decimal,
    b: Decimal,
) -> Raised<Decimal> {
    apply(a, b).ok_or_else(|| Raise::text(format!("{a} and {b} give no number that can be held")))
}

fn double(decimal: Decimal) -> FLOAT {
    decimal.to_f64().unwrap_or(FLOAT::NAN)
}

/// Rounds, halves away from zero.
pub(crate) fn round(number: Decimal, digits: INT) -> Raised<Decimal> {
    let digits = u32::try_from(digits).ok().filter(|it| *it <= Decimal::MAX_SCALE);
    let digits = digits.ok_or_else(|| Raise::text("`round` takes 0 to 28 digits"))?;
    Ok(number.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero))
}

/// A literal with a point is a decimal: `0.1` is exact. One that is too large for any number is none: Rhai
/// would read it as a double, and lose its last digits, or all of them.
pub(super) fn exact(token: Token) -> Token {
    let Token::FloatConstant(float) = &token else { return token };
    let text = float.1.replace('_', "");
    let is_whole = text.chars().all(|it| it.is_ascii_digit());
    let decimal =
        if text.contains(['e', 'E']) { Decimal::from_scientific(&text) } else { text.parse() };
    match decimal {
        Ok(decimal) if !is_whole => Token::DecimalConstant((decimal, float.1.clone()).into()),
        Ok(_) | Err(_) => Token::LexError(LexError::MalformedNumber(text).into()),
    }
}
