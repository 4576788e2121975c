//! Where something was done, in words.

use std::borrow::Cow;

use vestibule_core::place::{Located, Place};

use crate::texts::Tongue;

/// The words for a place; none where only the address is known, or not even that.
pub(crate) fn words<'a>(tongue: Tongue<'a>, place: &Place) -> Option<Cow<'a, str>> {
    match place {
        Place::Unknown | Place::Address(_) => None,
        Place::ThisMachine => Some(tongue.text("place-this-machine")),
        Place::LocalNetwork => Some(tongue.text("place-local-network")),
        Place::Located(Located { country, city }) => Some(match city {
            Some(city) => tongue.text_with(
                "place-city",
                &[
                    ("city", city.as_str().into()),
                    ("country", country.name.as_str().into()),
                ],
            ),
            None => Cow::Owned(country.name.clone()),
        }),
    }
}
