//! `/logout`: a GET asks and changes nothing (ASVS 3.5.3), the POST does it.

use super::page;

/// Asks whether to sign out. The frame should be signed in.
#[derive(Clone, Debug, Default)]
pub struct LogoutPage {
    /// A token of the session, newly masked.
    pub csrf: String,
}

/// Says that the person is signed out. The frame should be signed in as nobody.
#[derive(Clone, Debug)]
pub struct SignedOutPage {
    /// Where 'sign in again' leads: `/login`.
    pub login: String,
}

page!(LogoutPage, "logout.html");
page!(SignedOutPage, "signed_out.html");
