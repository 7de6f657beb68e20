//! Every page and state at three widths, light and dark, to be looked at one
//! by one; and the pictures of the README.

use std::fs;
use std::path::{Path, PathBuf};

use crate::browser::{Browser, open_house};
use crate::tour::tour;
use crate::window::Window;

const WIDTHS: [(u32, u32); 3] = [(320, 640), (768, 1024), (1440, 900)];

/// Of the places of the tour: what the README shows, and how much of it.
const README: [(&str, &str, u32); 3] = [
    ("signin", "sign-in", 560),
    ("account-both", "account", 1_000),
    ("session", "session", 900),
];
const README_WIDTH: u32 = 960;

fn folder(path: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[actix_web::test]
#[ignore = "writes files, and finds nothing out: see the README"]
async fn screenshots() {
    let app = open_house().await;
    let ada = Browser::open(&app).await;
    ada.inspects.set(false);
    let still = Window {
        is_still: true,
        ..Window::DESK
    };
    ada.resize(still).await;
    let (all, readme) = (folder("target/screenshots"), folder("docs/pictures"));

    tour(&app, &ada, async |place| {
        for is_dark in [false, true] {
            let scheme = if is_dark { "dark" } else { "light" };
            for (width, height) in WIDTHS {
                let window = Window {
                    width,
                    height,
                    is_dark,
                    is_still: true,
                };
                ada.resize(window).await;
                let path = all.join(format!("{place}-{width}-{scheme}.png"));
                ada.picture(None, &path).await;
            }
            if let Some((_, name, height)) = README.iter().find(|(shown, ..)| *shown == place) {
                let window = Window {
                    width: README_WIDTH,
                    height: *height,
                    is_dark,
                    is_still: true,
                };
                ada.resize(window).await;
                let path = readme.join(format!("{name}-{scheme}.png"));
                ada.picture(Some(*height), &path).await;
            }
        }
        ada.resize(still).await;
    })
    .await;
}
