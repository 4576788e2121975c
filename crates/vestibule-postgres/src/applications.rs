//! Applications, and the roles that people hold there.
//!
//! There are few, and they change seldom: whoever changes one holds the installation, so that nobody else does meanwhile.

mod declare;
pub(crate) mod roles;
mod secrets;

use tokio_postgres::{Client, Row};

use vestibule_core::application::{Application, ApplicationName, ApplicationSpec, Kind};
use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::declaration::Declaration;
use vestibule_core::id::{ApplicationId, UserId};
use vestibule_core::origin::Origin;
use vestibule_core::role::RoleSpec;
use vestibule_core::secret::HashedSecret;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{DisplayName, Role};
use vestibule_store::{
    Answer, Applications, Change, Declare, PutApplication, PutRole, RemoveApplication, RemoveRole,
    RotateSecret, SetRoles, StoredRole,
};

use crate::Postgres;
use crate::app_sessions::drop_at_lost;
use crate::fault::Fault;
use crate::transition::{Transition, bytes, values};

impl Applications for Postgres {
    fn add_application(
        &self,
        id: ApplicationId,
        spec: ApplicationSpec,
        act: Act,
    ) -> Answer<'_, PutApplication> {
        self.transition("add_application", (id, spec, act), |tx, (id, spec, act)| {
            Box::pin(add(tx, *id, spec, act))
        })
    }

    fn change_application(
        &self,
        id: ApplicationId,
        spec: ApplicationSpec,
        act: Act,
    ) -> Answer<'_, PutApplication> {
        self.transition(
            "change_application",
            (id, spec, act),
            |tx, (id, spec, act)| Box::pin(change(tx, *id, spec, act)),
        )
    }

    fn remove_application(&self, id: ApplicationId, act: Act) -> Answer<'_, RemoveApplication> {
        self.transition("remove_application", (id, act), |tx, (id, act)| {
            Box::pin(async move {
                tx.hold_installation().await?;
                match load(tx, *id).await? {
                    None => Ok(RemoveApplication::Unknown),
                    Some(found) if found.declared => Ok(RemoveApplication::Declared),
                    Some(found) => {
                        remove(tx, &found, act);
                        tx.audit(act, &[])?;
                        Ok(RemoveApplication::Removed)
                    }
                }
            })
        })
    }

    fn rotate_secret(
        &self,
        id: ApplicationId,
        secret: HashedSecret,
        keep_previous: bool,
        act: Act,
    ) -> Answer<'_, RotateSecret> {
        self.transition(
            "rotate_secret",
            (id, secret, keep_previous, act),
            |tx, (id, secret, keep_previous, act)| {
                Box::pin(secrets::rotate(tx, *id, *secret, *keep_previous, act))
            },
        )
    }

    fn applications(&self) -> Answer<'_, Vec<Application>> {
        Box::pin(self.read(ALL, &[], |rows| rows.iter().map(read_application).collect()))
    }

    fn put_role(&self, spec: RoleSpec, act: Act) -> Answer<'_, PutRole> {
        self.transition("put_role", (spec, act), |tx, (spec, act)| {
            Box::pin(roles::put(tx, spec, act))
        })
    }

    fn remove_role(&self, role: Role, act: Act) -> Answer<'_, RemoveRole> {
        self.transition("remove_role", (role, act), |tx, (role, act)| {
            Box::pin(roles::remove(tx, role, act))
        })
    }

    fn roles(&self) -> Answer<'_, Vec<StoredRole>> {
        Box::pin(self.read(roles::ALL, &[], |rows| roles::read_all(&rows)))
    }

    fn set_roles(&self, user: UserId, roles: Vec<Role>, act: Act) -> Answer<'_, SetRoles> {
        self.transition("set_roles", (user, roles, act), |tx, (user, roles, act)| {
            Box::pin(roles::set(tx, *user, roles, act))
        })
    }

    fn declare(&self, declaration: Declaration, act: Act) -> Answer<'_, Declare> {
        self.transition("declare", (declaration, act), |tx, (declaration, act)| {
            Box::pin(declare::declare(tx, declaration, act))
        })
    }
}

