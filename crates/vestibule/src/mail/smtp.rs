//! Through a mail server (RFC 5321), step by step, so that each refusal is told from the others: what the server has
//! against this recipient or message ends it, everything else is for the operator to mend and is tried again.
//!
//! ```text
//! connect ── TLS ── login ── MAIL FROM ── RCPT TO ── DATA ──▶ taken
//!    └────────┴───────┴─────────┴──▶ Later    └─────────┴──▶ 5xx: Never, else Later
//! ```

mod bytewise;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsVersion,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::{Error, response::Severity};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use vestibule_core::letter::Letter;
use vestibule_engine::{Clock as _, Entropy as _, MailError, Mailer};
use vestibule_store::BoxFuture;

use self::bytewise::Bytewise;
use super::message::{Stationery, mailbox};
use super::reply::told;
use super::{Desk, MailSettingError};
use crate::os::{SystemClock, SystemEntropy};
use crate::private::{self, Purpose};
use crate::regular;
use crate::settings::{self, MailServer, Protection, Secret};

/// For the connection.
const CONNECT: Duration = Duration::from_secs(10);
/// For the whole dialogue: less than the engine's minute, so that the reason is known.
const WHOLE: Duration = Duration::from_secs(55);
/// For a good-bye that changes nothing any more.
const GOOD_BYE: Duration = Duration::from_secs(2);

/// Longer than a system's whole bundle of authorities.
const AUTHORITIES: u64 = 4 * 1024 * 1024;
const PASSWORD: Purpose = Purpose {
    what: "the mail server's password",
    setting: "mail.password_file",
};

/// Carries letters to one server.
pub struct SmtpMailer {
    desk: Desk,
    stationery: Stationery,
    server: MailServer,
    protection: Protection,
    tls: TlsParameters,
    hello: ClientId,
    credentials: Option<Credentials>,
    entropy: SystemEntropy,
}

/// Why a letter was not taken, with what to change.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("mail.server {server} cannot be reached: {why}")]
    Connect { server: String, why: String },
    #[error(
        "mail.server {server} does not prove who it is ({why}): its certificate must be for the host that mail.server \
         names, and its authority trusted by this machine or named in mail.authority_file"
    )]
    Certificate { server: String, why: String },
    #[error(
        "mail.server {server} offers no STARTTLS, and nothing is sent without: use smtps://, or another port"
    )]
    NoStarttls { server: String },
    #[error("mail.server {server} does not take the login of mail.username: {why}")]
    Login { server: String, why: String },
    #[error(
        "mail.server {server} takes no mail without a login: set mail.username and mail.password_file ({why})"
    )]
    LoginWanted { server: String, why: String },
    #[error(
        "mail.server {server} takes mail over TLS alone: say smtps:// in mail.server, or name its authority in \
         mail.authority_file ({why})"
    )]
    TlsWanted { server: String, why: String },
    #[error("mail.server {server} takes no mail from mail.from: {why}")]
    Sender { server: String, why: String },
    #[error("mail.server {server} does not take this recipient: {why}")]
    Recipient { server: String, why: String },
    #[error("mail.server {server} does not take this message: {why}")]
    Content { server: String, why: String },
    #[error("mail.server {server} cannot deliver to an address outside ASCII (it lacks SMTPUTF8)")]
    NoUtf8 { server: String },
    #[error("mail.server {server} did not answer within {} s", WHOLE.as_secs())]
    Silent { server: String },
    #[error("the address is none that a mail can go to")]
    Address,
    #[error("the message cannot be written: {0}")]
    Message(lettre::error::Error),
    #[error(transparent)]
    Entropy(vestibule_engine::EntropyError),
}

/// A step of the dialogue that failed: whether for good, and why.
struct Failed {
    refusal: Refusal,
    for_good: bool,
}

impl Failed {
    const fn later(refusal: Refusal) -> Self {
        Self {
            refusal,
            for_good: false,
        }
    }

    const fn never(refusal: Refusal) -> Self {
        Self {
            refusal,
            for_good: true,
        }
    }
}

impl From<Failed> for MailError {
    fn from(failed: Failed) -> Self {
        let cause = Box::new(failed.refusal);
        if failed.for_good {
            Self::Never(cause)
        } else {
            Self::Later(cause)
        }
    }
}

impl Mailer for SmtpMailer {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(async move {
            let written = self.desk.write(letter)?;
            let to = mailbox(None, letter.to.as_str())
                .map_err(|_| Failed::never(Refusal::Address))?
                .email;
            let mut id = [0; 16];
            let random = self.entropy.fill(&mut id);
            random.map_err(|error| Failed::later(Refusal::Entropy(error)))?;
            let message = self
                .stationery
                .compose(written, to.clone(), id, SystemClock.wall())
                .map_err(|error| Failed::later(Refusal::Message(error)))?;
            let handed = timeout(WHOLE, self.hand_over(to, &message.formatted())).await;
            let mut connection = handed.unwrap_or_else(|_| {
                let server = self.name();
                Err(Failed::later(Refusal::Silent { server }))
            })?;
            // It is taken: what the server makes of the good-bye changes nothing.
            let _ = timeout(GOOD_BYE, connection.quit()).await;
            Ok(())
        })
    }
}

