//! Every path reads back as it is shown.

use fusebill::document::Path;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::generate::{message, path_of};
use crate::law;

fn names() -> impl Strategy<Value = Vec<String>> {
    vec(prop_oneof![3 => message(), 1 => "[./~01]{0,3}", 1 => any::<String>()], 1..5)
}

proptest! {
    #![proptest_config(law(8000))]

    #[test]
    fn a_path_reads_back_as_it_is_shown_and_as_a_pointer(names in names()) {
        let path = path_of(&names);
        prop_assert_eq!(path.names(), &names);
        prop_assert_eq!(Path::parse(&path.to_string()), Ok(path.clone()));
        prop_assert_eq!(Path::parse(&path.pointer()), Ok(path));
    }

    #[test]
    fn any_text_is_a_path_that_reads_back_or_is_refused(text in prop_oneof!["[a./~012]{0,8}", any::<String>()]) {
        let is_path = match text.strip_prefix('/') {
            Some(pointer) => !pointer.replace("~0", "").replace("~1", "").contains('~'),
            None => text.split('.').all(|name| !name.is_empty()),
        };
        let path = Path::parse(&text);
        prop_assert_eq!(path.is_ok(), is_path, "{}", text);
        if let Ok(path) = path {
            prop_assert_eq!(Path::parse(&path.to_string()), Ok(path.clone()));
            prop_assert_eq!(if text.starts_with('/') { path.pointer() } else { path.dotted() }, text);
        }
    }

    #[test]
    fn a_path_covers_itself_and_every_path_below_it(names in names(), more in names(), other in names()) {
        let path = path_of(&names);
        let below = path_of(&[names.clone(), more].concat());
        prop_assert!(path.covers(&path) && path.covers(&below) && !below.covers(&path));
        let beside = path_of(&other);
        prop_assert_eq!(path.covers(&beside), other.len() >= names.len() && other[..names.len()] == names);
    }
}