async fn add(
    tx: &mut Transition,
    id: ApplicationId,
    spec: &ApplicationSpec,
    act: &Act,
) -> Result<PutApplication, Fault> {
    tx.hold_installation().await?;
    if let Some(taken) = taken(tx, None, spec).await? {
        return Ok(taken);
    }
    let application = Application {
        id,
        spec: spec.clone(),
        declared: false,
        created_at: act.at,
        secrets: Vec::new(),
    };
    insert(tx, &application)?;
    tx.audit(act, &[Event::application(EventKind::ApplicationAdded, id)])?;
    Ok(PutApplication::Put(Box::new(application)))
}

async fn change(
    tx: &mut Transition,
    id: ApplicationId,
    spec: &ApplicationSpec,
    act: &Act,
) -> Result<PutApplication, Fault> {
    tx.hold_installation().await?;
    let Some(found) = load(tx, id).await? else {
        return Ok(PutApplication::Unknown);
    };
    if found.declared {
        return Ok(PutApplication::Declared);
    }
    if found.spec == *spec {
        return Ok(PutApplication::Already);
    }
    if let Some(taken) = taken(tx, Some(id), spec).await? {
        return Ok(taken);
    }
    let application = Application {
        spec: spec.clone(),
        ..found.clone()
    };
    update(tx, &found, &application)?;
    tx.audit(
        act,
        &[Event::application(EventKind::ApplicationChanged, id)],
    )?;
    Ok(PutApplication::Put(Box::new(application)))
}

/// Who else has its name or one of its authorities.
async fn taken(
    tx: &mut Transition,
    own: Option<ApplicationId>,
    spec: &ApplicationSpec,
) -> Result<Option<PutApplication>, Fault> {
    let others = all_held(tx).await?;
    let others = || others.iter().filter(|other| Some(other.id) != own);
    if others().any(|other| other.spec.name == spec.name) {
        return Ok(Some(PutApplication::NameTaken));
    }
    for origin in &spec.origins {
        let has = |other: &&Application| {
            let mut theirs = other.spec.origins.iter();
            theirs.any(|theirs| theirs.authority() == origin.authority())
        };
        if let Some(other) = others().find(has) {
            return Ok(Some(PutApplication::OriginTaken {
                authority: origin.authority().to_owned(),
                by: other.spec.name.clone(),
            }));
        }
    }
    Ok(None)
}

/// Inserts and publishes. What is new has no secret yet.
fn insert(tx: &mut Transition, application: &Application) -> Result<(), Fault> {
    let Application {
        id,
        spec,
        declared,
        created_at,
        secrets: _,
    } = application;
    tx.write(
        "INSERT INTO applications (id, name, title, kind, demand, rules, declared, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        values![
            id.as_bytes().to_vec(),
            spec.name.as_str().to_owned(),
            spec.title.as_str().to_owned(),
            spec.kind.as_str(),
            json(&spec.demand)?,
            json(&spec.rules)?,
            *declared,
            created_at.0,
        ],
    );
    insert_origins(tx, application);
    Ok(())
}

/// Writes what changed and publishes. Its secrets stay.
fn update(tx: &mut Transition, was: &Application, application: &Application) -> Result<(), Fault> {
    let Application { id, spec, .. } = application;
    tx.write(
        "UPDATE applications \
         SET name = $2, title = $3, kind = $4, demand = $5, rules = $6, declared = $7 \
         WHERE id = $1",
        values![
            id.as_bytes().to_vec(),
            spec.name.as_str().to_owned(),
            spec.title.as_str().to_owned(),
            spec.kind.as_str(),
            json(&spec.demand)?,
            json(&spec.rules)?,
            application.declared,
        ],
    );
    drop_origins(tx, *id);
    drop_at_lost(tx, was, application);
    insert_origins(tx, application);
    Ok(())
}