impl SmtpMailer {
    /// As the settings have it. Reads the password and the authorities.
    pub fn new(
        mail: &settings::Mail,
        server: &MailServer,
        desk: Desk,
        stationery: Stationery,
    ) -> Result<Self, MailSettingError> {
        Ok(Self {
            tls: tls(mail, server)?,
            credentials: credentials(mail)?,
            hello: hello(stationery.host()),
            protection: mail.protection(server),
            server: server.clone(),
            desk,
            stationery,
            entropy: SystemEntropy::new(),
        })
    }

    fn name(&self) -> String {
        self.server.to_string()
    }

    /// The dialogue up to the login, and good-bye; in one sentence why it does not come so far.
    pub async fn try_out(&self) -> Result<(), String> {
        let tried = timeout(WHOLE, async {
            let mut connection = self.connect().await?;
            self.log_in(&mut connection).await?;
            Ok::<_, Failed>(connection)
        });
        let tried = tried.await.unwrap_or_else(|_| {
            let server = self.name();
            Err(Failed::later(Refusal::Silent { server }))
        });
        let mut connection = tried.map_err(|failed| failed.refusal.to_string())?;
        // What the server makes of the good-bye changes nothing.
        let _ = timeout(GOOD_BYE, connection.quit()).await;
        Ok(())
    }

    /// The whole dialogue; answers the connection to say good-bye on.
    async fn hand_over(&self, to: Address, message: &[u8]) -> Result<AsyncSmtpConnection, Failed> {
        let mut connection = self.connect().await?;
        self.log_in(&mut connection).await?;

        let parameters = self.parameters(&connection, &to, message)?;
        let from = Mail::new(Some(self.stationery.from().clone()), parameters);
        if let Err(error) = connection.command(from).await {
            // Whatever it is, it is not this letter's fault.
            return Err(Failed::later(self.asks_for(&error).unwrap_or_else(|| {
                let (server, why) = self.server_and(&error);
                Refusal::Sender { server, why }
            })));
        }
        if let Err(error) = connection.command(Rcpt::new(to, Vec::new())).await {
            return Err(self.refused(&error, |server, why| Refusal::Recipient { server, why }));
        }
        let content =
            |error: &Error| self.refused(error, |server, why| Refusal::Content { server, why });
        connection.command(Data).await.map_err(|e| content(&e))?;
        connection.message(message).await.map_err(|e| content(&e))?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failed> {
        let hello = &self.hello;
        let failed = |error: Error| Failed::later(self.unreachable(&error));
        if self.protection != Protection::Starttls {
            let addresses = self.addresses().await?;
            let tls = (self.protection == Protection::Tls).then(|| self.tls.clone());
            let dialled = AsyncSmtpConnection::connect_tokio1(
                addresses.as_slice(),
                Some(CONNECT),
                hello,
                tls,
                None,
            );
            return dialled.await.map_err(failed);
        }
        let stream = Box::new(Bytewise(self.dial().await?));
        let greeted = AsyncSmtpConnection::connect_with_transport(stream, hello).await;
        let mut connection = greeted.map_err(failed)?;
        // ASVS 12.3.1: a server (or who stands before it) that offers none gets nothing.
        if !connection.can_starttls() {
            let server = self.name();
            return Err(Failed::later(Refusal::NoStarttls { server }));
        }
        let upgraded = connection.starttls(self.tls.clone(), hello).await;
        upgraded.map_err(failed)?;
        Ok(connection)
    }

    async fn dial(&self) -> Result<TcpStream, Failed> {
        let addresses = self.addresses().await?;
        let dialled = timeout(CONNECT, TcpStream::connect(addresses.as_slice())).await;
        let dialled = dialled.unwrap_or_else(|elapsed| Err(io::Error::other(elapsed)));
        dialled.map_err(|error| self.not_reached(&error.to_string()))
    }

    /// What the host's name stands for, as far as it may be connected to.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, Failed> {
        let named = (self.server.host.as_str(), self.server.port);
        let found = timeout(CONNECT, lookup_host(named)).await;
        let found = found.unwrap_or_else(|elapsed| Err(io::Error::other(elapsed)));
        let found = found.map_err(|error| self.not_reached(&error.to_string()))?;
        let fit = reachable(self.protection, found);
        if fit.is_empty() {
            return Err(self.not_reached("its name stands for no address on this machine"));
        }
        Ok(fit)
    }

    fn not_reached(&self, why: &str) -> Failed {
        let (server, why) = (self.name(), why.to_owned());
        Failed::later(Refusal::Connect { server, why })
    }

