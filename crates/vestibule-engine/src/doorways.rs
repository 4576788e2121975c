//! The applications and where they are reached, in memory: which one is meant by a host's name?
//!
//! The store feeds it like the sessions. Whoever asks works on the table as it was when they asked; a change swaps the table
//! whole, so that no request sees half of one.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use vestibule_core::application::Application;
use vestibule_core::id::ApplicationId;
use vestibule_core::origin::Origin;

use crate::engine::Engine;

/// An application at one of its origins.
#[derive(Debug)]
pub struct Doorway {
    application: Arc<Application>,
    origin: Origin,
    number: DoorwayNumber,
}

/// Names an application at an origin for as long as it is reached there: four bytes in an app session's record. None is given
/// twice, so that what was good at a door that closed is good at none that opens (ASVS 7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DoorwayNumber(u32);

impl Doorway {
    /// Whose it is.
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// Where browsers reach it.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(crate) const fn number(&self) -> DoorwayNumber {
        self.number
    }
}

/// The applications, as they are at one moment.
pub struct Doorways(Guard<Arc<Table>>);

#[derive(Default, Clone)]
struct Table {
    applications: HashMap<ApplicationId, Arc<Application>>,
    /// By authority, as [`Origin::authority`] spells it.
    doorways: HashMap<Box<str>, Arc<Doorway>>,
    /// Greater than every number that was ever given.
    next: u32,
}

/// The numbers of what is reached at one moment.
pub(crate) struct OpenDoors {
    open: HashSet<DoorwayNumber>,
    next: DoorwayNumber,
}

impl OpenDoors {
    /// Whether what has this number was closed by then. What opened later was not.
    pub(crate) fn closed(&self, number: DoorwayNumber) -> bool {
        number < self.next && !self.open.contains(&number)
    }
}

impl Doorways {
    /// Which application a browser means that sends this `Host`.
    pub fn at(&self, host: &str) -> Option<&Arc<Doorway>> {
        let host = if host.bytes().any(|c| c.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        };
        let doorways = &self.0.doorways;
        doorways.get(&*host).or_else(|| {
            // The scheme's own port may be said or left out.
            let name = host
                .strip_suffix(":443")
                .or_else(|| host.strip_suffix(":80"))?;
            doorways
                .get(name)
                .filter(|doorway| doorway.origin.is_named_by(&host))
        })
    }

    /// The application that is reached at exactly this origin (R23).
    pub fn reached_at(&self, origin: &Origin) -> Option<&Arc<Doorway>> {
        let doorway = self.0.doorways.get(origin.authority())?;
        (doorway.origin == *origin).then_some(doorway)
    }

    /// The application of this id.
    pub fn known(&self, id: ApplicationId) -> Option<&Application> {
        self.0.applications.get(&id).map(AsRef::as_ref)
    }

    /// The same, to be held on to.
    pub(crate) fn shared(&self, id: ApplicationId) -> Option<&Arc<Application>> {
        self.0.applications.get(&id)
    }

    /// How many applications are reached by these numbers.
    pub(crate) fn behind(&self, numbers: &HashSet<DoorwayNumber>) -> usize {
        let doors = self.0.doorways.values();
        let doors = doors.filter(|door| numbers.contains(&door.number));
        let applications: HashSet<_> = doors.map(|door| door.application.id).collect();
        applications.len()
    }

    /// The numbers of an application's doors.
    pub(crate) fn doors_of(&self, id: ApplicationId) -> HashSet<DoorwayNumber> {
        let doors = self.0.doorways.values();
        let doors = doors.filter(|door| door.application.id == id);
        doors.map(|door| door.number).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.applications.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.applications.is_empty()
    }
}

/// What [`Doorways`] is read from.
#[derive(Default)]
pub(crate) struct Directory {
    table: ArcSwap<Table>,
}

impl Directory {
    pub(crate) fn read(&self) -> Doorways {
        Doorways(self.table.load())
    }

