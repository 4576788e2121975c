//! The sample people. Their passwords are made anew for each demo: there is no default credential.

use anyhow::Result;
use serde_json::json;
use zeroize::Zeroizing;

use vestibule_engine::Entropy;

use crate::client::{Client, Missing};
use crate::os::SystemEntropy;
use crate::settings::Settings;

/// Address, name, whether they administer.
const PEOPLE: [(&str, &str, bool); 3] = [
    ("alice@example.test", "Alice Abel", false),
    ("bob@example.test", "Bob Brandt", false),
    ("grace@example.test", "Grace Gruber", true),
];

/// Consonants and vowels: each pair is one of a hundred.
const CONSONANTS: &[u8; 20] = b"bcdfghjklmnprstvwxyz";
const VOWELS: &[u8; 5] = b"aeiou";
/// A hundred to the twelfth power: 79 bits.
const SYLLABLES: usize = 12;

/// Somebody who can sign in.
pub struct Person {
    /// Address.
    pub email: &'static str,
    /// What people call them.
    pub name: &'static str,
    /// Whether they administer.
    pub is_administrator: bool,
    /// What signs them in.
    pub password: Zeroizing<String>,
}

/// Makes everybody's account, as `vestibule user add` would.
pub async fn move_in(settings: &Settings) -> Result<Vec<Person>> {
    let people = invent(&SystemEntropy::new())?;
    Client::with(settings, Missing::Make, async |client| {
        for person in &people {
            let roles: &[&str] = if person.is_administrator {
                &["admin"]
            } else {
                &[]
            };
            let body = json!({
                "email": person.email, "name": person.name, "roles": roles, "verified": true,
                "password": person.password.as_str(),
            });
            client.post("/api/v1/admin/users", Some(&body)).await?;
        }
        Ok(())
    })
    .await?;
    Ok(people)
}

fn invent(entropy: &dyn Entropy) -> Result<Vec<Person>> {
    let people = PEOPLE.into_iter().map(|(email, name, is_administrator)| {
        Ok(Person {
            email,
            name,
            is_administrator,
            password: password(entropy)?,
        })
    });
    people.collect()
}

/// `bacodu-rimelo-…`: nothing that a dictionary holds, and easy to type from a screen.
fn password(entropy: &dyn Entropy) -> Result<Zeroizing<String>> {
    let mut password = Zeroizing::new(String::with_capacity(3 * SYLLABLES));
    let mut syllables = 0;
    while syllables < SYLLABLES {
        let mut byte = [0];
        entropy.fill(&mut byte)?;
        // Two hundred of the 256, so that each pair is as likely as any other.
        let Some(pair) = (byte[0] < 200).then(|| usize::from(byte[0] % 100)) else {
            continue;
        };
        if syllables > 0 && syllables % 3 == 0 {
            password.push('-');
        }
        password.push(char::from(CONSONANTS[pair / 5]));
        password.push(char::from(VOWELS[pair % 5]));
        syllables += 1;
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_password_is_its_own() {
        let entropy = SystemEntropy::new();
        let (one, other) = (invent(&entropy).unwrap(), invent(&entropy).unwrap());
        let mut all: Vec<&str> = one
            .iter()
            .chain(&other)
            .map(|person| person.password.as_str())
            .collect();
        assert!(all.iter().all(|password| password.len() == 27), "{all:?}");
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2 * PEOPLE.len());
        let administrators = one.iter().filter(|person| person.is_administrator);
        assert_eq!(administrators.count(), 1);
    }
}
