//! `/account`: every place the person is signed in.

use std::borrow::Cow;

use vestibule_core::place::Place;

use super::{
    Frame,
    dates::{self, When},
    page, places,
};
use crate::texts::{Msg, Tongue, msg};

/// A device used within this time counts as in use now.
const ACTIVE_NOW: i64 = 5 * 60 * 1000;

/// The list of devices.
#[derive(Clone, Debug, Default)]
pub struct DevicesPage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// In the order to show; the one that asks should come first.
    pub devices: Vec<Device>,
    /// What was just done.
    pub notice: Option<DevicesNotice>,
}

/// One live session, which people call a device.
#[derive(Clone, Debug)]
pub struct Device {
    /// What the form sends as `device`; the session's public id.
    pub id: String,
    /// What to call it.
    pub name: DeviceName,
    /// For the picture.
    pub kind: DeviceKind,
    /// The session that asks.
    pub current: bool,
    /// When the session began.
    pub signed_in_at: i64,
    /// When it was last used.
    pub active_at: i64,
    /// When it ends if nobody uses it: the earlier of the idle and the absolute limit.
    pub ends_at: i64,
    /// 'Keep me signed in' was ticked.
    pub remembered: bool,
    /// How the person proved who they are.
    pub proven: Vec<Proof>,
    /// The network address, if known.
    pub address: Option<String>,
    /// Where that is, as exactly as it is known.
    pub place: Place,
    /// What people call the applications that are signed in to through it, each once.
    pub applications: Vec<String>,
}

/// What a device is called. The words around browser and system are translated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceName {
    /// `Firefox`
    pub browser: Option<String>,
    /// `Linux`
    pub system: Option<String>,
}

/// The picture of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceKind {
    /// A computer.
    Desktop,
    /// A phone.
    Phone,
    /// A tablet.
    Tablet,
    /// Anything else.
    #[default]
    Other,
}

/// How a person proved who they are (`amr`, RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// `pwd`
    Password,
}

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DevicesNotice {
    /// This many devices were signed out.
    Ended {
        /// How many; 0 if what was asked for had ended before.
        count: usize,
    },
}

/// A device in words.
struct Row<'a> {
    id: &'a str,
    name: Cow<'a, str>,
    icon: &'static str,
    current: bool,
    signed_in: When<'a>,
    active: Option<When<'a>>,
    ends: When<'a>,
    proven: String,
    remembered: bool,
    address: Option<&'a str>,
    place: Option<Cow<'a, str>>,
    applications: Option<Cow<'a, str>>,
    end_label: Cow<'a, str>,
}

page!(DevicesPage, "devices.html");

impl DevicesPage {
    fn rows<'a>(&'a self, frame: &Frame<'a>) -> Vec<Row<'a>> {
        self.devices
            .iter()
            .map(|device| device.row(frame.tongue, frame.now))
            .collect()
    }

    fn others(&self) -> usize {
        self.devices.iter().filter(|device| !device.current).count()
    }

    fn end_others_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame
            .tongue
            .text_with("devices-end-others", &[("count", self.others().into())])
    }

    fn notice_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        let DevicesNotice::Ended { count } = self.notice?;
        Some(
            frame
                .tongue
                .text_with("devices-ended", &[("count", count.into())]),
        )
    }
}

impl Device {
    fn row<'a>(&'a self, tongue: Tongue<'a>, now: i64) -> Row<'a> {
        let name = self.name.text(tongue);
        let proven: Vec<_> = self
            .proven
            .iter()
            .map(|proof| tongue.text(proof.message()))
            .collect();
        Row {
            id: &self.id,
            icon: self.kind.icon(),
            current: self.current,
            signed_in: dates::day(tongue, "devices-signed-in", self.signed_in_at, now),
            active: (now.saturating_sub(self.active_at) > ACTIVE_NOW && !self.current)
                .then(|| dates::ago(tongue, "devices-active", self.active_at, now)),
            ends: dates::until(tongue, "devices-ends", self.ends_at, now),
            proven: proven.join(", "),
            remembered: self.remembered,
            address: self.address.as_deref(),
            place: places::words(tongue, &self.place),
            applications: (!self.applications.is_empty()).then(|| {
                let list = self.applications.join(", ");
                tongue.text_with("devices-applications", &[("list", list.into())])
            }),
            end_label: tongue.text_with(
                "devices-end-label",
                &[("device", name.clone().into_owned().into())],
            ),
            name,
        }
    }
}

impl DeviceName {
    /// In words.
    pub(crate) fn text<'a>(&self, tongue: Tongue<'a>) -> Cow<'a, str> {
        match (&self.browser, &self.system) {
            (Some(browser), Some(system)) => tongue.text_with(
                "device-name",
                &[
                    ("browser", browser.as_str().into()),
                    ("system", system.as_str().into()),
                ],
            ),
            (Some(name), None) | (None, Some(name)) => Cow::Owned(name.clone()),
            (None, None) => tongue.text("device-unknown"),
        }
    }
}

impl DeviceKind {
    /// The id of its symbol on the page.
    fn icon(self) -> &'static str {
        match self {
            Self::Desktop => "icon-desktop",
            Self::Phone => "icon-phone",
            Self::Tablet => "icon-tablet",
            Self::Other => "icon-other",
        }
    }
}

impl Proof {
    fn message(self) -> Msg {
        match self {
            Self::Password => msg("proof-password"),
        }
    }
}
