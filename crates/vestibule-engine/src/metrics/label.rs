//! The labels, their values, and a counter for each.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;

use vestibule_core::audit::Attack;
use vestibule_core::throttle::Scope;
use vestibule_store::figures::Failing;

/// A set of values that one label can have.
pub(super) trait Label: Copy + PartialEq + 'static {
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

label! {
    /// What a proxy was told of a request.
    CheckAnswer as "answer" {
        /// It may pass.
        Passed = "passed",
        /// Nobody is signed in.
        NoSession = "no_session",
        /// A token was presented that is not good.
        InvalidToken = "invalid_token",
        /// The user lacks the role.
        Role = "role",
        /// The credential lacks the scope.
        Scope = "scope",
        /// The login is not sure enough.
        Acr = "acr",
        /// Another site's page made the browser send it.
        ForeignOrigin = "foreign_origin",
        /// The proxy, or a setting of it, is not as it should be: nobody's request could pass.
        Misasked = "misasked",
        /// What it takes to answer is not there just now.
        NotReady = "not_ready",
        /// A fault of ours.
        Failed = "failed",
    }
}

label! {
    /// The kind of a page's status.
    PageStatus as "status" {
        /// A page.
        Answered = "2xx",
        /// On to another one.
        Redirected = "3xx",
        /// The request could not be carried out as it was.
        Refused = "4xx",
        /// It could have been, but for the server.
        Failed = "5xx",
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

impl Label for Failing {
    const NAME: &'static str = "kind";
    const ALL: &'static [Self] = &Self::ALL;

    fn value(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::Failed => "failed",
        }
    }
}

/// One counter for each value of a label.
#[derive(Debug, Clone)]
pub(super) struct Counters<L>(Vec<(L, Counter<u64, AtomicU64>)>);

impl<L: Label> Default for Counters<L> {
    fn default() -> Self {
        let each = L::ALL.iter().map(|label| (*label, Counter::default()));
        Self(each.collect())
    }
}

impl<L: Label> Counters<L> {
    pub(super) fn count(&self, label: L) {
        if let Some((_, counter)) = self.0.iter().find(|(each, _)| *each == label) {
            counter.inc();
        }
    }
}

impl<L: Label> Counters<L> {
    /// How many of these were counted.
    pub(super) fn counted(&self, label: L) -> u64 {
        let found = self.0.iter().find(|(each, _)| *each == label);
        found.map_or(0, |(_, counter)| counter.get())
    }
}

impl Counters<CheckAnswer> {
    /// How many of the most frequent were counted: a cheap way to pick one in so many.
    pub(super) fn first(&self) -> u64 {
        self.0.first().map_or(0, |(_, counter)| counter.get())
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
