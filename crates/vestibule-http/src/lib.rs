//! Vestibule over HTTP: one list of routes, one file per endpoint or page, extractors, views. Translates between the wire and
//! the engine; decides nothing, and imports no backend.

pub mod assets;
pub mod texts;
pub mod views;
