//! What the pages call the API's names, for those who write for the same people elsewhere.

use std::collections::HashMap;
use std::sync::OnceLock;

const SOURCE: &str = include_str!("../web/texts/words.js");

type Words = HashMap<(&'static str, &'static str), &'static str>;

/// The word of a name, such as `event.order-placed`, in a language that the pages have: `en`, `zh-CN`.
#[must_use]
pub fn word(language: &str, name: &str) -> Option<&'static str> {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| read(SOURCE)).get(&(language, name)).copied()
}

/// Each word stands on a line of its own below its language's.
fn read(source: &'static str) -> Words {
    let (mut words, mut language) = (Words::new(), "");
    for line in source.lines().map(str::trim) {
        if let Some(name) = line.strip_suffix(": {") {
            language = name.trim_matches('"');
        } else if let Some((name, word)) = line.strip_prefix('"').and_then(|rest| rest.split_once("\": \""))
            && let Some(word) = word.strip_suffix("\",")
        {
            words.insert((language, name), word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_in_both_languages() {
        let words = read(SOURCE);
        let count = |wanted| words.keys().filter(|(language, _)| *language == wanted).count();
        let lines = SOURCE.lines().filter(|line| line.trim_start().starts_with('"') && line.ends_with("\",")).count();
        assert!(count("en") > 400 && count("en") == count("zh-CN"), "{} {}", count("en"), count("zh-CN"));
        assert_eq!(words.len(), lines);
        assert_eq!(word("en", "event.order-placed"), Some("Order placed"));
        assert_eq!(word("zh-CN", "event.order-placed"), Some("已下单"));
        assert_eq!(word("fr", "event.order-placed"), None);
    }
}
