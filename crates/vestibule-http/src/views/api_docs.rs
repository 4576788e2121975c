//! `/api/docs`: the API's contract as a page. What it tells is the contract's own English; the frame is the reader's.

use super::page;

/// Every operation and shape.
#[derive(Clone, Debug, Default)]
pub struct ApiDocsPage {
    /// Operations by what they are about.
    pub rooms: Vec<ApiRoom>,
    /// What is sent and answered.
    pub shapes: Vec<ApiShape>,
}

/// Operations about one thing.
#[derive(Clone, Debug)]
pub struct ApiRoom {
    /// What about.
    pub name: String,
    /// In the order of the list.
    pub operations: Vec<ApiOperation>,
}

/// One method of a path.
#[derive(Clone, Debug)]
pub struct ApiOperation {
    /// Names it.
    pub id: String,
    /// In capitals.
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    /// One sentence.
    pub summary: String,
    /// More.
    pub description: Option<String>,
    /// What opens it: one of these.
    pub keys: Vec<String>,
    /// Of path, query and headers.
    pub parameters: Vec<ApiParameter>,
    /// The shape of what is sent.
    pub body: Option<String>,
    /// Status, meaning, and the shape of what comes.
    pub answers: Vec<(String, String, Option<String>)>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct ApiParameter {
    /// As it is written.
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    /// It must be there.
    pub required: bool,
    /// What it means; may be empty.
    pub description: String,
}

/// A named schema.
#[derive(Clone, Debug)]
pub struct ApiShape {
    /// Its name.
    pub name: String,
    /// Its JSON Schema.
    pub json: String,
}

page!(ApiDocsPage, "api_docs.html");
