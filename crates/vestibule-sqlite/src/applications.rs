//! Applications, and the roles that people hold there.

mod declare;
pub(crate) mod roles;
mod secrets;

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row};

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

use crate::Sqlite;
use crate::app_sessions::drop_at_lost;
use crate::fault::Fault;
use crate::transition::Transition;

impl Applications for Sqlite {
    fn add_application(
        &self,
        id: ApplicationId,
        spec: ApplicationSpec,
        act: Act,
    ) -> Answer<'_, PutApplication> {
        self.transition(move |tx| add(tx, id, spec, &act))
    }

    fn change_application(
        &self,
        id: ApplicationId,
        spec: ApplicationSpec,
        act: Act,
    ) -> Answer<'_, PutApplication> {
        self.transition(move |tx| change(tx, id, spec, &act))
    }

    fn remove_application(&self, id: ApplicationId, act: Act) -> Answer<'_, RemoveApplication> {
        self.transition(move |tx| match load(tx, id)? {
            None => Ok(RemoveApplication::Unknown),
            Some(found) if found.declared => Ok(RemoveApplication::Declared),
            Some(found) => {
                remove(tx, &found, &act)?;
                tx.audit(&act, &[])?;
                Ok(RemoveApplication::Removed)
            }
        })
    }

    fn rotate_secret(
        &self,
        id: ApplicationId,
        secret: HashedSecret,
        keep_previous: bool,
        act: Act,
    ) -> Answer<'_, RotateSecret> {
        self.transition(move |tx| secrets::rotate(tx, id, secret, keep_previous, &act))
    }

    fn applications(&self) -> Answer<'_, Vec<Application>> {
        self.read(all)
    }

    fn put_role(&self, spec: RoleSpec, act: Act) -> Answer<'_, PutRole> {
        self.transition(move |tx| roles::put(tx, &spec, &act))
    }

    fn remove_role(&self, role: Role, act: Act) -> Answer<'_, RemoveRole> {
        self.transition(move |tx| roles::remove(tx, &role, &act))
    }

    fn roles(&self) -> Answer<'_, Vec<StoredRole>> {
        self.read(roles::all)
    }

    fn set_roles(&self, user: UserId, roles: Vec<Role>, act: Act) -> Answer<'_, SetRoles> {
        self.transition(move |tx| roles::set(tx, user, roles, &act))
    }

    fn declare(&self, declaration: Declaration, act: Act) -> Answer<'_, Declare> {
        self.transition(move |tx| declare::declare(tx, &declaration, &act))
    }
}

fn add(
    tx: &mut Transition<'_>,
    id: ApplicationId,
    spec: ApplicationSpec,
    act: &Act,
) -> Result<PutApplication, Fault> {
    if let Some(taken) = taken(tx, None, &spec)? {
        return Ok(taken);
    }
    let application = Application {
        id,
        spec,
        declared: false,
        created_at: act.at,
        secrets: Vec::new(),
    };
    insert(tx, &application)?;
    tx.audit(act, &[Event::application(EventKind::ApplicationAdded, id)])?;
    Ok(PutApplication::Put(Box::new(application)))
}

