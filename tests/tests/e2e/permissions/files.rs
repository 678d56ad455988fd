//! Finished files.

use padelvar_tests::permissions::Ownership;
use reqwest::Method;

use super::stage::{Stage, members};

/// Tries everything on the file of a session of this ownership.
pub async fn cells(stage: &Stage, role: &str, of: Ownership, id: &str) {
    let (me, admin) = (stage.me(role), &stage.host.api);
    let club = if of.own_club { 1 } else { 2 };
    let listed = me
        .get(&format!("/api/video/files/list?club_id={club}&limit=100"))
        .await;
    let ids = listed.json["files"].clone();
    if stage.check(role, "file.list", of, listed) && !members(&ids, "id").contains(&id) {
        stage.note(format!("{role} {of:?} does not see {id} in {ids}"));
    }
    let path = format!("/api/video/files/{id}/download");
    let fetched = me.get(&path).await;
    stage.check(role, "file.download", of, fetched);
    let (head, asked) = (
        me.send(Method::HEAD, &path, &[]).await.status,
        padelvar_tests::permissions::allowed(role, "file.download", of),
    );
    if head != if asked { 200 } else { 403 } {
        stage.note(format!("{role} {of:?} HEAD: {head}"));
    }
    let path = format!("/api/video/files/{id}/delete");
    let deleted = me.send(Method::DELETE, &path, &[]).await;
    let gone = stage.check(role, "file.delete", of, deleted);
    let file = stage.host.path(&format!("static/videos/{club}/{id}.mp4"));
    if file.exists() == gone {
        stage.note(format!("{role} {of:?}: {} remains", file.display()));
    }
    if !gone {
        admin.send(Method::DELETE, &path, &[]).await.ok(200);
    }
}
