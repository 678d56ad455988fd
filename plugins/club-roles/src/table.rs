//! The table: what a role may do an action on.

use padelvar_policy_sdk::names::{action, role};

/// The roles of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs the host.
    SuperAdmin,
    /// Runs a club.
    ClubAdmin,
    /// Plays.
    Player,
}

impl Role {
    /// The role of this name, in exactly these letters.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            role::SUPER_ADMIN => Some(Self::SuperAdmin),
            role::CLUB_ADMIN => Some(Self::ClubAdmin),
            role::PLAYER => Some(Self::Player),
            _ => None,
        }
    }
}

/// On what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// On everything.
    Everything,
    /// On what is in the user's club.
    OwnClub,
    /// On what is in the user's club or made by the user. A club's admin may book any
    /// club's terrain, and such a session is then theirs.
    OwnClubOrOwn,
    /// On what is made by the user in the user's club. Who leaves a club leaves their
    /// sessions there.
    OwnInOwnClub,
    /// On nothing.
    Nothing,
}

use Grant::{Everything, Nothing, OwnClub, OwnClubOrOwn, OwnInOwnClub};

/// One cell.
pub fn grant(role: Role, action: &str) -> Grant {
    let [super_admin, club_admin, player] = match action {
        action::SESSION_CREATE => [Everything, Everything, OwnClub],
        action::SESSION_VIEW
        | action::SESSION_CLOSE
        | action::RECORDING_START
        | action::RECORDING_STOP
        | action::RECORDING_VIEW
        | action::PREVIEW_VIEW => [Everything, OwnClubOrOwn, OwnInOwnClub],
        action::FILE_LIST | action::FILE_DOWNLOAD | action::FILE_DELETE => {
            [Everything, OwnClub, Nothing]
        }
        action::SYSTEM_CLEANUP => [Everything, Everything, Nothing],
        action::PLUGIN_VIEW
        | action::PLUGIN_MANAGE
        | action::CAMERA_DISCOVER
        | action::CAMERA_PROBE
        | action::TERRAIN_EDIT => [Everything, Nothing, Nothing],
        _ => [Nothing, Nothing, Nothing],
    };
    match role {
        Role::SuperAdmin => super_admin,
        Role::ClubAdmin => club_admin,
        Role::Player => player,
    }
}
