//! What a transition leaves in the trail.

use std::collections::BTreeSet;

use vestibule_core::audit::{Act, Actor, Event, Personal};
use vestibule_core::id::UserId;

use super::locks::SHARE_USERS;
use super::{Transition, values};
use crate::fault::Fault;
use crate::outbox::insert_errand;

impl Transition {
    /// Writes an act's events, its personal data once, and what is to be done once it has happened. H04: they commit with
    /// what they tell of, or not at all. Every transition that did what it was asked calls it.
    pub(crate) fn audit(&mut self, act: &Act, events: &[Event]) -> Result<(), Fault> {
        for errand in &act.told {
            insert_errand(self, errand)?;
        }
        self.record(act, events);
        Ok(())
    }

    /// Writes an act's events and its personal data, of a transition that may not have done what the act would tell.
    pub(crate) fn record(&mut self, act: &Act, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        let digest = act.personal.as_ref().map(Personal::digest);
        if let Some(personal) = &act.personal {
            self.write(
                "INSERT INTO audit_personal (act_id, salt, email, address, user_agent) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (act_id) DO NOTHING",
                values![
                    act.id.as_bytes().to_vec(),
                    personal.salt.to_vec(),
                    personal.email.clone(),
                    personal.address.clone(),
                    personal.user_agent.clone(),
                ],
            );
        }
        let first = self.entries.take(act.at, events.len());
        let of = |id: &dyn Fn(&Event) -> Option<[u8; 16]>| -> Vec<Option<Vec<u8>>> {
            let ids = events.iter().map(id);
            ids.map(|id| id.map(|id| id.to_vec())).collect()
        };
        let kinds: Vec<_> = events.iter().map(|event| event.kind.code()).collect();
        let reasons: Vec<_> = events.iter().map(|event| event.kind.reason()).collect();
        self.write(
            INSERT_EVENTS,
            values![
                first - 1,
                act.id.as_bytes().to_vec(),
                act.at.0,
                act.actor.code(),
                digest.map(|digest| digest.to_vec()),
                kinds,
                reasons,
                of(&|event| event.user.map(|id| *id.as_bytes())),
                of(&|event| event.session.map(|id| *id.as_bytes())),
                of(&|event| event.application.map(|id| *id.as_bytes())),
            ],
        );
        if act.personal.is_some() {
            self.erase_if_deleted(act, events);
        }
    }

    /// Whoever an act concerns may be deleted: its personal data is erased too, also where it comes after that.
    fn erase_if_deleted(&mut self, act: &Act, events: &[Event]) {
        let mut users: BTreeSet<UserId> = events.iter().filter_map(|event| event.user).collect();
        if let Actor::User(user) = act.actor {
            users.insert(user);
        }
        users.retain(|user| !self.held.contains(user));
        if users.is_empty() {
            return;
        }
        let users: Vec<Vec<u8>> = users.iter().map(|id| id.as_bytes().to_vec()).collect();
        // A deletion waits for this, or has been: then the statement after sees it.
        self.write(SHARE_USERS, values![users.clone()]);
        self.write(
            "UPDATE deleted_users SET erase_after = 0 WHERE user_id = ANY($1)",
            values![users],
        );
    }
}

const INSERT_EVENTS: &str = "INSERT INTO audit_events \
     (entry, act_id, at, actor, kind, reason, user_id, session_id, application_id, personal_digest) \
     SELECT $1 + n, $2, $3, $4, kind, reason, user_id, session_id, application_id, $5 \
     FROM unnest($6::text[], $7::text[], $8::bytea[], $9::bytea[], $10::bytea[]) \
     WITH ORDINALITY AS told (kind, reason, user_id, session_id, application_id, n)";
