//! `/account/delete`: an account ends by its owner's hand (ASVS 7.4.2).

use axum::response::Response;
use http::{StatusCode, header};
use vestibule_store::DeleteUser;

use crate::browser::caller::SignedIn;
use crate::browser::cookies;
use crate::browser::form::Posted;
use crate::browser::fresh::{self, Act};
use crate::errors::Failure;
use crate::pages::logout;
use crate::views::{DeletePage, DeletedPage, FreshFor};

const PATH: &str = "/account/delete";

/// Says what will happen, in numbers.
pub async fn get(signed_in: SignedIn) -> Result<Response, Failure> {
    let engine = &signed_in.caller.context.engine;
    let addresses = engine.addresses(&signed_in.session).await;
    let page = DeletePage {
        csrf: signed_in.token()?,
        devices: devices(&signed_in).await?,
        addresses: addresses.map_err(Failure::store)?.len(),
        mails: engine.mails(),
        only_administrator: false,
        declared: false,
    };
    signed_in.page(StatusCode::OK, &page)
}

/// Deletes it, and lets this browser forget everything of it. There is nobody to lead on to a page any more, so the answer is
/// the page.
pub async fn post(signed_in: SignedIn, posted: Posted) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let form = signed_in.check(posted)?;
    let act = Act {
        action: PATH.into(),
        fields: Vec::new(),
        cancel: "/account/profile".into(),
        purpose: FreshFor::DeleteAccount {
            devices: devices(&signed_in).await?,
        },
    };
    let proven = match fresh::prove(&signed_in, &form, act).await {
        Ok(proven) => proven,
        Err(answer) => return Ok(answer),
    };
    let outcome = caller
        .context
        .engine
        .delete_account(&proven.login, &caller.visit)
        .await;
    let answer = match outcome {
        Ok(DeleteUser::Deleted { ended }) => return gone(&signed_in, ended),
        // An operator was faster.
        Ok(DeleteUser::Unknown) => return gone(&signed_in, 0),
        Ok(DeleteUser::LastAdministrator) => {
            let page = DeletePage {
                only_administrator: true,
                ..DeletePage::default()
            };
            refused(&signed_in, page)
        }
        Ok(DeleteUser::Declared) => {
            let page = DeletePage {
                declared: true,
                ..DeletePage::default()
            };
            refused(&signed_in, page)
        }
        Err(cause) => Err(Failure::not_now(cause).back(PATH)),
    };
    Ok(proven.answer(&signed_in, answer))
}

fn gone(signed_in: &SignedIn, ended: u64) -> Result<Response, Failure> {
    let caller = &signed_in.caller;
    let issuer = &caller.context.site.issuer;
    let mails = caller.context.engine.mails();
    let mut response = caller.page(StatusCode::OK, &DeletedPage { ended, mails })?;
    logout::forget(caller, &mut response);
    for cookie in [cookies::clear_form(issuer), cookies::clear_device(issuer)] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn refused(signed_in: &SignedIn, mut page: DeletePage) -> Result<Response, Failure> {
    page.csrf = signed_in.token()?;
    // RFC 9110 §15.5.10
    signed_in.page(StatusCode::CONFLICT, &page)
}

async fn devices(signed_in: &SignedIn) -> Result<usize, Failure> {
    let caller = &signed_in.caller;
    let devices = caller
        .context
        .engine
        .devices(&signed_in.session, caller.visit.now)
        .await;
    Ok(devices.map_err(Failure::store)?.len())
}
