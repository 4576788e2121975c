//! `/account/addresses/confirm`: where the link in the mail leads. It takes both the mail and a session of the account that
//! asked, so that no click in a mail adds its reader's address to a stranger's account.
//!
//! The link's token is in the query of the GET and in the form after it, and on the way through `/login` where nobody is
//! signed in. It goes to no log, and to no other site: `Referrer-Policy` is `no-referrer`. The GET changes nothing.

use axum::response::Response;
use http::StatusCode;
use vestibule_core::ticket::{Grant, PlainTicket, Purpose};
use vestibule_core::user::MOST_ADDRESSES;
use vestibule_store::ConfirmAddress;

use super::{Done, PATH};
use crate::browser::caller::SignedIn;
use crate::browser::form::{Posted, Query};
use crate::errors::{Code, Failure};
use crate::views::{AddressLink, ConfirmAddressPage};

/// Asks, if the link is good for this account.
pub async fn get(signed_in: SignedIn, Query(query): Query) -> Result<Response, Failure> {
    let token = query.optional("token").unwrap_or_default();
    let Some(ticket) = PlainTicket::parse(Purpose::Address, token) else {
        return page(&signed_in, Code::LinkGone.status(), AddressLink::Gone);
    };
    let caller = &signed_in.caller;
    let found = caller
        .context
        .engine
        .ticket(&ticket, caller.visit.now)
        .await
        .map_err(Failure::store)?;
    let theirs = Grant::Address {
        user: signed_in.session.user_id(),
    };
    match found.filter(|found| found.grant == theirs) {
        Some(found) => {
            let link = AddressLink::Good {
                token: token.to_owned(),
                address: found.email.as_str().to_owned(),
            };
            page(&signed_in, StatusCode::OK, link)
        }
        None => page(&signed_in, Code::LinkGone.status(), AddressLink::Gone),
    }
}

/// Redeems the link.
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let form = signed_in.check(posted)?;
    let token = form.fields.required("token")?;
    let Some(ticket) = PlainTicket::parse(Purpose::Address, token) else {
        return page(&signed_in, Code::LinkGone.status(), AddressLink::Gone);
    };
    let outcome = caller
        .context
        .engine
        .confirm_address(&signed_in.session, &ticket, &caller.visit)
        .await;
    match outcome.map_err(|cause| Failure::not_now(cause).back(PATH))? {
        ConfirmAddress::Confirmed(_) => Ok(Done::Confirmed.answer()),
        ConfirmAddress::Gone => page(&signed_in, Code::LinkGone.status(), AddressLink::Gone),
        ConfirmAddress::Taken => page(&signed_in, StatusCode::CONFLICT, AddressLink::Taken),
        ConfirmAddress::TooMany => {
            let link = AddressLink::Full {
                most: MOST_ADDRESSES,
            };
            page(&signed_in, StatusCode::CONFLICT, link)
        }
    }
}

fn page(signed_in: &SignedIn, status: StatusCode, link: AddressLink) -> Result<Response, Failure> {
    let csrf = signed_in.token()?;
    signed_in.page(status, &ConfirmAddressPage { csrf, link })
}