fn change(
    tx: &mut Transition<'_>,
    id: ApplicationId,
    spec: ApplicationSpec,
    act: &Act,
) -> Result<PutApplication, Fault> {
    let Some(found) = load(tx, id)? else {
        return Ok(PutApplication::Unknown);
    };
    if found.declared {
        return Ok(PutApplication::Declared);
    }
    if found.spec == spec {
        return Ok(PutApplication::Already);
    }
    if let Some(taken) = taken(tx, Some(id), &spec)? {
        return Ok(taken);
    }
    let application = Application {
        spec,
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
fn taken(
    tx: &Transition<'_>,
    own: Option<ApplicationId>,
    spec: &ApplicationSpec,
) -> Result<Option<PutApplication>, Fault> {
    let own = own.map(|id| *id.as_bytes());
    let named = tx
        .prepare("SELECT 1 FROM applications WHERE name = ?1 AND id IS NOT ?2")?
        .exists((spec.name.as_str(), own))?;
    if named {
        return Ok(Some(PutApplication::NameTaken));
    }
    let mut holder = tx.prepare(
        "SELECT a.name FROM application_origins o JOIN applications a ON a.id = o.application_id \
         WHERE o.authority = ?1 AND a.id IS NOT ?2",
    )?;
    for origin in &spec.origins {
        let by: Option<String> = holder
            .query_row((origin.authority(), own), |row| row.get(0))
            .optional()?;
        if let Some(by) = by {
            return Ok(Some(PutApplication::OriginTaken {
                authority: origin.authority().to_owned(),
                by: read_name(&by)?,
            }));
        }
    }
    Ok(None)
}

/// Inserts and publishes. What is new has no secret yet.
fn insert(tx: &mut Transition<'_>, application: &Application) -> Result<(), Fault> {
    let Application {
        id,
        spec,
        declared,
        created_at,
        secrets: _,
    } = application;
    tx.execute_one(
        "INSERT INTO applications (id, name, title, kind, demand, rules, declared, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            id.as_bytes(),
            spec.name.as_str(),
            spec.title.as_str(),
            spec.kind.as_str(),
            json(&spec.demand)?,
            json(&spec.rules)?,
            declared,
            created_at.0,
        ),
    )?;
    insert_origins(tx, application)
}

/// Writes what changed and publishes. Its secrets stay.
fn update(
    tx: &mut Transition<'_>,
    was: &Application,
    application: &Application,
) -> Result<(), Fault> {
    let Application { id, spec, .. } = application;
    tx.execute_one(
        "UPDATE applications SET name = ?2, title = ?3, kind = ?4, demand = ?5, rules = ?6, declared = ?7 \
         WHERE id = ?1",
        (
            id.as_bytes(),
            spec.name.as_str(),
            spec.title.as_str(),
            spec.kind.as_str(),
            json(&spec.demand)?,
            json(&spec.rules)?,
            application.declared,
        ),
    )?;
    drop_origins(tx, *id)?;
    drop_at_lost(tx, was, application)?;
    insert_origins(tx, application)
}

fn insert_origins(tx: &mut Transition<'_>, application: &Application) -> Result<(), Fault> {
    for origin in &application.spec.origins {
        tx.execute_one(
            "INSERT INTO application_origins (authority, application_id, origin) VALUES (?1, ?2, ?3)",
            (
                origin.authority(),
                application.id.as_bytes(),
                origin.as_str(),
            ),
        )?;
    }
    tx.publish(Change::Application(Box::new(application.clone())));
    Ok(())
}

fn drop_origins(tx: &Transition<'_>, id: ApplicationId) -> Result<(), Fault> {
    tx.execute(
        "DELETE FROM application_origins WHERE application_id = ?1",
        [id.as_bytes()],
    )?;
    Ok(())
}

/// Removes, audits and publishes. Its app sessions are dropped behind everything else, and what it keeps under sessions: there
/// may be a million.
fn remove(tx: &mut Transition<'_>, application: &Application, act: &Act) -> Result<(), Fault> {
    drop_origins(tx, application.id)?;
    tx.execute_one(
        "DELETE FROM applications WHERE id = ?1",
        [application.id.as_bytes()],
    )?;
    tx.record(
        act,
        &[Event::application(
            EventKind::ApplicationRemoved,
            application.id,
        )],
    )?;
    tx.publish(Change::ApplicationRemoved(application.id));
    Ok(())
}

fn load(tx: &Transition<'_>, id: ApplicationId) -> Result<Option<Application>, Fault> {
    Ok(all(tx.conn())?
        .into_iter()
        .find(|application| application.id == id))
}

/// Every application, by name: there are few.
pub(crate) fn all(conn: &Connection) -> Result<Vec<Application>, Fault> {
    let mut origins: HashMap<[u8; 16], Vec<Origin>> = HashMap::new();
    let mut rows = conn.prepare_cached("SELECT application_id, origin FROM application_origins")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let origin: String = row.get(1)?;
        origins
            .entry(row.get(0)?)
            .or_default()
            .push(read_origin(&origin)?);
    }
    let mut secrets = secrets::all(conn)?;
    let mut applications = conn.prepare_cached(
        "SELECT id, name, title, kind, demand, rules, declared, created_at FROM applications ORDER BY name",
    )?;
    let mut rows = applications.query([])?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        let id: [u8; 16] = row.get(0)?;
        let mut origins = origins.remove(&id).unwrap_or_default();
        origins.sort();
        read.push(Application {
            secrets: secrets.remove(&id).unwrap_or_default(),
            ..read_application(row, ApplicationId::from_bytes(id), origins)?
        });
    }
    Ok(read)
}

fn read_application(
    row: &Row<'_>,
    id: ApplicationId,
    origins: Vec<Origin>,
) -> Result<Application, Fault> {
    let text = |column: usize| -> Result<&str, Fault> {
        Ok(row
            .get_ref(column)?
            .as_str()
            .map_err(rusqlite::Error::from)?)
    };
    let unreadable = |_| Fault::unreadable("what is asked at an application cannot be read");
    Ok(Application {
        id,
        spec: ApplicationSpec {
            name: read_name(text(1)?)?,
            title: DisplayName::from_stored(row.get(2)?),
            kind: Kind::parse(text(3)?)
                .ok_or_else(|| Fault::unreadable("an application's kind is not one of ours"))?,
            origins,
            demand: serde_json::from_str(text(4)?).map_err(unreadable)?,
            rules: serde_json::from_str(text(5)?).map_err(unreadable)?,
        },
        declared: row.get(6)?,
        created_at: UnixMillis(row.get(7)?),
        secrets: Vec::new(),
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
