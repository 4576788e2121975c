//! Does the mail server take our login? No mail is sent.

use super::Patient;
use super::finding::Finding;
use crate::mail;

const CHECK: &str = "mail";
const WHY: &str =
    "without mail nobody recovers a password, and nobody is told of changes to their account";

/// Connects, greets, goes over to TLS and logs in, as for a letter.
pub async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let settings = patient.settings();
    let Some(server) = &settings.mail.server else {
        return vec![Finding::skipped(CHECK, "mail.server is not set")];
    };
    let change = |text: &str| {
        // What it says names the setting already, where there is one.
        if text.contains("cannot be reached") {
            format!(
                "mail.server (now {server}): the host, and the port that takes mail from programs; open the way \
                 there in the firewall"
            )
        } else if text.contains("login") {
            "mail.username and what mail.password_file holds, as the mail server's operator gave them".to_owned()
        } else if text.contains("does not prove") {
            "mail.server to the name in its certificate, or mail.authority_file to its authority"
                .to_owned()
        } else {
            format!("mail.server (now {server})")
        }
    };
    match mail::try_out(settings, &patient.issuer).await {
        Ok(()) => vec![Finding::good(CHECK, format!("{server} takes our login"))],
        Err(error) => vec![Finding::fault(CHECK, error.clone(), WHY, change(&error))],
    }
}
