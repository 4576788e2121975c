//! What the terminal shows: four lines, where, who, what to try, how to stop.
//!
//! A password goes to a terminal and nowhere else (ASVS 16.2.5): where there is none, the line says where to read it.

use std::io::{self, IsTerminal as _, Write as _};

use super::house::House;

/// Prints them, the one that says it is ready first.
pub fn announce(house: &House, moved: bool) {
    let lines = lines(house, moved, io::stderr().is_terminal());
    // A closed standard error is no reason to stop.
    let _ = io::stderr().lock().write_all(lines.as_bytes());
}

fn lines(house: &House, moved: bool, is_terminal: bool) -> String {
    let places = &house.places;
    let mut lines = Vec::new();
    if moved {
        lines.push(format!(
            "port 8080 is another program's, so Vestibule is at {}",
            places.issuer
        ));
    }
    lines.push(format!(
        "demo at {} (Vestibule at {}, the shop at {})",
        places.demo, places.issuer, places.shop
    ));
    let customer = house.customer();
    lines.push(if is_terminal {
        format!(
            "sign in as {} with the password {}; more people on that page",
            customer.email,
            customer.password.as_str()
        )
    } else {
        format!(
            "sign in as {}; the password is on that page, and more people",
            customer.email
        )
    });
    lines.push(
        "try: order something in the shop, see what went over the wire, sign out everywhere"
            .to_owned(),
    );
    lines.push("stop with Ctrl-C; what it made goes with it".to_owned());
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::house;
    use super::*;

    /// Holds: ASVS 16.2.5
    #[test]
    fn asvs_16_2_5_four_lines_and_the_password_on_a_terminal_alone() {
        let house = house::tests::house();
        let password = house.customer().password.as_str();
        let shown = lines(&house, false, true);
        assert_eq!(shown.lines().count(), 4);
        assert!(shown.starts_with("demo at http://localhost:8081 "));
        assert!(shown.contains(password));
        assert!(!lines(&house, false, false).contains(password));
        let moved = lines(&house, true, true);
        assert!(moved.starts_with("port 8080"));
        assert_eq!(moved.lines().count(), 5);
    }
}
