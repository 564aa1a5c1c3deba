//! Signed notes as C2SP `signed-note` has them: a text, an empty line, and a line for each signature.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use thiserror::Error;

use crate::{SigningKey, VerifierKey};

/// What a signature's line begins with.
pub(crate) const SIGNATURE: &str = "\u{2014} ";

/// Why a note says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoteError {
    #[error("it is no signed note: a text, an empty line, and lines of signatures")]
    Malformed,
    #[error("it is not signed by {0}: get the right key from whoever keeps the ledger")]
    OtherKey(String),
    #[error("its signature is wrong: it was changed after it was signed, or made up")]
    Signature,
}

/// Signs a text, which ends with a line feed and has no empty line.
pub(crate) fn sign(text: &str, key: &SigningKey) -> String {
    let verifier = key.verifier();
    let signature = [verifier.hash().as_slice(), &key.sign(text)].concat();
    format!("{text}\n{SIGNATURE}{} {}\n", verifier.name(), BASE64.encode(signature))
}

/// A note with `key`'s signature beside those that it has.
pub(crate) fn sign_too(note: &str, key: &SigningKey) -> Result<String, NoteError> {
    let (text, signatures) = split(note)?;
    let own = sign(text, key);
    Ok(format!("{text}\n{signatures}{}", split(&own)?.1))
}

/// The text of a note that is signed by `key`, whoever else signed it too.
pub(crate) fn open<'a>(note: &'a str, key: &VerifierKey) -> Result<&'a str, NoteError> {
    let (text, signatures) = split(note)?;
    let mut is_signed = false;
    // Not `lines`, which would take a carriage return for nothing.
    for line in signatures.trim_end_matches('\n').split('\n') {
        let (name, signature) = signature(line).ok_or(NoteError::Malformed)?;
        if name != key.name() || signature[..4] != key.hash() {
            continue;
        }
        if !key.has_signed(text, &signature[4..]) {
            return Err(NoteError::Signature);
        }
        is_signed = true;
    }
    if is_signed { Ok(text) } else { Err(NoteError::OtherKey(key.to_string())) }
}

/// A note's text and its signatures' lines, of which nothing is checked.
pub(crate) fn split(note: &str) -> Result<(&str, &str), NoteError> {
    let at = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
    let (text, signatures) = (&note[..=at], &note[at + 2..]);
    let is_whole = !signatures.is_empty() && signatures.ends_with('\n');
    let is_text = note.chars().all(|c| c == '\n' || !c.is_control());
    if is_whole && is_text { Ok((text, signatures)) } else { Err(NoteError::Malformed) }
}

fn signature(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, encoded) = line.strip_prefix(SIGNATURE)?.split_once(' ')?;
    let bytes = BASE64.decode(encoded).ok()?;
    (bytes.len() > 4 && !name.is_empty()).then_some((name, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Go's `golang.org/x/mod/sumdb/note` documents it.
    const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
                           then you don't know what your problem is.\n\
                           \n\
                           — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const GO_SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

    #[test]
    fn notes_are_those_of_other_programs() {
        let key: SigningKey = GO_SIGNER.parse().unwrap();
        let text = open(GO_NOTE, key.verifier()).unwrap();
        assert_eq!(sign(text, &key), GO_NOTE);
    }

    #[test]
    fn a_note_with_any_byte_changed_is_refused() {
        let key = SigningKey::generate("somebody").unwrap();
        let note = sign("a text\nof two lines\n", &key);
        assert_eq!(open(&note, key.verifier()), Ok("a text\nof two lines\n"));
        for at in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(open(&changed, key.verifier()).is_err(), "byte {at}");
            }
            if note.is_char_boundary(at) {
                assert!(open(&note[..at], key.verifier()).is_err(), "cut at {at}");
            }
        }
        let other = SigningKey::generate("somebody").unwrap();
        assert!(matches!(open(&note, other.verifier()), Err(NoteError::OtherKey(_))));
        // Another signature beside it does no harm.
        let both = format!("{note}{}", sign("a text\nof two lines\n", &other).lines().last().unwrap()) + "\n";
        assert!(open(&both, key.verifier()).is_ok() && open(&both, other.verifier()).is_ok());
    }
}
