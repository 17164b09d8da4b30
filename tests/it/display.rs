//! The real program in a real window on a virtual display: opened, clicked, looked at, killed.
//! Needs Xvfb, xdotool and ImageMagick; without them it says so and does nothing.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use image::RgbImage;
use lenslet::demo::{DemoOptions, write};
use lenslet::jobs::Control;

/// How long the window may take to show something.
const PATIENCE: Duration = Duration::from_secs(90);

/// A child that does not outlive the test.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Display {
    name: String,
    _server: Kept,
}

impl Display {
    /// A virtual display, or `None` where the tools are missing.
    fn start() -> Option<Self> {
        for tool in ["xdotool", "import"] {
            let there =
                Command::new(tool).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            if there.is_err() {
                eprintln!("skipped: {tool} is not installed");
                return None;
            }
        }
        let server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut server) = server else {
            eprintln!("skipped: Xvfb is not installed");
            return None;
        };
        let mut line = String::new();
        let out = server.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut line).expect("Xvfb names its display");
        assert!(!line.trim().is_empty(), "Xvfb started no display");
        Some(Self { name: format!(":{}", line.trim()), _server: Kept(server) })
    }

    fn picture(&self) -> RgbImage {
        let shot = Command::new("import")
            .args(["-window", "root", "png:-"])
            .env("DISPLAY", &self.name)
            .output()
            .expect("import runs");
        image::load_from_memory(&shot.stdout).expect("a PNG").to_rgb8()
    }

    fn xdotool(&self, arguments: &[&str]) {
        let done = Command::new("xdotool").args(arguments).env("DISPLAY", &self.name).status();
        assert!(done.expect("xdotool runs").success(), "xdotool {arguments:?}");
    }

    /// Takes pictures until one is as wanted.
    fn wait_for(&self, what: &str, wanted: impl Fn(&RgbImage) -> bool) -> RgbImage {
        let started = Instant::now();
        loop {
            let picture = self.picture();
            if wanted(&picture) {
                return picture;
            }
            assert!(started.elapsed() < PATIENCE, "the window never showed {what}");
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

/// Waits until two pictures in a row are alike, so that what changes next is our doing.
fn settled(display: &Display) -> RgbImage {
    let last = std::cell::RefCell::new(display.picture());
    display.wait_for("a picture that stays", |picture| {
        difference(&last.replace(picture.clone()), picture) < 0.001
    })
}

fn colours(picture: &RgbImage) -> usize {
    picture.pixels().map(|pixel| pixel.0).collect::<HashSet<_>>().len()
}

/// The part of the pixels that differ.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    let differ = a.pixels().zip(b.pixels()).filter(|(a, b)| a != b).count();
    differ as f64 / a.pixels().len() as f64
}

fn scan(dataset: &Path, project: &Path, home: &Path) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_lenslet"))
        .args(["scan", "--json", "--project"])
        .args([project, dataset])
        .env("LENSLET_HOME", home)
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn a_real_window_shows_a_dataset_takes_clicks_and_survives_a_kill() {
    let Some(display) = Display::start() else { return };
    let home = tempfile::tempdir().expect("a folder");
    let options = DemoOptions { samples: 400, ..DemoOptions::new(home.path().join("demo")) };
    let dataset = write(&options, &Control::new()).expect("the demo is written").dataset;
    let project = home.path().join("project");
    let program = Command::new(env!("CARGO_BIN_EXE_lenslet"))
        .arg(&dataset)
        .arg("--project")
        .arg(&project)
        .env("LENSLET_HOME", home.path())
        .env("DISPLAY", &display.name)
        .env_remove("WAYLAND_DISPLAY")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let program = Kept(program);

    // Text and panels have some hundred colours; thumbnails have thousands.
    display.wait_for("thumbnails", |picture| colours(picture) > 3000);
    let full = settled(&display);
    // The list of classes in the sidebar: the first one filters.
    display.xdotool(&["mousemove", "80", "127", "click", "1"]);
    display.wait_for("the filtered grid", |picture| difference(picture, &full) > 0.05);

    drop(program);
    let report = scan(&dataset, &project, home.path());
    assert_eq!(report["samples"], 400, "a killed program leaves a project that opens");
}