    /// These are as given now. They come one publication at a time, so that none overwrites another.
    pub(crate) fn put(&self, application: &Application) {
        let mut table = Table::clone(&self.table.load());
        table.put(application);
        self.table.store(Arc::new(table));
    }

    /// These and no others are there.
    pub(crate) fn reload(&self, applications: &[Application]) {
        let mut table = Table::clone(&self.table.load());
        let stays = |id| applications.iter().any(|told| told.id == id);
        table
            .doorways
            .retain(|_, doorway| stays(doorway.application.id));
        table.applications.retain(|id, _| stays(*id));
        for application in applications {
            table.put(application);
        }
        self.table.store(Arc::new(table));
    }

    pub(crate) fn remove(&self, id: ApplicationId) {
        let mut table = Table::clone(&self.table.load());
        table.close_doors_of(id);
        table.applications.remove(&id);
        self.table.store(Arc::new(table));
    }

    /// The number of an application at an origin, if it is reached there now.
    pub(crate) fn number(
        &self,
        application: ApplicationId,
        origin: &Origin,
    ) -> Option<DoorwayNumber> {
        self.table.load().number(application, origin)
    }

    /// The numbers of what is reached now.
    pub(crate) fn open_doors(&self) -> OpenDoors {
        let table = self.table.load();
        OpenDoors {
            open: table.doorways.values().map(|door| door.number).collect(),
            next: DoorwayNumber(table.next),
        }
    }
}

impl Table {
    fn put(&mut self, application: &Application) {
        let id = application.id;
        let application = Arc::new(application.clone());
        let origins = &application.spec.origins;
        // Those that stay open keep their numbers.
        let kept: Vec<_> = origins
            .iter()
            .map(|origin| self.number(id, origin))
            .collect();
        self.close_doors_of(id);
        for (origin, kept) in origins.iter().zip(kept) {
            let doorway = Doorway {
                application: Arc::clone(&application),
                origin: origin.clone(),
                number: kept.unwrap_or_else(|| self.new_number()),
            };
            let authority = origin.authority().into();
            self.doorways.insert(authority, Arc::new(doorway));
        }
        self.applications.insert(id, application);
    }

    fn number(&self, application: ApplicationId, origin: &Origin) -> Option<DoorwayNumber> {
        let doorway = self.doorways.get(origin.authority())?;
        let same = doorway.application.id == application && doorway.origin == *origin;
        same.then_some(doorway.number)
    }

    fn new_number(&mut self) -> DoorwayNumber {
        let number = DoorwayNumber(self.next);
        self.next = self.next.saturating_add(1);
        number
    }

    /// An authority may have gone over to another application in the same commit: that one keeps it.
    fn close_doors_of(&mut self, id: ApplicationId) {
        self.doorways
            .retain(|_, doorway| doorway.application.id != id);
    }
}

