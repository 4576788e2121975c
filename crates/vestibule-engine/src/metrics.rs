//! What the engine counts for whoever watches it.
//!
//! Every counter is made at the start and held: counting is one atomic addition, without a look-up or a lock. Labels are
//! enums and nothing else, so that no address, id or other word of a visitor ever becomes one (ASVS 16.2.5), and the number
//! of series stays what it is at the start, whatever strangers do.
//!
//! Nothing is counted on the way of a check. What is in memory anyhow (live sessions, hashing) is read when it is asked
//! for: [`Engine::measure`].

use std::sync::atomic::{AtomicI64, AtomicU64};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use vestibule_core::audit::Attack;
use vestibule_core::throttle::Scope;

use crate::accounts::password::ChangePasswordError;
use crate::engine::Engine;
use crate::login::credential::NotNow;
use crate::login::password::{SignInError, SignedIn};
use crate::sessions::index::Index;
use crate::sessions::renew::ReauthenticateError;

/// The engine's metrics.
#[derive(Debug)]
pub struct Metrics {
    logins: Counters<LoginOutcome>,
    reauthentications: Counters<LoginOutcome>,
    throttled: Counters<Scope>,
    attacks: Counters<Attack>,
    passwords_disabled: Counter<u64, AtomicU64>,
    mail: Counters<MailOutcome>,
    mail_waiting: Gauge<i64, AtomicI64>,
    registrations: Counters<Step>,
    recoveries: Counters<Step>,
    sessions_ended: Counter<u64, AtomicU64>,
    live_sessions: Gauge<i64, AtomicI64>,
    hashing_memory: Gauge<i64, AtomicI64>,
    hashing_waiting: Gauge<i64, AtomicI64>,
}

/// A set of values that one label can have.
trait Label: Copy + PartialEq + 'static {
    /// The label.
    const NAME: &'static str;
    /// Every value, in the order they are shown.
    const ALL: &'static [Self];
    /// The value, as it is written.
    fn value(self) -> &'static str;
}

macro_rules! label {
    (
        $(#[$about:meta])*
        $name:ident as $label:literal {
            $($(#[$told:meta])* $variant:ident = $value:literal,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$told])* $variant,)+
        }

        impl Label for $name {
            const NAME: &'static str = $label;
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn value(self) -> &'static str {
                match self {
                    $(Self::$variant => $value,)+
                }
            }
        }
    };
}

label! {
    /// How a login or a re-authentication went.
    LoginOutcome as "outcome" {
        /// It holds.
        Succeeded = "succeeded",
        /// The password or the account did not fit, or the session had ended.
        Refused = "refused",
        /// Too many tries: turned away before the password was looked at.
        Throttled = "throttled",
        /// Too many password checks waited.
        Busy = "busy",
        /// The store or the machine's randomness failed.
        Failed = "failed",
    }
}

label! {
    /// What became of a letter.
    MailOutcome as "outcome" {
        /// The mail server took it.
        Sent = "sent",
        /// It did not; there will be another try.
        Deferred = "deferred",
        /// It did not, and there will be none.
        GaveUp = "gave_up",
    }
}

label! {
    /// How far a registration or a recovery came.
    Step as "step" {
        /// Somebody asked for one, with whatever address.
        Asked = "asked",
        /// The mailed link was used and the act is done.
        Finished = "finished",
    }
}

impl Label for Scope {
    const NAME: &'static str = "scope";
    const ALL: &'static [Self] = &Self::ALL;

    fn value(self) -> &'static str {
        self.code()
    }
}

impl Label for Attack {
    const NAME: &'static str = "kind";
    const ALL: &'static [Self] = &Self::ALL;

    fn value(self) -> &'static str {
        self.code()
    }
}

impl Metrics {
    /// Nothing counted yet; the index counts the sessions that end in it.
    pub fn new(index: &Index) -> Self {
        Self {
            logins: Counters::default(),
            reauthentications: Counters::default(),
            throttled: Counters::default(),
            attacks: Counters::default(),
            passwords_disabled: Counter::default(),
            mail: Counters::default(),
            mail_waiting: Gauge::default(),
            registrations: Counters::default(),
            recoveries: Counters::default(),
            sessions_ended: index.ended(),
            live_sessions: Gauge::default(),
            hashing_memory: Gauge::default(),
            hashing_waiting: Gauge::default(),
        }
    }

