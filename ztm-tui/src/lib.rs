//! `ztm top`: the whole fleet, its queue and its money on one screen.
//!
//! Data goes one way: what happens ([`event::Event`]) changes the [`state::State`] in [`update::update`], which says what is to be
//! done ([`event::Action`]); [`view::draw`] shows the state; [`runner`] alone talks to the terminal and to the control plane.
//! Does not own where the control plane is, or how it is reached: that is a [`runner::Plane`].

pub mod event;
pub mod keymap;
mod order;
pub mod preferences;
pub mod record;
pub mod runner;
pub mod state;
pub mod summary;
pub mod theme;
pub mod update;
pub mod view;
