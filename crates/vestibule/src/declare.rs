//! What the settings declare, made so: at the start, and again when they are read anew.

use std::sync::Arc;

use vestibule_engine::Engine;
use vestibule_store::{Declare, Declared, StoreError};

use crate::settings::InForce;

/// Why what is declared cannot be so. Nothing of it is, then, unless the store cannot tell.
#[derive(Debug, thiserror::Error)]
pub enum DeclareError {
    /// Somebody has it already.
    #[error(
        "[[applications]] {name:?} cannot have {what}: an application that no settings file declares has it; remove that \
         one first (`vestibule app list`, `vestibule app remove NAME`), or declare it as well, with other origins"
    )]
    Taken {
        /// The declared application.
        name: String,
        /// What it cannot have.
        what: String,
    },
    /// There would be nobody left who administers.
    #[error(
        "the settings would leave no administrator who can sign in: let one of [[users]] have roles = [\"admin\"] and not be \
         disabled, or make another administrator first (`vestibule user set-roles EMAIL admin`)"
    )]
    LastAdministrator,
    /// The store failed.
    #[error("what the settings declare could not be stored")]
    Store(#[from] StoreError),
}

impl DeclareError {
    /// Whether it may have been stored all the same.
    pub const fn is_in_doubt(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Unavailable(_) | StoreError::Failed(_))
        )
    }
}

/// Makes everything as the settings declare it, in one transition, and logs what changed.
pub async fn apply(engine: &Arc<Engine>, in_force: &InForce) -> Result<(), DeclareError> {
    let declarations = &in_force.settings.declarations;
    if declarations.is_empty() && in_force.file.is_none() {
        // A start without the file that declared everything is more likely a slip than a wish to lose it all.
        return leave(engine).await;
    }
    match engine.declare(declarations, engine.now()).await? {
        Declare::Declared(declared) => {
            tell(&declared);
            Ok(())
        }
        Declare::Taken(taken) => Err(DeclareError::Taken {
            name: taken.name.to_string(),
            what: taken.authority,
        }),
        Declare::LastAdministrator => Err(DeclareError::LastAdministrator),
    }
}

async fn leave(engine: &Engine) -> Result<(), DeclareError> {
    let applications = engine.applications().await?;
    let declared = applications.iter().filter(|one| one.declared).count();
    if declared > 0 {
        tracing::warn!(
            applications = declared,
            "no settings file was read, and one declared these applications: they stay as they are; name the file with \
             --config, or give an empty one to let go of them"
        );
    }
    Ok(())
}

/// Applications and roles by name, people by number: the log keeps no addresses.
fn tell(declared: &Declared) {
    let Declared {
        added,
        changed,
        removed,
    } = declared;
    if added.is_empty() && changed.is_empty() && removed.is_empty() {
        return;
    }
    tracing::info!(
        added = words(added),
        changed = words(changed),
        removed = words(removed),
        "the settings' applications, roles and people are in force"
    );
    if added.iter().any(|name| is_person(name)) {
        tracing::info!(
            "new people of the settings have no password yet: `vestibule user recover EMAIL` lets each set one"
        );
    }
}

fn is_person(name: &str) -> bool {
    name.contains('@')
}

fn words(names: &[String]) -> String {
    let mut words: Vec<String> = names
        .iter()
        .filter(|name| !is_person(name))
        .cloned()
        .collect();
    match names.len() - words.len() {
        0 => {}
        1 => words.push("1 person".to_owned()),
        people => words.push(format!("{people} people")),
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: ASVS 16.2.5
    #[test]
    fn asvs_16_2_5_the_log_names_no_address() {
        let names =
            |names: &[&str]| words(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(names(&["shop", "alice@example.test"]), "shop, 1 person");
        assert_eq!(names(&["a@example.test", "b@example.test"]), "2 people");
        assert_eq!(names(&[]), "");
    }
}