    /// Enters everything into `registry`, whose encoding is what `/metrics` answers.
    pub fn register(&self, registry: &mut Registry) {
        self.register_logins(registry);
        self.register_mail(registry);
        registry.register(
            "vestibule_sessions_ended",
            "Sessions that left memory, for whatever reason: signed out, ended, replaced, run out",
            self.sessions_ended.clone(),
        );
        registry.register(
            "vestibule_live_sessions",
            "Sessions in memory. One that ended may be among them until it is swept",
            self.live_sessions.clone(),
        );
        registry.register_with_unit(
            "vestibule_hashing_memory",
            "Memory that password hashing holds; at most passwords.threads times passwords.memory",
            Unit::Bytes,
            self.hashing_memory.clone(),
        );
        registry.register(
            "vestibule_hashing_waiting",
            "Password checks that wait for a thread; at passwords.queue the next login is busy",
            self.hashing_waiting.clone(),
        );
    }

    fn register_logins(&self, registry: &mut Registry) {
        registry.register(
            "vestibule_logins",
            "Logins with a password, by how they went",
            self.logins.clone(),
        );
        registry.register(
            "vestibule_reauthentications",
            "Passwords asked for again within a session, to change the password too, by how it went",
            self.reauthentications.clone(),
        );
        registry.register(
            "vestibule_throttled",
            "Tries turned away because there were too many, by what had too many",
            self.throttled.clone(),
        );
        registry.register(
            "vestibule_attacks",
            "Attacks recognised across tries, each counted when it begins",
            self.attacks.clone(),
        );
        registry.register(
            "vestibule_passwords_disabled",
            "Passwords disabled after too many wrong ones in a row",
            self.passwords_disabled.clone(),
        );
    }

    fn register_mail(&self, registry: &mut Registry) {
        registry.register(
            "vestibule_mail",
            "Tries to hand a letter to the mail server, by what became of it",
            self.mail.clone(),
        );
        registry.register(
            "vestibule_mail_waiting",
            "Errands in the outbox: letters and requests not done yet",
            self.mail_waiting.clone(),
        );
        registry.register(
            "vestibule_registrations",
            "Registrations, by how far they came; those asked for include addresses that have an account",
            self.registrations.clone(),
        );
        registry.register(
            "vestibule_recoveries",
            "Recoveries, by how far they came; those asked for include addresses without an account",
            self.recoveries.clone(),
        );
    }

    /// A login with a password.
    pub fn login(&self, outcome: LoginOutcome) {
        self.logins.count(outcome);
    }

    /// A re-authentication.
    pub fn reauthentication(&self, outcome: LoginOutcome) {
        self.reauthentications.count(outcome);
    }

    /// A try was turned away because this had too many.
    pub fn throttled(&self, scope: Scope) {
        self.throttled.count(scope);
    }

    /// An attack was recognised.
    pub fn attack(&self, kind: Attack) {
        self.attacks.count(kind);
    }

    /// A password was disabled after too many wrong ones.
    pub fn password_disabled(&self) {
        self.passwords_disabled.inc();
    }

    /// A letter was handed to the mail server, or not.
    pub fn mail(&self, outcome: MailOutcome) {
        self.mail.count(outcome);
    }

    /// So many errands are in the outbox now.
    pub fn mail_waiting(&self, errands: usize) {
        self.mail_waiting.set(whole(errands));
    }

    /// A registration came so far.
    pub fn registration(&self, step: Step) {
        self.registrations.count(step);
    }

    /// A recovery came so far.
    pub fn recovery(&self, step: Step) {
        self.recoveries.count(step);
    }
}

impl Engine {
    /// Reads what is in memory into its gauges: before each answer to who watches.
    pub fn measure(&self) {
        let metrics = self.metrics();
        metrics.live_sessions.set(whole(self.index().len()));
        metrics.hashing_memory.set(whole(self.hasher().memory()));
        metrics.hashing_waiting.set(whole(self.hasher().waiting()));
    }
}

