//! The pages as people use them: in Chromium, by mouse and by keyboard, each
//! looked at by axe-core on the way. A binary of its own, behind a feature,
//! because it needs a browser: see the README.

#![expect(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod axe;
mod browser;
mod console;
mod controls;
mod devices;
mod driver;
mod elsewhere;
mod errors;
mod inspection;
mod keyboard;
mod keys;
mod leaving;
mod linking;
mod narrow;
mod pictures;
mod screenshots;
mod sight;
mod signing_in;
mod signing_out;
mod simulator;
#[expect(dead_code, reason = "the stories that are told over HTTP use the rest")]
mod support;
mod tabs;
mod tokens;
mod tour;
mod window;
mod without_script;
