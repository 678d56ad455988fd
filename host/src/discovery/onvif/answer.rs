//! Answers: the body's element, or why there is none.

use roxmltree::{Document, Node};

use super::super::xml::{self, Element as _, XmlError};

/// Why a camera's answer says nothing. The camera's own words are cut to one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnvifError {
    /// No message.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The account or the camera's clock is wrong: it does not say which.
    #[error("the camera refuses the account (its clock may be wrong too): {0}")]
    NotAuthorized(String),
    /// The camera knows no such request.
    #[error("the camera does not offer this: {0}")]
    NotSupported(String),
    /// Another fault.
    #[error("the camera answers with a fault: {0}")]
    Fault(String),
    /// A message, and not the one.
    #[error("the camera's answer holds no `{0}`")]
    Missing(&'static str),
    /// An address that is not of the camera, or none at all.
    #[error("the camera names an address that is of no use")]
    Address,
}

/// The answer's element below the body.
pub(super) fn body<'d>(
    document: &'d Document<'_>,
    name: &'static str,
) -> Result<Node<'d, 'd>, OnvifError> {
    let root = document.root_element();
    let body = root.child("Body").ok_or(OnvifError::Missing("Body"))?;
    if let Some(fault) = body.child("Fault") {
        return Err(self::fault(fault));
    }
    body.child(name).ok_or(OnvifError::Missing(name))
}

/// A fault by its codes (SOAP 1.2 part 1, section 5.4; ONVIF Core, section 5.8.2.3).
fn fault(fault: Node<'_, '_>) -> OnvifError {
    const MAX_CHARS: usize = 200;
    let codes: Vec<&str> = fault
        .all("Value")
        .iter()
        .filter_map(xml::Element::words)
        .collect();
    let is = |code: &str| {
        codes
            .iter()
            .any(|value| value.rsplit(':').next() == Some(code))
    };
    let reason = fault
        .words_at(&["Reason", "Text"])
        .or_else(|| fault.words_at(&["faultstring"]))
        .unwrap_or("no reason");
    let reason = xml::line(reason, MAX_CHARS);
    let says = |word: &str| reason.to_ascii_lowercase().contains(word);
    if is("NotAuthorized")
        || is("FailedAuthentication")
        || is("OperationProhibited")
        || says("not authorized")
    {
        OnvifError::NotAuthorized(reason)
    } else if is("ActionNotSupported") || is("UnknownAction") || is("OptionalActionNotImplemented")
    {
        OnvifError::NotSupported(reason)
    } else {
        OnvifError::Fault(reason)
    }
}
