//! The one list of routes becomes a router and a document at once: what is not documented is not
//! reached, and what has no access is not registered.

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::access::Access;
use super::{App, guard, openapi};

/// Routes with their access and their documentation.
pub struct Routes(OpenApiRouter<App>);

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self(OpenApiRouter::with_openapi(openapi::head()))
    }

    /// Adds what `routes!` made of the handlers of one path. The guard watches over those that
    /// ask, and what every route of that access can answer is added to what the handlers say.
    #[must_use]
    pub fn add(self, access: Access, routes: UtoipaMethodRouter<App>) -> Self {
        let (schemas, mut paths, methods) = routes;
        for item in paths.paths.values_mut() {
            openapi::complete(item, access);
        }
        let methods = match access {
            Access::Asks(_) | Access::AsksByLink(_) => guard::watch(methods),
            Access::Public(_) | Access::Authenticated(_) => methods,
        };
        Self(self.0.routes((schemas, paths, methods)))
    }

    /// The router and its document.
    pub fn finish(self) -> (Router<App>, OpenApi) {
        self.0.split_for_parts()
    }
}
