//! The pre-session: what a form is bound to while nobody is signed in (ASVS 3.5.1, H03).

use axum::response::Response;
use http::{StatusCode, header};
use vestibule_core::csrf::Binding;

use crate::browser::caller::Caller;
use crate::browser::cookies::{self, FormCookie};
use crate::errors::Failure;
use crate::views::Page;

/// A page with a form, whose token `page` puts in, and the pre-session that it is bound to.
pub fn page<P: Page>(
    caller: &Caller,
    status: StatusCode,
    page: impl FnOnce(String) -> P,
) -> Result<Response, Failure> {
    let pre_session = PreSession::of(caller)?;
    let csrf = caller.token(Binding::Form(pre_session.form.as_bytes()))?;
    let response = caller.page(status, &page(csrf))?;
    Ok(pre_session.keep(caller, response))
}

/// The browser's own, or a new one that the answer sets.
struct PreSession {
    form: FormCookie,
    new: bool,
}

impl PreSession {
    /// Keeps the one there is, so that two tabs do not spoil each other's forms.
    fn of(caller: &Caller) -> Result<Self, Failure> {
        if let Some(form) = caller.form {
            return Ok(Self { form, new: false });
        }
        let bytes = caller
            .context
            .engine
            .random()
            .map_err(Failure::no_entropy)?;
        Ok(Self {
            form: FormCookie::new(bytes),
            new: true,
        })
    }

    /// Sets the cookie where it is new.
    fn keep(&self, caller: &Caller, mut response: Response) -> Response {
        if self.new {
            let set = cookies::set_form(&caller.context.site.issuer, self.form);
            response.headers_mut().append(header::SET_COOKIE, set);
        }
        response
    }
}

/// What a form of this browser must be bound to, if it has a pre-session at all.
pub fn binding(caller: &Caller) -> Option<Binding<'_>> {
    caller
        .form
        .as_ref()
        .map(|form| Binding::Form(form.as_bytes()))
}

/// The pre-session's bytes, which a recovery is bound to (ASVS 6.6.2).
pub fn browser(caller: &Caller) -> Option<[u8; 32]> {
    caller.form.map(|form| *form.as_bytes())
}

/// Puts a new session into the browser, which is a known device from now on, and ends the pre-session: its forms are spent
/// (H03).
pub fn sign_in(
    caller: &Caller,
    signed_in: &vestibule_engine::SignedIn,
    mut response: Response,
) -> Response {
    let issuer = &caller.context.site.issuer;
    let set = cookies::set_session(
        issuer,
        &signed_in.cookie,
        &signed_in.session,
        caller.visit.now,
    );
    response.headers_mut().append(header::SET_COOKIE, set);
    response
        .headers_mut()
        .append(header::SET_COOKIE, cookies::clear_form(issuer));
    response.headers_mut().append(
        header::SET_COOKIE,
        cookies::set_device(issuer, &signed_in.device),
    );
    response
}
