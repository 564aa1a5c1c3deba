//! Frames on the socket: a kind (one byte), the payload's length (four bytes, little end first), the payload.

use std::io::{self, Read, Write};

use thiserror::Error;

/// The longest payload, in bytes.
pub(super) const MAX_BYTES: u32 = 1 << 16;

/// What a frame is. The numbers never change: a version that is refused must still understand why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// From the client: a [`super::Hello`].
    Hello = 1,
    /// From the client: end it where it is.
    Stop = 2,
    /// From the owner: for standard output.
    Out = 3,
    /// From the owner: for standard error.
    Err = 4,
    /// From the owner, last: the exit code.
    End = 5,
    /// From the owner, last: why nothing was done, in UTF-8.
    Refused = 6,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Hello, Self::Stop, Self::Out, Self::Err, Self::End, Self::Refused]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// Why no frame could be read.
#[derive(Debug, Error)]
pub(super) enum FrameError {
    #[error("the other side hung up")]
    HungUp,
    #[error("a frame of {bytes} bytes, more than {MAX_BYTES}")]
    TooLong { bytes: u32 },
    #[error("a frame of the unknown kind {kind}")]
    Unknown { kind: u8 },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// # Errors
/// Also when the payload is longer than [`MAX_BYTES`]: nothing is written then.
pub(super) fn write(mut to: impl Write, kind: Kind, payload: &[u8]) -> io::Result<()> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, format!("more than {MAX_BYTES} bytes in one frame"));
    let length = u32::try_from(payload.len()).ok().filter(|&bytes| bytes <= MAX_BYTES).ok_or_else(too_long)?;
    let mut frame = Vec::with_capacity(5 + payload.len());
    frame.push(kind as u8);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(payload);
    to.write_all(&frame)
}

pub(super) fn read(mut from: impl Read) -> Result<(Kind, Vec<u8>), FrameError> {
    let mut kind = [0];
    let mut length = [0; 4];
    exactly(&mut from, &mut kind)?;
    // Before anything else is waited for: whoever speaks another language may never send more.
    let kind = Kind::from_byte(kind[0]).ok_or(FrameError::Unknown { kind: kind[0] })?;
    exactly(&mut from, &mut length)?;
    let bytes = u32::from_le_bytes(length);
    if bytes > MAX_BYTES {
        return Err(FrameError::TooLong { bytes });
    }
    let mut payload = Vec::new();
    from.take(u64::from(bytes)).read_to_end(&mut payload)?;
    match payload.len() as u64 == u64::from(bytes) {
        true => Ok((kind, payload)),
        false => Err(FrameError::HungUp),
    }
}

fn exactly(from: &mut impl Read, bytes: &mut [u8]) -> Result<(), FrameError> {
    from.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => FrameError::HungUp,
        _ => error.into(),
    })
}

/// Turns what is written into frames of one kind.
pub(super) struct Writer<W> {
    pub(super) to: W,
    pub(super) kind: Kind,
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = &bytes[..bytes.len().min(MAX_BYTES as usize)];
        write(&mut self.to, self.kind, part)?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        let text = vec![7; 3 * MAX_BYTES as usize / 2];
        Writer { to: &mut bytes, kind: Kind::Out }.write_all(&text).unwrap();
        let mut from = bytes.as_slice();
        let mut found = Vec::new();
        while let Ok((kind, part)) = read(&mut from) {
            assert_eq!(kind, Kind::Out);
            found.extend(part);
        }
        assert_eq!(found, text);
    }

    #[test]
    fn what_is_no_frame_is_refused_before_it_is_kept() {
        let long = [&[1][..], &u32::MAX.to_le_bytes()].concat();
        assert!(matches!(read(long.as_slice()), Err(FrameError::TooLong { bytes: u32::MAX })));
        assert!(matches!(read(&b"GET / HTTP/1.1"[..]), Err(FrameError::Unknown { kind: b'G' })));
        assert!(matches!(read(&[][..]), Err(FrameError::HungUp)));
        assert!(matches!(read(&[1, 9, 0][..]), Err(FrameError::HungUp)));
        assert!(matches!(read(&[1, 9, 0, 0, 0, b'{'][..]), Err(FrameError::HungUp)));
        assert!(write(Vec::new(), Kind::Hello, &vec![0; MAX_BYTES as usize + 1]).is_err());
    }
}
