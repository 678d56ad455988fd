//! Every cell of the contract's table of permissions, over HTTP, for both policies.
//!
//! One user of club 1 takes all roles in turn. Terrains 1 to 4 have a session of each
//! [`Ownership`]: of the user or of somebody else, in club 1 or in club 2. On each of them
//! the user tries everything in turn, and where it was denied, it is done for them, so that
//! what follows finds something to act on.

mod files;
mod sessions;
mod stage;

use padelvar_tests::permissions::{Ownership, ROLES};
use padelvar_tests::{machine, together};
use stage::Stage;

#[tokio::test]
async fn every_cell_by_club_roles() {
    every_cell("club-roles").await;
}

#[tokio::test]
async fn every_cell_by_cedar() {
    every_cell("cedar").await;
}

async fn every_cell(policy: &str) {
    let _shared = machine::shared().await;
    let stage = Stage::set(policy).await;
    for role in ROLES {
        stage.role(role).await;
        let cells = Ownership::ALL.map(|ownership| sessions::cells(&stage, role, ownership));
        together(cells).await;
        stage.of_the_host(role).await;
    }
    stage.end().await;
}
