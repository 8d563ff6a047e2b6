//! Text that stands in a string as it is, eight bytes at a time.

/// How many bytes are looked at together.
pub(super) const EIGHT: usize = 8;

/// Where the next quote, backslash or control character stands, from `at` on: what ends a JSON string, or cannot stand in one
/// as it is (RFC 8259 section 7). The end of the text where there is none.
pub(super) fn plain_until(text: &[u8], mut at: usize) -> usize {
    while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let plain = plain_of(*eight);
        at += plain;
        if plain < EIGHT {
            return at;
        }
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).unwrap_or(rest.len())
}

/// How many of eight bytes come before the first that is no plain one.
// A call takes as long as this does, and is not spared where the program is compiled to be small.
#[inline(always)]
pub(super) fn plain_of(eight: [u8; EIGHT]) -> usize {
    special(eight).trailing_zeros() as usize / 8
}

/// Marks the first of eight bytes that is no plain one by its highest bit, and perhaps some after it; 0 where all are plain.
///
/// A byte that is subtracted from and was less has its highest bit set then; so has one that had it before, which is why
/// those are taken out. What is borrowed from the next byte may mark that one too.
#[inline(always)]
fn special(eight: [u8; EIGHT]) -> u64 {
    let all = |byte: u8| u64::from_le_bytes([byte; EIGHT]);
    let eight = u64::from_le_bytes(eight);
    let (quotes, backslashes) = (eight ^ all(b'"'), eight ^ all(b'\\'));
    let less = |bytes: u64, than: u8| bytes.wrapping_sub(all(than)) & !bytes;
    (less(quotes, 1) | less(backslashes, 1) | less(eight, b' ')) & all(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_not_plain_is_found_wherever_it_stands_and_whatever_is_around_it() {
        let plain: Vec<u8> = (b' '..=u8::MAX).filter(|byte| !matches!(byte, b'"' | b'\\')).collect();
        for other in (0..b' ').chain([b'"', b'\\']) {
            for around in &plain {
                for at in 0..20 {
                    let mut text = vec![*around; 20];
                    text[at] = other;
                    assert_eq!(plain_until(&text, 0), at, "{other} in {around}");
                    text[at..].fill(other);
                    assert_eq!(plain_until(&text, at.saturating_sub(9)), at, "{other} after {around}");
                }
            }
        }
        assert_eq!((plain_until(&plain, 0), plain_until(&plain, 3)), (plain.len(), plain.len()));
        assert_eq!(plain_until(b"", 0), 0);
    }
}
