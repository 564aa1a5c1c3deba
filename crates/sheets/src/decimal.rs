//! Numbers as decimal text: nothing floats here, so what is written is exact.

/// Significant digits that a spreadsheet keeps of a number; of a longer one it makes the last ones zeros.
const MAX_DIGITS: u32 = 15;

/// `minor` with so many decimals.
pub(crate) fn amount(minor: i64, places: u32) -> String {
    let places = places as usize;
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    let sign = if minor < 0 { "-" } else { "" };
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// Whether a spreadsheet keeps all digits of this number, of whatever decimals.
pub(crate) fn is_kept(number: i64) -> bool {
    number.unsigned_abs() < 10_u64.pow(MAX_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_currency_s_decimals() {
        for (minor, places, text) in [
            (0, 2, "0.00"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (-990, 2, "-9.90"),
            (990, 0, "990"),
            (1, 3, "0.001"),
            (i64::MAX, 4, "922337203685477.5807"),
            (i64::MIN, 0, "-9223372036854775808"),
        ] {
            assert_eq!(amount(minor, places), text);
        }
    }

    #[test]
    fn fifteen_digits_are_kept() {
        assert!(is_kept(-999_999_999_999_999));
        assert!(!is_kept(1_000_000_000_000_000));
        assert!(!is_kept(i64::MIN));
    }
}
