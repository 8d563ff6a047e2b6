pub mod json;
pub mod path;
