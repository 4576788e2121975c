//! A real nginx with the book's own snippet.
