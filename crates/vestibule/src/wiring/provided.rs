//! What the operator's settings and files provide: the policy, what may not be a password, where logins came from, where
//! letters go.

use std::path::Path;
use std::sync::Arc;

use vestibule_core::password::blocklist::Blocklist;
use vestibule_core::password::{Pepper, Peppers};
use vestibule_engine::{Hasher, HasherSettings, Places, Policy};
use vestibule_http::Issuer;

use super::WireError;
use crate::breached::BreachedFile;
use crate::keys;
use crate::mail::{self, Desk, Post, Reader};
use crate::places::PlacesFile;
use crate::private::{self, PrivateError, Purpose};
use crate::settings::Settings;

const PEPPER: Purpose = Purpose {
    what: "the pepper",
    setting: "passwords.pepper_file",
};
const OLDER_PEPPER: Purpose = Purpose {
    what: "an older pepper",
    setting: "passwords.older_pepper_files",
};

/// Everything that is made of settings and the files they name.
pub struct Provided {
    /// Hashes passwords.
    pub hasher: Hasher,
    /// What may not be one.
    pub blocklist: Arc<Blocklist>,
    /// Lifetimes, limits, registration.
    pub policy: Policy,
    /// Networks and where they are, if the operator has a list.
    pub places: Option<Arc<dyn Places>>,
    /// Where letters go.
    pub post: Post,
}

impl Provided {
    /// Reads what the settings name, for a server known as `issuer`.
    pub fn read(settings: &Settings, issuer: &Issuer, reader: Reader) -> Result<Self, WireError> {
        let places = settings.places_file.as_deref().map(PlacesFile::open);
        let places = places
            .transpose()?
            .map(|places| Arc::new(places) as Arc<dyn Places>);
        let desk = Desk::new(settings, issuer, places.clone());
        Ok(Self {
            hasher: hasher(settings)?,
            blocklist: Arc::new(Blocklist::new(site_words(settings, issuer))),
            policy: policy(settings),
            places,
            post: mail::post(settings, desk, reader)?,
        })
    }
}

/// What is wrong with the files that `settings` name: everything that a start would refuse, not just the first.
pub fn faults(settings: &Settings, issuer: &Issuer) -> Vec<WireError> {
    let mut faults: Vec<WireError> = Vec::new();
    let places = settings.places_file.as_deref().map(PlacesFile::open);
    faults.extend(places.and_then(Result::err).map(WireError::from));
    let breached = settings.breached_file.as_deref().map(BreachedFile::open);
    faults.extend(breached.and_then(Result::err).map(WireError::from));
    let pepper = settings.pepper_file.iter().map(|path| (PEPPER, path));
    let older = settings.older_pepper_files.iter();
    let older = older.map(|path| (OLDER_PEPPER, path));
    let peppers = pepper.chain(older);
    faults.extend(peppers.filter_map(|(of, path)| Some(private::key(of, path).err()?.into())));
    let master = settings.master_key_file.as_deref().map(keys::check);
    faults.extend(master.and_then(Result::err).map(WireError::from));
    faults.extend(
        mail::faults(settings, issuer)
            .into_iter()
            .map(WireError::from),
    );
    faults
}

fn hasher(settings: &Settings) -> Result<Hasher, WireError> {
    let peppers = peppers(settings)?;
    let breached = settings.breached_file.as_deref().map(BreachedFile::open);
    let breached = breached.transpose()?;
    let hasher = Hasher::start(HasherSettings {
        threads: settings.threads,
        queue: settings.queue,
        cost: settings.cost,
    })
    .with_peppers(peppers);
    Ok(match breached {
        Some(list) => hasher.with_breached(Arc::new(list)),
        None => hasher,
    })
}

/// N31: random, and kept apart from the hashes.
fn peppers(settings: &Settings) -> Result<Peppers, PrivateError> {
    let read = |of: Purpose, path: &Path| private::key(of, path).map(Pepper::new);
    let current = settings.pepper_file.as_deref();
    let older = settings.older_pepper_files.iter();
    Ok(Peppers {
        current: current.map(|path| read(PEPPER, path)).transpose()?,
        older: older
            .map(|path| read(OLDER_PEPPER, path))
            .collect::<Result<_, _>>()?,
    })
}

/// ASVS 6.1.2: the brand, the labels of the issuer's host, and what the operator names. 'vestibule' is known anyhow.
fn site_words(settings: &Settings, issuer: &Issuer) -> Vec<String> {
    let labels = issuer.name().split('.').map(ToOwned::to_owned);
    let mut words: Vec<String> = labels.collect();
    words.push(issuer.name().to_owned());
    words.push(settings.brand.clone());
    words.extend(settings.site_words.iter().cloned());
    words
}

/// What the operator decided, as the engine takes it.
pub fn policy(settings: &Settings) -> Policy {
    Policy {
        lifetime: settings.lifetime,
        remembered: settings.remembered,
        fresh: settings.fresh,
        limits: settings.limits,
        registration: settings.registration.clone(),
        ..Policy::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: ASVS 6.1.2
    #[test]
    fn asvs_6_1_2_the_sites_own_words_are_known() {
        let settings = Settings {
            brand: "Acme Accounts".to_owned(),
            site_words: vec!["roadrunner".to_owned()],
            ..Settings::default()
        };
        let issuer = Issuer::parse("https://login.acme-corporation.test").unwrap();
        let words = site_words(&settings, &issuer);
        for word in [
            "Acme Accounts",
            "roadrunner",
            "acme-corporation",
            "login.acme-corporation.test",
        ] {
            assert!(words.iter().any(|known| known == word), "{word}: {words:?}");
        }
    }
}