fn insert_origins(tx: &mut Transition, application: &Application) {
    let origins = &application.spec.origins;
    let authorities: Vec<String> = origins
        .iter()
        .map(|origin| origin.authority().to_owned())
        .collect();
    let origins: Vec<String> = origins
        .iter()
        .map(|origin| origin.as_str().to_owned())
        .collect();
    tx.write(
        "INSERT INTO application_origins (authority, application_id, origin) \
         SELECT authority, $1, origin FROM unnest($2::text[], $3::text[]) AS t (authority, origin)",
        values![application.id.as_bytes().to_vec(), authorities, origins],
    );
    tx.publish(Change::Application(Box::new(application.clone())));
}

fn drop_origins(tx: &mut Transition, id: ApplicationId) {
    tx.write(
        "DELETE FROM application_origins WHERE application_id = $1",
        values![id.as_bytes().to_vec()],
    );
}

/// Removes, audits and publishes. Its app sessions are dropped behind everything else, and what it keeps under sessions: there
/// may be a million.
fn remove(tx: &mut Transition, application: &Application, act: &Act) {
    drop_origins(tx, application.id);
    tx.write(
        "DELETE FROM applications WHERE id = $1",
        values![application.id.as_bytes().to_vec()],
    );
    tx.record(
        act,
        &[Event::application(
            EventKind::ApplicationRemoved,
            application.id,
        )],
    );
    tx.publish(Change::ApplicationRemoved(application.id));
}

async fn load(tx: &mut Transition, id: ApplicationId) -> Result<Option<Application>, Fault> {
    Ok(all_held(tx)
        .await?
        .into_iter()
        .find(|application| application.id == id))
}

/// Every application, by name: there are few.
const ALL: &str = "SELECT a.id, a.name, a.title, a.kind, a.demand, a.rules, a.declared, a.created_at, \
         ARRAY(SELECT o.origin FROM application_origins o WHERE o.application_id = a.id) AS origins, \
         ARRAY(SELECT s.secret FROM application_secrets s \
             WHERE s.application_id = a.id ORDER BY s.place) AS secrets, \
         ARRAY(SELECT s.created_at FROM application_secrets s \
             WHERE s.application_id = a.id ORDER BY s.place) AS secrets_made \
     FROM applications a ORDER BY a.name";

/// Every application, while the installation is held.
pub(crate) async fn all_held(tx: &mut Transition) -> Result<Vec<Application>, Fault> {
    let rows = tx.query(ALL, &[]).await?;
    rows.iter().map(read_application).collect()
}

/// For the fill.
pub(crate) async fn all(client: &Client) -> Result<Vec<Application>, Fault> {
    let rows = client.query(ALL, &[]).await?;
    rows.iter().map(read_application).collect()
}

fn read_application(row: &Row) -> Result<Application, Fault> {
    let unreadable = |_| Fault::unreadable("what is asked at an application cannot be read");
    let origins: Vec<&str> = row.try_get(8)?;
    let mut origins: Vec<Origin> = origins
        .into_iter()
        .map(read_origin)
        .collect::<Result<_, _>>()?;
    origins.sort();
    Ok(Application {
        id: ApplicationId::from_bytes(bytes(row, 0)?),
        spec: ApplicationSpec {
            name: read_name(row.try_get(1)?)?,
            title: DisplayName::from_stored(row.try_get(2)?),
            kind: Kind::parse(row.try_get(3)?)
                .ok_or_else(|| Fault::unreadable("an application's kind is not one of ours"))?,
            origins,
            demand: serde_json::from_str(row.try_get(4)?).map_err(unreadable)?,
            rules: serde_json::from_str(row.try_get(5)?).map_err(unreadable)?,
        },
        declared: row.try_get(6)?,
        created_at: UnixMillis(row.try_get(7)?),
        secrets: secrets::read(row, 9)?,
    })
}

pub(crate) fn read_origin(text: &str) -> Result<Origin, Fault> {
    text.parse()
        .map_err(|_| Fault::unreadable("a stored origin is none"))
}

fn read_name(text: &str) -> Result<ApplicationName, Fault> {
    text.parse()
        .map_err(|_| Fault::unreadable("a stored application's name is none"))
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|_| Fault::Refused("what is asked at an application cannot be written"))
}
