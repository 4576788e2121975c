//! The hint at a new password's strength, in a real browser.

use vestibule_e2e::browser;

/// Holds: ASVS 6.2.6, ASVS 6.2.7, N22, N23, N28, N29
#[test]
fn the_strength_of_a_password_is_told_while_it_is_typed_and_nothing_is_sent() -> anyhow::Result<()>
{
    browser::run("strength.mjs", &[])?;
    Ok(())
}
