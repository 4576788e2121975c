//! What the engine counts for whoever watches it.
//!
//! Every counter is made at the start and held: counting is one atomic addition, without a look-up or a lock. Labels are
//! enums and nothing else, so that no address, id or other word of a visitor ever becomes one (ASVS 16.2.5), and the number
//! of series stays what it is at the start, whatever strangers do.
//!
//! A check is counted by its answer, and one in [`TIMED`] of those that pass is timed: that is one atomic addition for most.
//! What is in memory anyhow (live sessions, hashing, the clock) is read when it is asked for: [`Engine::measure`].
//!
//! [`Engine::measure`]: crate::Engine::measure

mod label;
mod measured;
mod outcome;
mod store;
mod timed;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::{Registry, Unit};

use vestibule_core::audit::Attack;
use vestibule_core::throttle::Scope;
use vestibule_store::figures::Stopwatch;

use crate::history::Totals;
use crate::sessions::index::Index;

use self::label::Counters;
use self::measured::Measured;
use self::timed::Timed;

pub use self::label::{CheckAnswer, LoginOutcome, MailOutcome, PageStatus, Step};
pub use self::store::register as register_store;

/// One check in so many is timed.
pub const TIMED: u64 = 64;

/// A check takes a microsecond or two.
const CHECK: [Duration; 10] = [
    Duration::from_nanos(500),
    Duration::from_micros(1),
    Duration::from_micros(2),
    Duration::from_micros(4),
    Duration::from_micros(8),
    Duration::from_micros(16),
    Duration::from_micros(64),
    Duration::from_micros(256),
    Duration::from_millis(1),
    Duration::from_millis(10),
];

/// A page takes a millisecond, or with a password some tens.
const PAGE: [Duration; 11] = [
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// The engine's metrics.
#[derive(Debug)]
pub struct Metrics {
    checks: Counters<CheckAnswer>,
    checks_timed: Timed,
    pages: Counters<PageStatus>,
    pages_timed: Timed,
    logins: Counters<LoginOutcome>,
    reauthentications: Counters<LoginOutcome>,
    throttled: Counters<Scope>,
    attacks: Counters<Attack>,
    passwords_disabled: Counter<u64, AtomicU64>,
    mail: Counters<MailOutcome>,
    registrations: Counters<Step>,
    recoveries: Counters<Step>,
    sessions_ended: Counter<u64, AtomicU64>,
    measured: Measured,
}

impl Metrics {
    /// Nothing counted yet; the index counts the sessions that end in it.
    pub fn new(index: &Index) -> Self {
        Self {
            checks: Counters::default(),
            checks_timed: Timed::new(&CHECK),
            pages: Counters::default(),
            pages_timed: Timed::new(&PAGE),
            logins: Counters::default(),
            reauthentications: Counters::default(),
            throttled: Counters::default(),
            attacks: Counters::default(),
            passwords_disabled: Counter::default(),
            mail: Counters::default(),
            registrations: Counters::default(),
            recoveries: Counters::default(),
            sessions_ended: index.ended(),
            measured: Measured::default(),
        }
    }

    /// Enters everything into `registry`, whose encoding is what `/metrics` answers.
    pub fn register(&self, registry: &mut Registry) {
        self.register_answers(registry);
        self.register_logins(registry);
        self.register_mail(registry);
        registry.register(
            "vestibule_sessions_ended",
            "Sessions that left memory, for whatever reason: signed out, ended, replaced, run out",
            self.sessions_ended.clone(),
        );
        self.measured.register(registry);
    }

    fn register_answers(&self, registry: &mut Registry) {
        registry.register(
            "vestibule_checks",
            "Requests that a proxy asked about, by what it was told",
            self.checks.clone(),
        );
        registry.register_with_unit(
            "vestibule_check",
            "How long a check took; about one in 64 is timed",
            Unit::Seconds,
            self.checks_timed.clone(),
        );
        registry.register(
            "vestibule_pages",
            "Pages and forms answered, by the kind of status",
            self.pages.clone(),
        );
        registry.register_with_unit(
            "vestibule_page",
            "How long a page or form took, password hashing and the store included",
            Unit::Seconds,
            self.pages_timed.clone(),
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

    /// A check begins: whether it is one of those that are timed.
    pub fn begin_check(&self) -> Option<Stopwatch> {
        self.checks
            .first()
            .is_multiple_of(TIMED)
            .then(Stopwatch::start)
    }

    /// A check was answered.
    pub fn check(&self, begun: Option<Stopwatch>, answer: CheckAnswer) {
        self.checks.count(answer);
        if let Some(begun) = begun {
            self.checks_timed.count(begun.elapsed());
        }
    }

    /// A page or form was answered.
    pub fn page(&self, begun: Stopwatch, status: PageStatus) {
        self.pages.count(status);
        self.pages_timed.count(begun.elapsed());
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

    /// What the history of the last day is made of.
    pub(crate) fn totals(&self) -> Totals {
        let refused = self.logins.counted(LoginOutcome::Refused);
        Totals {
            logins: self.logins.counted(LoginOutcome::Succeeded),
            refusals: refused.saturating_add(self.logins.counted(LoginOutcome::Throttled)),
            ends: self.sessions_ended.get(),
        }
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
        metrics.check(None, CheckAnswer::ForeignOrigin);
        metrics.reauthentication(LoginOutcome::Busy);
        metrics.attack(Attack::Spraying);
        metrics.password_disabled();
        metrics.mail(MailOutcome::GaveUp);
        metrics.mail_waiting(7, Duration::ZERO);
        metrics.registration(Step::Asked);
        metrics.recovery(Step::Finished);
        let text = shown(&metrics);
        let counted: Vec<&str> = text
            .lines()
            .filter(|line| {
                !line.starts_with('#') && !line.ends_with(" 0") && !line.ends_with(" 0.0")
            })
            .collect();
        assert_eq!(
            counted,
            [
                "vestibule_checks_total{answer=\"foreign_origin\"} 1",
                "vestibule_reauthentications_total{outcome=\"busy\"} 1",
                "vestibule_attacks_total{kind=\"spraying\"} 1",
                "vestibule_passwords_disabled_total 1",
                "vestibule_mail_total{outcome=\"gave_up\"} 1",
                "vestibule_registrations_total{step=\"asked\"} 1",
                "vestibule_recoveries_total{step=\"finished\"} 1",
                "vestibule_mail_waiting 7",
            ]
        );
    }
}
