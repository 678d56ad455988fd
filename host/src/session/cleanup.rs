//! Ending what nobody uses.

use std::time::Duration;

use tracing::info;

use super::id::SessionId;
use super::manager::Sessions;

impl Sessions {
    /// Ends every active session that has been idle for `session_idle_minutes`: no call on it,
    /// no recording, and nobody watching (`watched` tells). With a session ends its feed. The
    /// ids of those that ended.
    pub async fn end_idle(&self, watched: impl Fn(&SessionId) -> bool) -> Vec<SessionId> {
        let most = self.idle_after();
        let mut ended = Vec::new();
        for session in self.list(false) {
            if watched(&session.id) {
                session.touch();
            }
            let idle = || session.idle() >= most;
            if self.close_feed_if(&session, idle).await {
                info!(session_id = %session.id, "nobody used the session");
                ended.push(session.id.clone());
            }
        }
        ended
    }

    /// After how long a session that nobody uses is ended.
    pub fn idle_after(&self) -> Duration {
        let minutes = self.config().video.session_idle_minutes;
        Duration::try_from_secs_f64(minutes * 60.0).unwrap_or(Duration::MAX)
    }
}
