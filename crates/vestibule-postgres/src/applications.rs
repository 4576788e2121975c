//! Applications, and the roles that people hold there.

use vestibule_core::origin::Origin;

use crate::fault::Fault;

pub(crate) fn read_origin(text: &str) -> Result<Origin, Fault> {
    text.parse()
        .map_err(|_| Fault::unreadable("a stored origin is none"))
}
