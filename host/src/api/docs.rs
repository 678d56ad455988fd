//! `GET /docs`: the document for people, by Swagger UI. Its files are inside the binary, and its
//! page may load nothing from anywhere else.

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::input::Id;
use super::problem::Problem;
use super::views::Binary;

/// What the page may do: its own files, the API, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
frame-ancestors 'none'";

/// Links are relative, so that the page works below a prefix too.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PadelVar API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
<div id="ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"#;

// Without `validatorUrl` the page would show the document's address to a stranger.
const START: &str = "SwaggerUIBundle({
  url: 'api/openapi.json',
  dom_id: '#ui',
  deepLinking: true,
  validatorUrl: null,
});
";

/// The files of Swagger UI that the page needs.
const FILES: [&str; 3] = [
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "favicon-32x32.png",
];

/// This document, for people
#[utoipa::path(
    get,
    path = "/docs",
    tag = "host",
    responses((status = 200, description = "A page", body = String, content_type = "text/html"))
)]
pub async fn page() -> impl IntoResponse {
    answer("text/html; charset=utf-8", PAGE)
}

/// Files of the page
#[utoipa::path(
    get,
    path = "/docs/{file}",
    tag = "host",
    params(("file" = String, Path, description = "A file's name")),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/css"), (String = "text/javascript"), (Binary = "image/png"),
        )),
        (status = 404, description = "`not_found`"),
    )
)]
pub async fn file(Id(name): Id) -> Result<Response, Problem> {
    if name == "start.js" {
        return Ok(answer("text/javascript; charset=utf-8", START).into_response());
    }
    let unknown = || Problem::not_found("there is no such file");
    let known = FILES.contains(&name.as_str());
    let found = known.then(|| utoipa_swagger_ui::serve(&name, Arc::default()));
    let file = found.and_then(Result::ok).flatten().ok_or_else(unknown)?;
    let compressed = file.gzpipped;
    let mut response = answer(&file.content_type, file.bytes).into_response();
    if compressed {
        // The binary holds it so, and every browser takes it.
        let gzip = HeaderValue::from_static("gzip");
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, gzip);
    }
    Ok(response)
}

fn answer(kind: &str, body: impl IntoResponse) -> impl IntoResponse {
    let headers: [(HeaderName, String); 3] = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (headers, body)
}
