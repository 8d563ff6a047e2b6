//! What the fuzz targets hold fusebill against: a reading of JSON of their own, and how an input is cut into parts.

pub mod customers;
pub mod plain;

pub use plain::Plain;

/// What parts the texts of one input. Seeds can be read and written by hand so.
pub const PARTS: &str = "\n%%\n";

/// The texts of an input, at least so many; none where there are fewer, or it is not UTF-8.
pub fn parts(data: &[u8], least: usize) -> Option<Vec<&str>> {
    let parts: Vec<&str> = std::str::from_utf8(data).ok()?.split(PARTS).collect();
    (parts.len() >= least).then_some(parts)
}

/// How many lines a text has, the last one counted also where it is empty.
pub fn lines(text: &str) -> usize {
    1 + text.matches('\n').count()
}