impl LoginOutcome {
    pub(crate) const fn of_sign_in(result: &Result<SignedIn, SignInError>) -> Self {
        match result {
            Ok(_) => Self::Succeeded,
            Err(SignInError::Refused) => Self::Refused,
            Err(SignInError::Throttled { .. }) => Self::Throttled,
            Err(SignInError::NotNow(cause)) => Self::not_now(cause),
        }
    }

    pub(crate) const fn of_reauthentication<T>(result: &Result<T, ReauthenticateError>) -> Self {
        match result {
            Ok(_) => Self::Succeeded,
            Err(ReauthenticateError::Refused | ReauthenticateError::Ended) => Self::Refused,
            Err(ReauthenticateError::Throttled { .. }) => Self::Throttled,
            Err(ReauthenticateError::NotNow(cause)) => Self::not_now(cause),
        }
    }

    /// What the current password was worth; `None` where it is the new one that was not good enough.
    pub(crate) const fn of_password_change<T>(
        result: &Result<T, ChangePasswordError>,
    ) -> Option<Self> {
        Some(match result {
            Ok(_) => Self::Succeeded,
            Err(ChangePasswordError::Policy(_)) => return None,
            Err(ChangePasswordError::Refused | ChangePasswordError::Ended) => Self::Refused,
            Err(ChangePasswordError::Throttled { .. }) => Self::Throttled,
            Err(ChangePasswordError::NotNow(cause)) => Self::not_now(cause),
        })
    }

    const fn not_now(cause: &NotNow) -> Self {
        match cause {
            NotNow::Busy(_) => Self::Busy,
            NotNow::Store(_) | NotNow::Entropy(_) | NotNow::Breached(_) => Self::Failed,
        }
    }
}

/// One counter for each value of a label.
#[derive(Debug, Clone)]
struct Counters<L>(Vec<(L, Counter<u64, AtomicU64>)>);

impl<L: Label> Default for Counters<L> {
    fn default() -> Self {
        let each = L::ALL.iter().map(|label| (*label, Counter::default()));
        Self(each.collect())
    }
}

impl<L: Label> Counters<L> {
    fn count(&self, label: L) {
        if let Some((_, counter)) = self.0.iter().find(|(each, _)| *each == label) {
            counter.inc();
        }
    }
}

impl<L: Label> EncodeMetric for Counters<L> {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), std::fmt::Error> {
        for (label, counter) in &self.0 {
            counter.encode(encoder.encode_family(&[(L::NAME, label.value())])?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    fn shown(metrics: &Metrics) -> String {
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn every_series_is_there_from_the_start_and_stays_the_only_one() {
        let metrics = Metrics::new(&Index::new());
        let series = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
        let before = shown(&metrics);
        assert!(before.contains("vestibule_logins_total{outcome=\"refused\"} 0\n"));
        metrics.login(LoginOutcome::Refused);
        metrics.login(LoginOutcome::Refused);
        metrics.throttled(Scope::Device);
        let after = shown(&metrics);
        assert!(after.contains("vestibule_logins_total{outcome=\"refused\"} 2\n"));
        assert!(after.contains("vestibule_logins_total{outcome=\"succeeded\"} 0\n"));
        assert!(after.contains("vestibule_throttled_total{scope=\"device\"} 1\n"));
        assert_eq!(series(&before), series(&after));
    }

    #[test]
    fn each_count_lands_in_its_own_series() {
        let metrics = Metrics::new(&Index::new());
        metrics.reauthentication(LoginOutcome::Busy);
        metrics.attack(Attack::Spraying);
        metrics.password_disabled();
        metrics.mail(MailOutcome::GaveUp);
        metrics.mail_waiting(7);
        metrics.registration(Step::Asked);
        metrics.recovery(Step::Finished);
        let text = shown(&metrics);
        let counted: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.ends_with(" 0"))
            .collect();
        assert_eq!(
            counted,
            [
                "vestibule_reauthentications_total{outcome=\"busy\"} 1",
                "vestibule_attacks_total{kind=\"spraying\"} 1",
                "vestibule_passwords_disabled_total 1",
                "vestibule_mail_total{outcome=\"gave_up\"} 1",
                "vestibule_mail_waiting 7",
                "vestibule_registrations_total{step=\"asked\"} 1",
                "vestibule_recoveries_total{step=\"finished\"} 1",
            ]
        );
    }
}
