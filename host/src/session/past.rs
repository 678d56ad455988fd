//! Sessions that are so old that only the catalogue remembers them.

use super::manager::Sessions;
use super::records;
use super::state::Session;
use crate::library::LibraryError;

impl Sessions {
    /// A session as the catalogue has it; none where it has none of that id. It is closed: one
    /// that is not is found by [`get`](Self::get).
    pub async fn past(&self, id: &str) -> Result<Option<Session>, LibraryError> {
        let entry = self.library().session(id).await?;
        Ok(entry.and_then(records::past).map(Session::past))
    }
}
