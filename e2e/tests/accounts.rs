//! Arriving, recovering and leaving, in a real browser and with a real mail server.

use std::sync::Arc;

use vestibule_e2e::browser;
use vestibule_e2e::letterbox::Letterbox;
use vestibule_e2e::server::Launch;
use vestibule_e2e::smtp::Smtp;

/// Holds: ASVS 6.3.8, ASVS 6.3.5, ASVS 6.3.6, ASVS 6.3.7, ASVS 6.4.1, ASVS 7.5.1, ASVS 3.5.3, N62, C13, C23, H01
#[test]
fn a_person_registers_recovers_moves_and_leaves_in_chromium() -> anyhow::Result<()> {
    let smtp = Arc::new(Smtp::start()?);
    let letterbox = Letterbox::start(&smtp)?;
    let (launch, clock) = Launch::new()?
        .environment("VESTIBULE_REGISTRATION__MODE", "open")
        .environment("VESTIBULE_MAIL__SERVER", smtp.url())
        .environment("VESTIBULE_MAIL__FROM", "vestibule@example.test")
        .movable_clock()?;
    let server = launch.start()?;
    browser::run(
        "accounts.mjs",
        &[
            ("ORIGIN", &server.origin()),
            ("LETTERBOX", &format!("http://127.0.0.1:{}", letterbox.port)),
            ("CLOCK", &clock.display().to_string()),
        ],
    )?;
    Ok(())
}