    /// Over TLS, or to this machine: `connect` leaves nothing else.
    async fn log_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Failed> {
        let Some(credentials) = &self.credentials else {
            return Ok(());
        };
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        match connection.auth(&mechanisms, credentials).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let (server, why) = self.server_and(&error);
                Err(Failed::later(Refusal::Login { server, why }))
            }
        }
    }

    fn parameters(
        &self,
        connection: &AsyncSmtpConnection,
        to: &Address,
        message: &[u8],
    ) -> Result<Vec<MailParameter>, Failed> {
        let offered = connection.server_info();
        let mut parameters = Vec::new();
        let ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if !ascii(to) || !ascii(self.stationery.from()) {
            // RFC 6531 §3.4
            if !offered.supports_feature(Extension::SmtpUtfEight) {
                let server = self.name();
                return Err(Failed::never(Refusal::NoUtf8 { server }));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !message.is_ascii() && offered.supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }

    fn unreachable(&self, error: &Error) -> Refusal {
        let (server, why) = self.server_and(error);
        if why.contains("certificate") {
            return Refusal::Certificate { server, why };
        }
        self.asks_for(error)
            .unwrap_or(Refusal::Connect { server, why })
    }

    /// A reply to the recipient or the message.
    fn refused(&self, error: &Error, refusal: fn(String, String) -> Refusal) -> Failed {
        if let Some(wanted) = self.asks_for(error) {
            return Failed::later(wanted);
        }
        let (server, why) = self.server_and(error);
        let for_good = error.is_permanent();
        Failed {
            refusal: refusal(server, why),
            for_good,
        }
    }

    /// RFC 4954 §6, RFC 3207 §4: 530 asks for a login or for TLS, at whichever command.
    fn asks_for(&self, error: &Error) -> Option<Refusal> {
        let code = error.status()?;
        let is_530 =
            code.severity == Severity::PermanentNegativeCompletion && code.to_string() == "530";
        if !is_530 {
            return None;
        }
        let (server, why) = self.server_and(error);
        Some(
            if self.protection == Protection::Loopback && why.to_uppercase().contains("TLS") {
                Refusal::TlsWanted { server, why }
            } else {
                Refusal::LoginWanted { server, why }
            },
        )
    }

    fn server_and(&self, error: &Error) -> (String, String) {
        (self.name(), told(error))
    }
}

/// ASVS 12.3.1: what is in the clear stays on this machine, whatever its name resolves to.
fn reachable(
    protection: Protection,
    addresses: impl Iterator<Item = SocketAddr>,
) -> Vec<SocketAddr> {
    addresses
        .filter(|address| protection != Protection::Loopback || address.ip().is_loopback())
        .collect()
}

/// ASVS 12.1.1, 12.3.2: TLS 1.2 or 1.3, with a chain to a trusted authority, for this host.
fn tls(mail: &settings::Mail, server: &MailServer) -> Result<TlsParameters, MailSettingError> {
    let mut builder =
        TlsParameters::builder(server.host.clone()).set_min_tls_version(TlsVersion::Tlsv12);
    if let Some(path) = &mail.authority_file {
        let wrong = |what: String| MailSettingError::Authority {
            path: path.display().to_string(),
            what,
        };
        let pem = regular::read(path, AUTHORITIES)
            .map_err(|error| wrong(format!("cannot be read ({error})")))?;
        let authorities =
            Certificate::from_pem(&pem).map_err(|_| wrong("holds something else".to_owned()))?;
        if !pem.windows(PEM.len()).any(|window| window == PEM) {
            return Err(wrong("holds no certificate".to_owned()));
        }
        builder = builder.add_root_certificate(authorities);
    }
    builder.build().map_err(MailSettingError::Tls)
}

/// What is wrong with the files that are read to speak to `server`.
pub fn faults(mail: &settings::Mail, server: &MailServer) -> Vec<MailSettingError> {
    let authorities = tls(mail, server).err();
    let password = credentials(mail).err();
    authorities.into_iter().chain(password).collect()
}

const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn credentials(mail: &settings::Mail) -> Result<Option<Credentials>, MailSettingError> {
    let Some(name) = &mail.username else {
        return Ok(None);
    };
    let password = match (&mail.password, &mail.password_file) {
        (Some(password), _) => Secret::expose(password).to_owned(),
        (None, Some(path)) => private::line(PASSWORD, path)?.to_string(),
        // The settings' rules do not let it come to this.
        (None, None) => return Ok(None),
    };
    Ok(Some(Credentials::new(name.clone(), password)))
}

/// RFC 5321 §4.1.1.1: a domain, or an address. `localhost` is none that tells anybody anything.
fn hello(host: &str) -> ClientId {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) if host == "localhost" => ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST),
        Err(_) => ClientId::Domain(host.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: ASVS 12.3.1
    #[test]
    fn asvs_12_3_1_in_the_clear_only_to_addresses_of_this_machine() {
        let found = [
            "192.0.2.1:25",
            "127.0.0.1:25",
            "[2001:db8::1]:25",
            "[::1]:25",
        ]
        .map(|address| address.parse::<SocketAddr>().unwrap());
        let fit = reachable(Protection::Loopback, found.into_iter());
        assert_eq!(fit, [found[1], found[3]]);
        let fit = reachable(Protection::Starttls, found.into_iter());
        assert_eq!(fit, found);
    }
}
