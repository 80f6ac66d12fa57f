//! The HTTP faces, as their callers see them.

mod client;
mod llm_double;
mod serving;
mod telegram_double;
