//! A device, as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;
use vestibule_core::device::DeviceLabel;
use vestibule_core::session::{Amr, Device};

/// What a session keeps of the device that it was opened on.
#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
pub struct DeviceBody {
    /// 'Firefox on Linux', as far as it is known.
    name: Option<String>,
    /// From where.
    address: Option<String>,
}

impl From<&Device> for DeviceBody {
    fn from(device: &Device) -> Self {
        Self {
            name: name(device.user_agent.as_deref()),
            address: device.address.map(|address| address.to_string()),
        }
    }
}

fn name(user_agent: Option<&str>) -> Option<String> {
    let label = DeviceLabel::read(user_agent);
    match (label.browser, label.system) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (known, None) | (None, known) => known,
    }
}

/// What proved the login (RFC 8176 §2).
pub fn amr(methods: Amr) -> Vec<&'static str> {
    if methods.has_password() {
        vec!["pwd"]
    } else {
        Vec::new()
    }
}
