//! What a host remembers beyond its own life: the catalogue and the library of files.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use tracing::{info, warn};

use crate::auth::{AuditEntry, AuditSink};
use crate::catalogue::{AuditRecord, Catalogue, Journal, SqliteCatalogue};
use crate::clock::ClockAnchor;
use crate::config::Config;
use crate::library::Library;
use crate::recording::take_up;
use crate::session::{Memory, PastSession, Unfinished, past};

/// Sessions of earlier runs that are remembered.
const PAST_SESSIONS: u32 = 1000;
/// Unfinished sessions that are looked at: no host has more cameras.
const UNFINISHED: u32 = 10_000;

/// Catalogue and library, opened.
pub struct Store {
    catalogue: Arc<dyn Catalogue>,
    journal: Arc<Journal>,
    library: Arc<Library>,
}

impl Store {
    /// Opens the catalogue.
    pub async fn open(config: &Config) -> Result<Self> {
        let path = config.catalogue.url.path();
        let catalogue = SqliteCatalogue::open(path)
            .await
            .context("the catalogue cannot be opened")?;
        let catalogue: Arc<dyn Catalogue> = Arc::new(catalogue);
        let journal = Journal::start(Arc::clone(&catalogue));
        let library = Library::new(
            config.video.videos_dir.clone(),
            Arc::clone(&catalogue),
            Arc::clone(&journal),
        );
        Ok(Self {
            catalogue,
            journal,
            library,
        })
    }

    /// The sessions whose recordings go on, with their files open to be appended to. What fails
    /// here is told and keeps no host from recording.
    pub async fn unfinished(&self, config: &Config) -> Vec<Unfinished> {
        let entries = match self.catalogue.unfinished_sessions(UNFINISHED).await {
            Ok(entries) => entries,
            Err(error) => {
                warn!(%error, "unfinished recordings are repaired, and do not go on");
                return Vec::new();
            }
        };
        let now = ClockAnchor::now();
        let mut found = Vec::new();
        let mut terrains = HashSet::new();
        // Newest first: a terrain has one session.
        for entry in &entries {
            let unfinished = Unfinished::of(entry, config, &now);
            found.extend(unfinished.filter(|it| terrains.insert(it.terrain_id.clone())));
        }
        for unfinished in &mut found {
            let videos_dir = config.video.videos_dir.clone();
            let (club, id) = (unfinished.club_id.to_string(), unfinished.id.to_string());
            let cut = tokio::task::spawn_blocking(move || take_up(&videos_dir, &club, &id)).await;
            unfinished.go_on_from(cut.unwrap_or_default(), &now);
        }
        found
    }

    /// Makes the catalogue agree with the folder of videos, and tells the sessions of earlier
    /// runs, oldest first. Leftovers of recordings must be files by now, but for those that
    /// `goes_on` tells. What fails here is told and keeps no host from recording.
    pub async fn settle(&self, goes_on: &(dyn Fn(&str) -> bool + Send + Sync)) -> Vec<PastSession> {
        match self.library.reconcile(Timestamp::now(), goes_on).await {
            Ok(done) => info!(
                files = done.files,
                added = done.added,
                removed = done.removed,
                settled = done.settled,
                "the catalogue agrees with the folder of videos"
            ),
            Err(error) => {
                warn!(%error, "the catalogue may not agree with the folder of videos");
            }
        }
        match self.catalogue.recent_sessions(PAST_SESSIONS).await {
            Ok(entries) => entries
                .into_iter()
                .rev()
                .filter(|entry| !goes_on(&entry.session.session_id))
                .filter_map(past)
                .collect(),
            Err(error) => {
                warn!(%error, "the sessions of earlier runs are not known");
                Vec::new()
            }
        }
    }

    /// What sessions leave things in.
    pub fn memory(&self) -> Memory {
        Memory {
            journal: Arc::clone(&self.journal),
            library: Arc::clone(&self.library),
        }
    }

    /// Where the door's decisions go.
    pub fn audit_sink(&self) -> AuditSink {
        let journal = Arc::clone(&self.journal);
        Arc::new(move |entry| journal.audit(audit_record(entry)))
    }

    /// Writes what waits and closes the catalogue.
    pub async fn close(self) {
        self.journal.close().await;
        self.catalogue.close().await;
    }
}

fn audit_record(entry: AuditEntry) -> AuditRecord {
    let (caller, resource) = (entry.caller, entry.resource);
    AuditRecord {
        at: entry.at,
        user: caller.principal.id,
        role: caller.principal.role,
        club: caller.principal.club,
        address: caller.address.map(|address| address.to_string()),
        action: entry.action.name().to_owned(),
        resource_kind: resource.kind.to_owned(),
        resource_id: resource.id,
        resource_club: resource.club,
        allowed: entry.decision.allow,
        code: entry.decision.code,
        reason: entry.decision.reason,
        request_id: caller.request_id,
    }
}
