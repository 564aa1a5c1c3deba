//! Amounts as decimal text.

/// A formatted amount on the stack, as [`daybook_domain::Money::amount`] writes it.
pub(crate) struct AmountText {
    bytes: [u8; 32],
    start: usize,
}

impl AmountText {
    /// `places`: the decimals of the currency.
    pub(crate) fn new(minor: i64, places: u32) -> Self {
        let mut text = Self { bytes: [0; 32], start: 32 };
        let mut left = minor.unsigned_abs();
        let mut written = 0;
        while left > 0 || written <= places {
            if written == places && places > 0 {
                text.push(b'.');
            }
            text.push(b'0' + (left % 10) as u8);
            left /= 10;
            written += 1;
        }
        if minor < 0 {
            text.push(b'-');
        }
        text
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.start..]).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        self.start -= 1;
        self.bytes[self.start] = byte;
    }
}