impl Engine {
    /// The applications as they are now. Lock-free.
    pub fn doorways(&self) -> Doorways {
        self.index().doorways().read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_core::application::{ApplicationSpec, Demand, Kind};
    use vestibule_core::time::UnixMillis;
    use vestibule_core::user::DisplayName;

    fn application(id: u8, origins: &[&str]) -> Application {
        Application {
            id: ApplicationId::new(UnixMillis(0), [id; 10]),
            spec: ApplicationSpec {
                name: format!("app-{id}").parse().unwrap(),
                title: DisplayName::default(),
                kind: Kind::Proxy,
                origins: origins.iter().map(|text| text.parse().unwrap()).collect(),
                demand: Demand::default(),
                rules: Vec::new(),
            },
            declared: false,
            created_at: UnixMillis(0),
            secrets: Vec::new(),
        }
    }

    fn name_at(directory: &Directory, host: &str) -> Option<String> {
        let applications = directory.read();
        let doorway = applications.at(host)?;
        Some(doorway.application().spec.name.to_string())
    }

    #[test]
    fn a_host_means_the_application_that_is_reached_there_and_no_other() {
        let directory = Directory::default();
        directory.put(&application(1, &["https://shop.example.test"]));
        directory.put(&application(
            2,
            &["http://wiki.localhost:9000", "http://a.localhost"],
        ));
        for (host, name) in [
            ("shop.example.test", Some("app-1")),
            ("Shop.Example.Test", Some("app-1")),
            ("shop.example.test:443", Some("app-1")),
            ("shop.example.test:80", None),
            ("shop.example.test:8443", None),
            ("shop.example.test.", None),
            ("x.shop.example.test", None),
            ("wiki.localhost:9000", Some("app-2")),
            ("wiki.localhost", None),
            ("a.localhost", Some("app-2")),
            ("a.localhost:80", Some("app-2")),
            ("a.localhost:443", None),
            ("", None),
        ] {
            assert_eq!(name_at(&directory, host).as_deref(), name, "{host}");
        }
        let applications = directory.read();
        assert!(
            applications
                .reached_at(&"https://shop.example.test".parse().unwrap())
                .is_some()
        );
        assert!(
            applications
                .reached_at(&"http://a.localhost:443".parse().unwrap())
                .is_none()
        );
    }

    #[test]
    fn a_change_is_whole_and_a_host_that_went_over_to_another_application_stays_there() {
        let directory = Directory::default();
        directory.put(&application(
            1,
            &["https://one.example.test", "https://x.example.test"],
        ));
        let number = |host: &str| directory.read().at(host).map(|door| door.number());
        let before = number("one.example.test");
        // In one commit x goes from 1 to 2; 2 is told of first.
        directory.put(&application(2, &["https://x.example.test"]));
        directory.put(&application(1, &["https://one.example.test"]));
        assert_eq!(name_at(&directory, "x.example.test").unwrap(), "app-2");
        assert_eq!(number("one.example.test"), before);
        directory.remove(application(1, &[]).id);
        assert_eq!(name_at(&directory, "one.example.test"), None);
        assert_eq!(name_at(&directory, "x.example.test").unwrap(), "app-2");
        assert_eq!(directory.read().len(), 1);
    }

    /// Holds: ASVS 7.4.1
    #[test]
    fn asvs_7_4_1_a_door_that_opens_again_is_another() {
        let directory = Directory::default();
        let (one, both) = (
            application(1, &["https://one.example.test"]),
            application(1, &["https://one.example.test", "https://x.example.test"]),
        );
        let number = |host: &str| directory.read().at(host).map(|door| door.number());
        directory.put(&both);
        let (kept, closed) = (number("one.example.test"), number("x.example.test"));
        directory.put(&one);
        let closed = closed.unwrap();
        let doors = directory.open_doors();
        assert!(doors.closed(closed) && !doors.closed(kept.unwrap()));
        directory.put(&both);
        assert_eq!(number("one.example.test"), kept, "its cookies stay good");
        let again = number("x.example.test").unwrap();
        assert_ne!(again, closed);
        assert!(!doors.closed(again), "it opened after they were counted");
        directory.reload(std::slice::from_ref(&one));
        directory.reload(std::slice::from_ref(&both));
        assert!(number("x.example.test").unwrap() > again);
        directory.remove(both.id);
        directory.put(&one);
        assert!(number("one.example.test") > kept);
    }

    #[test]
    fn applications_that_are_read_again_are_all_there_are() {
        let directory = Directory::default();
        directory.put(&application(1, &["https://one.example.test"]));
        directory.put(&application(2, &["https://two.example.test"]));
        let number = |host: &str| directory.read().at(host).map(|door| door.number());
        let before = number("two.example.test");
        directory.reload(&[
            application(2, &["https://two.example.test"]),
            application(3, &["https://three.example.test"]),
        ]);
        assert_eq!(name_at(&directory, "one.example.test"), None);
        assert!(directory.read().known(application(1, &[]).id).is_none());
        assert_eq!(name_at(&directory, "three.example.test").unwrap(), "app-3");
        assert_eq!(number("two.example.test"), before, "its cookies stay good");
        assert_eq!(directory.read().len(), 2);
    }
}
