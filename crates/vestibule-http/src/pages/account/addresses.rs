//! `/account/addresses`: the addresses of a person's account. Every change but proving the one there is needs a fresh login
//! (ASVS 7.5.1).

use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use vestibule_core::email::EmailAddress;
use vestibule_core::user::{Address, MOST_ADDRESSES};

use crate::browser::caller::SignedIn;
use crate::browser::form::{Checked, Query};
use crate::errors::{Code, Failure};
use crate::views::{AddressEntry, AddressRoom, AddressesNotice, AddressesPage};

pub mod add;
pub mod confirm;
pub mod primary;
pub mod prove;
pub mod remove;

const PATH: &str = "/account/addresses";

/// What was done, as the query of the page that follows says it.
#[derive(Clone, Copy)]
enum Done {
    Confirmed,
    Removed,
    Primary,
    Nothing,
}

/// The list, the primary one first.
pub async fn get(signed_in: SignedIn, Query(query): Query) -> Result<Response, Failure> {
    let done = query
        .optional("done")
        .filter(|_| signed_in.caller.led_by_own_page());
    let page = AddressesPage {
        notice: done.and_then(Done::parse).map(Done::notice),
        ..AddressesPage::default()
    };
    list(&signed_in, StatusCode::OK, page).await
}

async fn list(
    signed_in: &SignedIn,
    status: StatusCode,
    page: AddressesPage,
) -> Result<Response, Failure> {
    let own = own(signed_in).await?;
    let room = if !signed_in.caller.context.engine.mails() {
        AddressRoom::NoMail
    } else if own.len() >= MOST_ADDRESSES {
        AddressRoom::Full {
            most: MOST_ADDRESSES,
        }
    } else {
        AddressRoom::Room
    };
    let page = AddressesPage {
        csrf: signed_in.token()?,
        addresses: own.iter().map(entry).collect(),
        room,
        ..page
    };
    signed_in.page(status, &page)
}

async fn own(signed_in: &SignedIn) -> Result<Vec<Address>, Failure> {
    let engine = &signed_in.caller.context.engine;
    let own = engine.addresses(&signed_in.session).await;
    own.map_err(Failure::store)
}

/// The one of the person's own that the form names. Somebody else's and one that is nobody's are the same: none (ASVS 8.2.2).
async fn named(signed_in: &SignedIn, form: &Checked) -> Result<Option<Address>, Failure> {
    let email = EmailAddress::parse(form.fields.required("address")?);
    let email = email.map_err(|error| Failure::of(Code::BadRequest).because(error))?;
    let own = own(signed_in).await?;
    Ok(own.into_iter().find(|address| address.email == email))
}

fn entry(address: &Address) -> AddressEntry {
    AddressEntry {
        email: address.email.as_str().to_owned(),
        primary: address.primary,
        verified: address.verified,
        added_at: address.added_at.0,
    }
}

/// The list again, saying that what was asked for cannot be.
async fn refused(signed_in: &SignedIn, why: AddressesNotice) -> Result<Response, Failure> {
    let page = AddressesPage {
        notice: Some(why),
        ..AddressesPage::default()
    };
    // RFC 9110 §15.5.10
    list(signed_in, StatusCode::CONFLICT, page).await
}

impl Done {
    const ALL: [Self; 4] = [Self::Confirmed, Self::Removed, Self::Primary, Self::Nothing];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Removed => "removed",
            Self::Primary => "primary",
            Self::Nothing => "nothing",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.as_str() == text)
    }

    fn notice(self) -> AddressesNotice {
        match self {
            Self::Confirmed => AddressesNotice::Confirmed,
            Self::Removed => AddressesNotice::Removed,
            Self::Primary => AddressesNotice::Primary,
            Self::Nothing => AddressesNotice::Nothing,
        }
    }

    fn answer(self) -> Response {
        Redirect::to(&format!("{PATH}?done={}", self.as_str())).into_response()
    }
}
